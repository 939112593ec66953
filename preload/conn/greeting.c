/* SPDX-License-Identifier: MIT */
#include "greeting.h"

#include <sys/uio.h>

#include "../os/arena.h"
#include "../os/mem.h"

bool greeting_is_over(const struct greeting *greeting)
{
	if (!greeting->turns || !greeting->complete)
		return false;
	unsigned kind = greeting->turn[greeting->turns - 1].kind;
	return kind != GREETING_METHOD && kind != GREETING_PASSWORD;
}

void greeting_reply_add(enum greeting_kind kind, struct greeting_reply *reply, char byte)
{
	if (reply->got < GREETING_REPLY_MIN)
		reply->start[reply->got] = byte;
	if (kind == GREETING_TUNNEL && !reply->got)
		tunnel_answer_begin(&reply->answer);
	if (kind == GREETING_TUNNEL)
		tunnel_answer_add(&reply->answer, byte);
	if (reply->got < UINT16_MAX)
		reply->got++;
}

/* By the kind of address: 4 bytes, a name with its length in front, 16 bytes; and the port. */
static size_t request_reply_len(const struct greeting_reply *reply)
{
	enum { HEAD = 4, PORT = 2, IPV4 = 1, NAME = 3, IPV6 = 4 };
	if (reply->got < GREETING_REPLY_MIN)
		return GREETING_REPLY_MIN;
	switch (reply->start[3]) {
	case IPV4:
		return HEAD + 4 + PORT;
	case NAME:
		return HEAD + 1 + (unsigned char)reply->start[4] + PORT;
	case IPV6:
		return HEAD + 16 + PORT;
	default:
		return 0;
	}
}

/* It ends with an empty line: so much at least is missing of it. */
static size_t tunnel_reply_len(const struct greeting_reply *reply)
{
	enum { LEN_MAX = 16384 };
	if (!reply->got)
		return TUNNEL_HEAD_END;
	if (reply->got > LEN_MAX || tunnel_is_refused(&reply->answer))
		return 0;
	if (tunnel_is_open(&reply->answer))
		return reply->got;
	return (size_t)reply->got + TUNNEL_HEAD_END - reply->answer.matched;
}

/* Version, or 0 in SOCKS 4 and 1 of RFC 1929, then how it went. */
static bool is_refusal(enum greeting_kind kind, const struct greeting_reply *reply)
{
	static const char versions[] = {[GREETING_SOCKS4] = 0,
					[GREETING_METHOD] = 5,
					[GREETING_PASSWORD] = 1,
					[GREETING_REQUEST] = 5};
	enum { GRANTED = 0x5a, NONE = 0, PASSWORD = 2 };
	if (reply->got && reply->start[0] != versions[kind])
		return true;
	if (reply->got < 2)
		return false;
	char said = reply->start[1];
	if (kind == GREETING_METHOD)
		return said != NONE && said != PASSWORD;
	return said != (kind == GREETING_SOCKS4 ? GRANTED : 0);
}

size_t greeting_reply_len(enum greeting_kind kind, const struct greeting_reply *reply)
{
	if (kind == GREETING_TUNNEL)
		return tunnel_reply_len(reply);
	if (is_refusal(kind, reply))
		return 0;
	if (kind == GREETING_REQUEST)
		return request_reply_len(reply);
	return kind == GREETING_SOCKS4 ? 8 : 2;
}

/* A new turn, which begins with this byte. */
static bool begin_turn(struct greeting *greeting, char first)
{
	enum { SOCKS4 = 4, SOCKS5 = 5, PASSWORD = 1 };
	struct greeting_turn *turn = &greeting->turn[greeting->turns];
	if (greeting->turns == GREETING_TURNS_MAX)
		return false;
	if (greeting->negotiated) {
		bool asked = greeting->reply.start[1] && turn[-1].kind == GREETING_METHOD;
		if (first != (asked ? PASSWORD : SOCKS5))
			return false;
		turn->kind = asked ? GREETING_PASSWORD : GREETING_REQUEST;
	} else if (first == SOCKS4 || first == SOCKS5) {
		turn->kind = first == SOCKS4 ? GREETING_SOCKS4 : GREETING_METHOD;
	} else if (first == TUNNEL_BEGINS[0]) {
		turn->kind = GREETING_TUNNEL;
	} else {
		return false;
	}
	turn->len = 0;
	greeting->turns++;
	greeting->complete = false;
	greeting->matched = 0;
	greeting->reply.got = 0;
	return true;
}

static struct greeting_turn *last_turn(struct greeting *greeting)
{
	return &greeting->turn[greeting->turns - 1];
}

/* Of a head not a byte may come behind its end, and then it must be one that can be sent again. */
static bool head_goes_on(struct greeting *greeting, const char *bytes, size_t len)
{
	const struct greeting_turn *turn = last_turn(greeting);
	for (size_t i = 0; i < len; i++) {
		if (greeting->matched == TUNNEL_HEAD_END)
			return false;
		greeting->matched = tunnel_head_end(greeting->matched, bytes[i]);
	}
	return greeting->matched < TUNNEL_HEAD_END ||
	       tunnel_may_be_repeated(greeting->bytes + greeting->len - turn->len, turn->len);
}

static bool add(struct greeting *greeting, const char *bytes, size_t len)
{
	struct greeting_turn *turn = last_turn(greeting);
	memcpy(greeting->bytes + greeting->len, bytes, len);
	greeting->len = (uint16_t)(greeting->len + len);
	turn->len = (uint16_t)(turn->len + len);
	return turn->kind != GREETING_TUNNEL || head_goes_on(greeting, bytes, len);
}

bool greeting_sent(struct greeting *greeting, const struct iovec *iov, int count, size_t len)
{
	bool begins = !greeting->turns || greeting->complete;
	if (!begins && greeting->reply.got)
		return false;
	if (len > (size_t)(greeting->room - greeting->len))
		return false;
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (!piece)
			continue;
		if (begins && !begin_turn(greeting, *(const char *)iov[i].iov_base))
			return false;
		begins = false;
		if (!add(greeting, iov[i].iov_base, piece))
			return false;
		len -= piece;
	}
	return true;
}

/* The proxy has said no, and may be asked once more: what counts is what it says yes to. */
static void start_over(struct greeting *greeting)
{
	greeting->turns--;
	greeting->len = (uint16_t)(greeting->len - greeting->turn[greeting->turns].len);
	greeting->complete = greeting->turns;
}

/* Of an answer that is no success all is read, to see whether the connection goes on. */
static bool take_refusal(struct greeting *greeting)
{
	const struct tunnel_answer *answer = &greeting->reply.answer;
	if (tunnel_may_be_asked_again(answer)) {
		start_over(greeting);
		return true;
	}
	return answer->result == HTTP1_MORE && answer->message.status >= 300;
}

static bool take(struct greeting *greeting, char byte)
{
	if (!greeting->turns || greeting->complete)
		return false;
	enum greeting_kind kind = last_turn(greeting)->kind;
	if (kind == GREETING_TUNNEL && greeting->matched < TUNNEL_HEAD_END)
		return false;
	greeting_reply_add(kind, &greeting->reply, byte);
	greeting->received++;
	size_t len = greeting_reply_len(kind, &greeting->reply);
	if (!len)
		return kind == GREETING_TUNNEL && take_refusal(greeting);
	greeting->complete = greeting->reply.got == len;
	if (greeting->complete)
		greeting->negotiated = kind == GREETING_METHOD || kind == GREETING_PASSWORD;
	return true;
}

bool greeting_received(struct greeting *greeting, const struct iovec *iov, int count, size_t len)
{
	for (int i = 0; i < count && len; i++) {
		const char *bytes = iov[i].iov_base;
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		for (size_t n = 0; n < piece; n++) {
			if (!take(greeting, bytes[n]))
				return false;
		}
		len -= piece;
	}
	return true;
}

/* Its first bytes lie in its own block, of a size of the arena's. */
static struct greeting *make(int class)
{
	enum { CLASS_MAX = 3 };
	struct greeting *greeting = class > CLASS_MAX ? NULL : arena_take(class);
	if (greeting)
		greeting->room = (uint16_t)(arena_usable(class) - offsetof(struct greeting, bytes));
	return greeting;
}

struct greeting *greeting_make(void)
{
	struct greeting *greeting = make(0);
	if (!greeting)
		return NULL;
	uint16_t room = greeting->room;
	memset(greeting, 0, offsetof(struct greeting, bytes));
	greeting->room = room;
	return greeting;
}

static int class_of(const struct greeting *greeting)
{
	return arena_class(offsetof(struct greeting, bytes) + greeting->room);
}

struct greeting *greeting_widen(struct greeting *greeting)
{
	struct greeting *wider = make(class_of(greeting) + 1);
	if (!wider)
		return NULL;
	uint16_t room = wider->room;
	memcpy(wider, greeting, offsetof(struct greeting, bytes) + greeting->len);
	wider->room = room;
	greeting_drop(greeting);
	return wider;
}

void greeting_drop(struct greeting *greeting)
{
	if (greeting)
		arena_give(greeting, class_of(greeting));
}
