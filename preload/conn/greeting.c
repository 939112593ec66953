/* SPDX-License-Identifier: MIT */
#include "greeting.h"

#include <sys/uio.h>

#include "../os/mem.h"

bool greeting_is_over(const struct greeting *greeting)
{
	if (!greeting->turns || !greeting->complete)
		return false;
	unsigned kind = greeting->turn[greeting->turns - 1].kind;
	return kind == GREETING_SOCKS4 || kind == GREETING_REQUEST;
}

void greeting_reply_add(struct greeting_reply *reply, char byte)
{
	if (reply->got < GREETING_REPLY_MIN)
		reply->start[reply->got] = byte;
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
	} else {
		return false;
	}
	turn->len = 0;
	greeting->turns++;
	greeting->complete = false;
	greeting->reply.got = 0;
	return true;
}

bool greeting_sent(struct greeting *greeting, const struct iovec *iov, int count, size_t len)
{
	bool begins = !greeting->turns || greeting->complete;
	if (!begins && greeting->reply.got)
		return false;
	if (len > sizeof(greeting->bytes) - greeting->len)
		return false;
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (!piece)
			continue;
		if (begins && !begin_turn(greeting, *(const char *)iov[i].iov_base))
			return false;
		begins = false;
		memcpy(greeting->bytes + greeting->len, iov[i].iov_base, piece);
		greeting->len = (uint16_t)(greeting->len + piece);
		struct greeting_turn *turn = &greeting->turn[greeting->turns - 1];
		turn->len = (uint16_t)(turn->len + piece);
		len -= piece;
	}
	return true;
}

static bool take(struct greeting *greeting, char byte)
{
	enum greeting_kind kind = greeting->turn[greeting->turns - 1].kind;
	if (greeting->complete)
		return false;
	greeting_reply_add(&greeting->reply, byte);
	greeting->received++;
	size_t len = greeting_reply_len(kind, &greeting->reply);
	greeting->complete = greeting->reply.got == len;
	if (greeting->complete)
		greeting->negotiated = kind == GREETING_METHOD || kind == GREETING_PASSWORD;
	return len;
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
