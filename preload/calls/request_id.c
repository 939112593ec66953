/* SPDX-License-Identifier: MIT */
#include "request_id.h"

#include <errno.h>
#include <stddef.h>

#include "../conn/own.h"
#include "../wire/socket.h"
#include "bytes.h"
#include "../conn/request_id.h"
#include "../os/mem.h"
#include "../os/real.h"

enum {
	PIECES_MAX = 32, /* of a call that is widened: more than any program gives to a head */
	HEAD_MAX = 2048, /* of a head that lies in several pieces */
};

/* A call that is made for one of the program's. */
struct made {
	struct write_call call; /* the first: its address is this struct's */
	const struct write_call *own;
	size_t at;	 /* where the header is in it */
	size_t len;	 /* 0: there is none, and `own` is made as it is */
	uint64_t cookie; /* of the connection's socket that the call was made on */
	bool passed_on;	 /* the program's call was made after all, as it is */
	bool rest_kept;
	struct iovec pieces[PIECES_MAX + 2];
	char header[REQUEST_ID_MAX];
};

static struct made *made_of(const struct write_call *call)
{
	return (struct made *)call;
}

const struct write_call *request_id_own(const struct write_call *call)
{
	return request_id_is_made(call) ? made_of(call)->own : call;
}

static ssize_t plain(const struct write_call *call, int fd)
{
	struct made *made = made_of(call);
	made->passed_on = true;
	return made->own->plain(made->own, fd);
}

ssize_t request_id_quiet(const struct write_call *call, int fd)
{
	const struct made *made = made_of(call);
	if (!made->len)
		return made->own->quiet(made->own, fd);
	struct msghdr message = {
	    .msg_iov = (struct iovec *)call->iov,
	    .msg_iovlen = (size_t)call->count,
	};
	return real.sendmsg(fd, &message, call->flags | MSG_NOSIGNAL);
}

/* The call's first bytes in one piece, as far as they matter. */
static const char *gather(const struct write_call *call, char room[HEAD_MAX], size_t *len)
{
	size_t head_len;
	int first = 0;
	while (first < call->count && !call->iov[first].iov_len)
		first++;
	*len = call->iov[first].iov_len;
	if (bytes_are_known(&call->iov[first], 1, *len) &&
	    (first + 1 >= call->count ||
	     request_id_place(call->iov[first].iov_base, *len, &head_len)))
		return call->iov[first].iov_base;
	*len = bytes_copy(room, HEAD_MAX, call->iov + first, call->count - first);
	return room;
}

/* Where the request that begins with this call is to have a header; 0 for nowhere. */
static size_t place_for_id(const struct conn *conn, const struct write_call *call)
{
	char room[HEAD_MAX];
	size_t len;
	if (conn_is_writing(conn) || call->count > PIECES_MAX)
		return 0;
	const char *bytes = gather(call, room, &len);
	return request_id_wanted_at(conn, bytes, len);
}

/* The program's pieces, with the header in between. */
static void widen(struct made *made)
{
	const struct write_call *own = made->own;
	size_t before = made->at; /* bytes of the program's that come before it */
	int count = 0, i = 0;
	for (; own->iov[i].iov_len < before; i++) {
		before -= own->iov[i].iov_len;
		made->pieces[count++] = own->iov[i];
	}
	struct iovec cut = own->iov[i++];
	made->pieces[count++] = (struct iovec){cut.iov_base, before};
	made->pieces[count++] = (struct iovec){made->header, made->len};
	made->pieces[count++] = (struct iovec){(char *)cut.iov_base + before, cut.iov_len - before};
	while (i < own->count)
		made->pieces[count++] = own->iov[i++];
	made->call.iov = made->pieces;
	made->call.count = count;
}

/*
 * The rest of a header that no copy is held of: with as much room as it takes, for half a header
 * must not run into what the program sends next. Then better nothing follows.
 */
static void send_rest(const struct made *made, size_t taken)
{
	int socket = conn_own_dup_of(made->call.fd, made->cookie);
	const char *rest = made->header + (taken - made->at);
	size_t len = made->len - (taken - made->at);
	if (socket < 0)
		return;
	int half = wire_widen(socket, len);
	if (wire_send(socket, rest, len) != (long)len)
		sys2(shutdown, socket, SHUT_RDWR);
	wire_narrow(socket, half);
	conn_own_close(socket);
}

void request_id_note_socket(const struct conn *conn, const struct write_call *call)
{
	if (request_id_is_made(call))
		made_of(call)->cookie = conn->cookie;
}

void request_id_keep_rest(struct conn *conn, const struct write_call *call, size_t taken)
{
	if (!request_id_is_made(call))
		return;
	struct made *made = made_of(call);
	if (taken <= made->at || taken >= made->at + made->len || conn->flags & CONN_UNHELD)
		return;
	size_t done = taken - made->at;
	struct iovec rest = {made->header + done, made->len - done};
	if (!conn_record(conn, &rest, 1, rest.iov_len) || conn->flags & CONN_UNHELD)
		return;
	conn->unsent += (uint32_t)rest.iov_len;
	made->rest_kept = true;
}

ssize_t request_id_write(struct conn *conn, const struct write_call *call)
{
	struct made made;
	made.call = *call;
	made.call.plain = plain;
	made.call.quiet = request_id_quiet;
	made.own = call;
	made.at = made.len = 0;
	made.passed_on = made.rest_kept = false;
	if (conn_lock(conn, call->fd)) {
		made.cookie = conn->cookie;
		made.at = place_for_id(conn, call);
		if (made.at)
			made.len = request_id_header(conn->cookie, made.header);
		conn_unlock(conn);
	}
	if (made.len)
		widen(&made);
	ssize_t result = call_write(conn, &made.call);
	if (result <= (ssize_t)made.at || !made.len || made.passed_on)
		return result;
	size_t taken = (size_t)result;
	if (taken >= made.at + made.len)
		return result - (ssize_t)made.len;
	if (!made.rest_kept)
		send_rest(&made, taken);
	return (ssize_t)made.at;
}
