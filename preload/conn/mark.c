/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include "../wire/socket.h"
#include "../os/mem.h"

/*
 * The names of all policies that the process has had: a request may go out in part by one, and the
 * rest when another is in force. They stay where they are.
 */
static const char *known[15];

/* 1 + the name's place; 0 if there is no room for another. */
static unsigned place_of(const char *name)
{
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *there = NULL;
		if (__atomic_compare_exchange_n(&known[i], &there, name, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE) ||
		    text_equal(there, name))
			return i + 1;
	}
	return 0;
}

static uint32_t header_text(const struct conn_request *request, char text[MARK_MAX])
{
	const char *name = __atomic_load_n(&known[request->header - 1], __ATOMIC_ACQUIRE);
	size_t len = text_len(name, POLICY_HEADER_MAX);
	memcpy(text, name, len);
	text[len++] = ':';
	text[len++] = ' ';
	if (request->attempt >= 10)
		text[len++] = (char)('0' + request->attempt / 10);
	text[len++] = (char)('0' + request->attempt % 10);
	text[len++] = '\r';
	text[len++] = '\n';
	return (uint32_t)len;
}

void mark_attempt(struct conn *conn, uint32_t attempt)
{
	for (int i = 0; i < conn->request_count; i++) {
		conn->exchange->requests[i].attempt = attempt & 15;
		conn->exchange->requests[i].header = 0;
		conn->exchange->requests[i].marked = 0;
	}
}

uint32_t mark_repeats(const struct conn *conn)
{
	uint32_t most = 1;
	for (int i = 0; i < conn->request_count; i++)
		most = conn->exchange->requests[i].attempt > most
			   ? conn->exchange->requests[i].attempt
			   : most;
	return most - 1;
}

static bool has_whole_head(const struct conn *conn, const struct conn_request *request)
{
	return request->complete || conn->exchange->request.flags & HTTP1_HEAD_DONE;
}

void mark_choose(struct conn *conn, const struct policy *policy, uint32_t header)
{
	const char *head = conn->held;
	const char *name = header ? policy->names[header - 1] : NULL;
	unsigned place = name && conn->held_len ? place_of(name) : 0;
	if (!place)
		return;
	for (int i = 0; i < conn->request_count; i++) {
		struct conn_request *request = &conn->exchange->requests[i];
		if (request->attempt > 1 && has_whole_head(conn, request) &&
		    !http1_head_has(head, request->len, name))
			request->header = place & 15;
		head += request->len;
	}
}

/* Where the header of a request that starts at `start` goes. */
static uint32_t behind_request_line(const struct conn *conn, uint32_t start)
{
	while (conn->held[start] != '\n')
		start++;
	return start + 1;
}

/*
 * The first request from `from` on of whose header something is still to be sent, and where that
 * goes; NULL if there is none.
 */
static struct conn_request *next_marked(const struct conn *conn, uint32_t from, uint32_t *place,
					uint32_t *end)
{
	uint32_t start = 0;
	for (int i = 0; i < conn->request_count; i++) {
		const struct conn_request *request = &conn->exchange->requests[i];
		*end = start + request->len;
		if (request->header && from < *end) {
			*place = behind_request_line(conn, start);
			if (from <= *place)
				return (struct conn_request *)request;
		}
		start = *end;
	}
	return NULL;
}

int mark_pieces(const struct conn *conn, uint32_t from, uint32_t to, char text[MARK_MAX],
		struct iovec pieces[MARK_PIECES])
{
	uint32_t place, end;
	const struct conn_request *request = next_marked(conn, from, &place, &end);
	if (!request || place >= to) {
		pieces[0] = (struct iovec){conn->held + from, to - from};
		return 1;
	}
	uint32_t len = header_text(request, text);
	pieces[0] = (struct iovec){conn->held + from, place - from};
	pieces[1] = (struct iovec){text + request->marked, len - request->marked};
	pieces[2] = (struct iovec){conn->held + place, (end < to ? end : to) - place};
	return MARK_PIECES;
}

uint32_t mark_taken(struct conn *conn, uint32_t from, size_t taken)
{
	uint32_t place, end;
	char text[MARK_MAX];
	struct conn_request *request = next_marked(conn, from, &place, &end);
	if (!request || from + taken <= place)
		return from + (uint32_t)taken;
	uint32_t left = header_text(request, text) - request->marked;
	taken -= place - from;
	if (taken < left)
		left = (uint32_t)taken;
	request->marked = (uint8_t)(request->marked + left);
	return place + (uint32_t)taken - left;
}

long mark_send(struct conn *conn, int fd, uint32_t from, uint32_t to)
{
	char text[MARK_MAX];
	struct iovec pieces[MARK_PIECES];
	int count = mark_pieces(conn, from, to, text, pieces);
	long taken = count == 1 ? wire_send(fd, pieces[0].iov_base, pieces[0].iov_len)
				: wire_send_pieces(fd, pieces, count);
	return taken < 0 ? taken : (long)(mark_taken(conn, from, (size_t)taken) - from);
}
