/* SPDX-License-Identifier: MIT */
#include "write.h"

#include <errno.h>

#include "../../policy/redact.h"
#include "../os/mem.h"
#include "fault.h"
#include "secured.h"
#include "start.h"

/* Of a request's first write, so much is looked at for its head. */
enum { HEAD_MAX = 4096 };

struct head {
	size_t len;
	char text[HEAD_MAX];
};

static void copy_head(struct head *head, const struct writing *writing)
{
	head->len = 0;
	for (int i = 0; i < writing->count && head->len < HEAD_MAX; i++) {
		size_t room = HEAD_MAX - head->len;
		size_t len = writing->iov[i].iov_len < room ? writing->iov[i].iov_len : room;
		if (len)
			memcpy(head->text + head->len, writing->iov[i].iov_base, len);
		head->len += len;
	}
}

static void copy_text(char *to, size_t room, const char *from, size_t len)
{
	len = len < room - 1 ? len : room - 1;
	if (len)
		memcpy(to, from, len);
	to[len] = '\0';
}

/* What the log has of it, as redial's own lines have it. */
static void identify(struct seat *seat, const struct head *head)
{
	struct http1_text host = http1_head_value(head->text, head->len, "host");
	struct http1_text target = http1_head_target(head->text, head->len);
	const char *method = method_name(seat->request.method);
	size_t skip = redact_host(host.text, host.len);
	copy_text(seat->method, sizeof(seat->method), method, text_len(method, 15));
	copy_text(seat->host, sizeof(seat->host), host.text + skip, host.len - skip);
	seat->path[0] = '\0';
	if (target.len)
		redact_path(rehearsal.policy, target.text, target.len, seat->path,
			    sizeof(seat->path));
}

/*
 * Feeds the request len bytes of the pieces. HTTP1_DONE: it ends with the last of them; what goes
 * on behind its end cannot be told apart later, and is HTTP1_BAD.
 */
static enum http1_result feed(struct http1 *request, const struct writing *writing, size_t len)
{
	enum http1_result result = HTTP1_MORE;
	for (int i = 0; i < writing->count && len; i++) {
		size_t piece = writing->iov[i].iov_len < len ? writing->iov[i].iov_len : len, used;
		if (!piece)
			continue;
		if (result != HTTP1_MORE)
			return HTTP1_BAD;
		result = http1_feed(request, writing->iov[i].iov_base, piece, &used);
		if (result == HTTP1_DONE && used < piece)
			return HTTP1_BAD;
		len -= piece;
	}
	return result;
}

/* The answer is what comes next. */
static void await(struct seat *seat)
{
	seat->writing = false;
	seat->waiting = true;
	http1_response(&seat->answer, seat->request.method);
}

/* The request's first bytes are about to go out: may they meet with something? */
static void take_chance(struct seat *seat, struct writing *writing, const struct head *head)
{
	unsigned turn;
	bool whole = seat->request.flags & HTTP1_HEAD_DONE && seat->request.head_len <= head->len;
	__atomic_add_fetch(&rehearsal.plan->requests, 1, __ATOMIC_RELAXED);
	seat->planned = 0;
	if (!seat->answers)
		return;
	__atomic_add_fetch(&rehearsal.plan->reused, 1, __ATOMIC_RELAXED);
	uint32_t possible = whole ? fault_possible(seat, head->text, seat->request.head_len) : 0;
	int fault = fault_choose(FAULTS_OF_REQUESTS, possible, &turn);
	if (fault == NO_FAULT)
		return;
	if (fault != FAULT_STALE) {
		seat->planned = (uint8_t)(fault + 1);
		seat->due = (uint8_t)turn;
		return;
	}
	fault_end(writing->fd);
	fault_tell(FAULT_STALE, seat, writing->fd);
	seat->answers = 0;
	seat->blind = true;
}

/* The request is about to be out whole: from here on no answer may come in. */
static void arm(struct seat *seat, struct writing *writing)
{
	if (fault_answered(writing->fd) || !fault_deafen(writing->fd)) {
		fault_put_off(seat->due);
		seat->planned = 0;
		return;
	}
	writing->armed = true;
}

/*
 * Another request begins, and of the last one's answer we have not seen the end. What redial reads
 * for itself, in a rescue or with a time limit, passes us by.
 */
static bool was_answered(const struct seat *seat, int fd)
{
	return seat->blind || (seat_received(fd) > seat->received && !fault_answered(fd));
}

static void write_http(struct seat *seat, struct writing *writing)
{
	if (seat->waiting && !was_answered(seat, writing->fd)) { /* pipelining */
		seat->state = SEAT_EMPTY;
		return;
	}
	if (seat->waiting) {
		seat->waiting = false;
		seat->answers++;
	}
	bool begins = !seat->writing;
	seat->blind = seat->blind && !begins;
	if (begins) {
		http1_request(&seat->request);
		seat->received = seat_received(writing->fd);
	}
	writing->was = seat->request;
	writing->was_writing = seat->writing;
	enum http1_result result = feed(&seat->request, writing, writing->len);
	if (result != HTTP1_MORE && result != HTTP1_DONE) {
		seat->state = SEAT_EMPTY;
		return;
	}
	writing->followed = true;
	seat->writing = true;
	if (begins) {
		struct head head;
		copy_head(&head, writing);
		identify(seat, &head);
		take_chance(seat, writing, &head);
	}
	if (result == HTTP1_DONE && seat->planned)
		arm(seat, writing);
	if (result == HTTP1_DONE)
		await(seat);
}

static size_t total(const struct writing *writing)
{
	size_t len = 0;
	for (int i = 0; i < writing->count; i++)
		len += writing->iov[i].iov_len;
	return len;
}

void write_begins(struct writing *writing)
{
	writing->followed = writing->armed = false;
	struct seat *seat = seat_take(writing->fd);
	if (!seat)
		return;
	int i = 0;
	while (i < writing->count && !writing->iov[i].iov_len)
		i++;
	writing->len = total(writing);
	if (i < writing->count) {
		const char *bytes = writing->iov[i].iov_base;
		size_t len = writing->iov[i].iov_len;
		if (seat->state == SEAT_NEW && !secured_begins(seat, bytes, len))
			seat->state = SEAT_HTTP;
		if (seat->state == SEAT_SECURED)
			secured_writes(seat, writing->fd, bytes, len);
		else if (seat->state == SEAT_HTTP)
			write_http(seat, writing);
	}
	seat_leave(seat);
}

/* The whole request is out: what was planned for it happens. */
static void make_planned(struct seat *seat, const struct writing *writing)
{
	enum fault fault = (enum fault)(seat->planned - 1);
	seat->planned = 0;
	seat->answers = 0;
	seat->blind = true;
	if (fault != FAULT_SILENT) {
		fault_end(writing->fd);
		fault_hear(writing->fd);
		seat->cookie = seat_cookie(writing->fd);
		seat->told = (uint8_t)(fault + 1);
	}
	fault_tell(fault, seat, writing->fd);
}

/* Only so many bytes were taken: the request is as far as that. */
static void roll_back(struct seat *seat, const struct writing *writing, size_t taken)
{
	seat->request = writing->was;
	seat->waiting = false;
	seat->writing = writing->was_writing || taken;
	if (feed(&seat->request, writing, taken) != HTTP1_MORE && taken)
		seat->state = SEAT_EMPTY;
}

void write_ends(struct writing *writing, ssize_t result)
{
	struct seat *seat = writing->followed ? seat_take(writing->fd) : NULL;
	bool whole = result == (ssize_t)writing->len;
	if (!seat) {
		if (writing->armed)
			fault_hear(writing->fd);
		return;
	}
	if (writing->armed && whole) {
		make_planned(seat, writing);
	} else if (writing->armed) {
		fault_hear(writing->fd);
		fault_put_off(seat->due);
		seat->planned = 0;
	}
	/* What a dead connection did not take, redial may have sent on another one. */
	int error = result < 0 ? errno : 0;
	if (error == EPIPE || error == ECONNRESET)
		seat->answers = 0;
	else if (!whole)
		roll_back(seat, writing, result < 0 ? 0 : (size_t)result);
	seat_leave(seat);
}
