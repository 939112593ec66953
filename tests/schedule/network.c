/* SPDX-License-Identifier: MIT */
/* What comes over a wire and changes the program's end of it. */
#include <errno.h>

#include "kernel.h"
#include "trace.h"
#include "wire.h"

void wire_up(struct wire *wire)
{
	struct object *socket = wire->socket;
	trace("wire %u is up", wire->id);
	wire->was_up = true;
	if (!socket)
		return;
	socket->tcp.state = TCP_UP;
	poll_wake(socket, EPOLLOUT);
}

static void die(struct object *socket, int error)
{
	socket->tcp.state = TCP_DEAD;
	socket->tcp.error = error;
	socket->tcp.shut_read = socket->tcp.shut_write = true;
	poll_wake(socket, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
}

void wire_refuse(struct wire *wire, int error)
{
	wire->gone |= !wire->up_ended && !wire->up_reset;
	trace("wire %u does not come up: error %d", wire->id, error);
	if (wire->socket)
		die(wire->socket, error);
}

void wire_fin(struct wire *wire)
{
	struct object *socket = wire->socket;
	wire->gone |= !wire->up_ended && !wire->up_reset;
	trace("wire %u: end of stream from server %d", wire->id, wire->server);
	if (!socket || socket->tcp.fin || socket->tcp.state != TCP_UP)
		return;
	socket->tcp.fin = true;
	socket->tcp.received++;
	socket->tcp.shut_read = true;
	poll_wake(socket, EPOLLIN | EPOLLRDHUP | (socket->tcp.shut_write ? EPOLLHUP : 0u));
}

void wire_reset(struct wire *wire)
{
	struct object *socket = wire->socket;
	wire->gone |= !wire->up_ended && !wire->up_reset;
	trace("wire %u: reset from server %d", wire->id, wire->server);
	if (socket && socket->tcp.state == TCP_UP)
		die(socket, socket->tcp.fin ? EPIPE : ECONNRESET);
}

void wire_deliver(struct wire *wire, uint32_t len)
{
	struct object *socket = wire->socket;
	const char *bytes = wire->down.at + wire->down_sent;
	trace("wire %u: server %d sends %u: %s", wire->id, wire->server, len,
	      trace_bytes(bytes, len));
	if (!socket || socket->tcp.state != TCP_UP)
		return;
	wire->down_sent += len;
	socket->tcp.received += len;
	poll_wake(socket, EPOLLIN);
}
