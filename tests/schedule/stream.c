/* SPDX-License-Identifier: MIT */
/* What a stream socket sends and receives, and the errors that it tells, as tcp(7) does. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "draw.h"
#include "judge.h"
#include "kernel.h"
#include "thread.h"
#include "trace.h"
#include "wire.h"

uint32_t socket_unread(const struct object *thing)
{
	const struct wire *wire = thing->tcp.wire;
	return wire ? wire->down_sent - wire->down_read : 0;
}

uint32_t socket_room(const struct object *thing)
{
	const struct wire *wire = thing->tcp.wire;
	uint32_t waiting = wire ? wire->up.len - wire->up_read : 0;
	return waiting < thing->tcp.room ? thing->tcp.room - waiting : 0;
}

static uint32_t low_water(const struct object *thing)
{
	const struct tcp_socket *tcp = &thing->tcp;
	for (uint32_t i = 0; i < tcp->option_count; i++) {
		uint32_t value;
		memcpy(&value, tcp->options[i].value, sizeof(value));
		if (tcp->options[i].level == SOL_SOCKET && tcp->options[i].name == SO_RCVLOWAT)
			return value ?: 1;
	}
	return 1;
}

static bool can_send(void *arg)
{
	const struct object *thing = arg;
	const struct tcp_socket *tcp = &thing->tcp;
	return tcp->error || tcp->shut_write || (tcp->state == TCP_UP && socket_room(thing)) ||
	       tcp->state == TCP_DEAD || tcp->state == TCP_FRESH;
}

static bool has_come(const struct object *thing, uint32_t least)
{
	const struct tcp_socket *tcp = &thing->tcp;
	return socket_unread(thing) >= least || tcp->error || tcp->shut_read || tcp->fin ||
	       tcp->state == TCP_DEAD || tcp->state == TCP_FRESH;
}

static bool can_receive(void *arg)
{
	return has_come(arg, 1);
}

static bool has_enough(void *arg)
{
	return has_come(arg, low_water(arg));
}

static bool may_wait(const struct object *thing, const struct data *data)
{
	return !(thing->flags & O_NONBLOCK) && !(data->flags & MSG_DONTWAIT);
}

static int take_error(struct object *thing)
{
	int error = thing->tcp.error;
	thing->tcp.error = 0;
	return error;
}

/* As sk_stream_error: EPIPE comes with a signal, and only where no other error waits. */
static long send_error(struct object *thing, const struct data *data)
{
	int error = take_error(thing) ?: EPIPE;
	if (error == EPIPE && !(data->flags & MSG_NOSIGNAL)) {
		thread_current->call.sigpipes++;
		trace("  SIGPIPE");
	}
	return -error;
}

static size_t take(struct object *thing, const struct data *data, size_t from)
{
	struct wire *wire = thing->tcp.wire;
	size_t taken = 0;
	for (size_t i = 0; i < data->count; i++) {
		const struct iovec *iov = &data->iov[i];
		if (from >= iov->iov_len) {
			from -= iov->iov_len;
			continue;
		}
		size_t room = socket_room(thing);
		size_t piece = iov->iov_len - from < room ? iov->iov_len - from : room;
		const char *bytes = (const char *)iov->iov_base + from;
		if (!piece)
			break;
		bytes_add(&wire->up, bytes, (uint32_t)piece);
		trace("  wire %u <- %zu: %s", wire->id, piece, trace_bytes(bytes, piece));
		judge_sent(wire, bytes, piece);
		taken += piece;
		if (piece < iov->iov_len - from)
			break;
		from = 0;
	}
	if (taken)
		wire_sent(wire);
	return taken;
}

static long await_room(struct object *thing, const struct data *data, uint64_t limit)
{
	if (!may_wait(thing, data))
		return -EAGAIN;
	switch (thread_wait(can_send, thing, limit, true)) {
	case WOKEN:
		return 0;
	case TIMED_OUT:
		return -EAGAIN;
	default:
		/* A handler of the program's returns to the call if it is SA_RESTART. */
		return world.set.restarts && limit == NEVER ? 0 : -EINTR;
	}
}

long socket_send(struct object *thing, const struct data *data)
{
	struct tcp_socket *tcp = &thing->tcp;
	uint64_t limit = socket_limit_ns(thing, SO_SNDTIMEO);
	size_t len = 0, sent = 0;
	long error = fault("send", ENOBUFS, ENOMEM);
	for (size_t i = 0; i < data->count; i++)
		len += data->iov[i].iov_len;
	for (;;) {
		if (error)
			break;
		if (tcp->error || tcp->shut_write || tcp->state == TCP_FRESH ||
		    tcp->state == TCP_DEAD) {
			error = sent ? 0 : send_error(thing, data);
			break;
		}
		if (tcp->state == TCP_UP)
			sent += take(thing, data, sent);
		if (sent == len)
			break;
		error = await_room(thing, data, limit);
	}
	if (sent)
		trace("  wire %u takes %zu of %zu", tcp->wire->id, sent, len);
	return sent ? (long)sent : error;
}

static size_t give(struct object *thing, const struct data *data, size_t done)
{
	struct wire *wire = thing->tcp.wire;
	uint32_t at = wire->down_read;
	size_t given = 0;
	for (size_t i = 0; i < data->count; i++) {
		const struct iovec *iov = &data->iov[i];
		if (done >= iov->iov_len) {
			done -= iov->iov_len;
			continue;
		}
		uint32_t left = wire->down_sent - at;
		size_t piece = iov->iov_len - done < left ? iov->iov_len - done : left;
		if (piece && !(data->flags & MSG_TRUNC))
			memcpy((char *)iov->iov_base + done, wire->down.at + at, piece);
		at += (uint32_t)piece;
		given += piece;
		done = 0;
	}
	if (!(data->flags & MSG_PEEK))
		wire->down_read = at;
	return given;
}

/* There is nothing to give. 0 once the end is to be told, 1: go on waiting. */
static long at_end(struct object *thing)
{
	struct tcp_socket *tcp = &thing->tcp;
	if (tcp->fin)
		return 0;
	if (tcp->error)
		return -take_error(thing);
	if (tcp->shut_read || tcp->state == TCP_DEAD)
		return 0;
	return tcp->state == TCP_FRESH ? -ENOTCONN : 1;
}

static long await_bytes(struct object *thing, const struct data *data, uint64_t limit)
{
	if (!may_wait(thing, data))
		return -EAGAIN;
	bool some = socket_unread(thing) == 0 && low_water(thing) == 1;
	switch (thread_wait(some ? can_receive : has_enough, thing, limit, true)) {
	case WOKEN:
		return 1;
	case TIMED_OUT:
		return -EAGAIN;
	default:
		return world.set.restarts && limit == NEVER ? 1 : -EINTR;
	}
}

long socket_receive(struct object *thing, const struct data *data)
{
	uint64_t limit = socket_limit_ns(thing, SO_RCVTIMEO);
	bool all = data->flags & MSG_WAITALL && !(data->flags & MSG_PEEK);
	size_t len = 0, got = 0;
	long result = 0;
	for (size_t i = 0; i < data->count; i++)
		len += data->iov[i].iov_len;
	if (!len && socket_unread(thing))
		return 0;
	for (;;) {
		if (socket_unread(thing) && (has_enough(thing) || !may_wait(thing, data)))
			got += give(thing, data, got);
		if (got && (got == len || !all || has_come(thing, UINT32_MAX)))
			break;
		result = got ? 1 : at_end(thing);
		if (result == 1)
			result = await_bytes(thing, data, limit);
		if (result < 1)
			break;
	}
	if (got)
		trace("  wire %u gives %zu", thing->tcp.wire->id, got);
	return got ? (long)got : result;
}
