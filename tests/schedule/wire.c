/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include <errno.h>

#include "draw.h"
#include "judge.h"
#include "kernel.h"
#include "thread.h"
#include "trace.h"

struct wire *wire_dial(int server, struct object *socket, bool waits)
{
	if (world.wire_count == WIRES_MAX)
		judge_fail("endless", "a peer is dialed again and again: %d times", WIRES_MAX);
	struct wire *wire = world_alloc(sizeof(*wire));
	world.wires[world.wire_count++] = wire;
	*wire = (struct wire){.id = world.wire_count,
			      .server = server,
			      .socket = socket,
			      .idle_end_ns = NEVER,
			      .reset_ns = NEVER,
			      .next_ns = world.now_ns};
	wire->own = thread_current->call.dials;
	if (wire->own)
		wire->link = thread_current->call.link;
	socket->tcp.wire = wire;
	/* A new connection is not to be had, at the moment that it is wanted for an idle one. */
	uint32_t trouble = world.set.trouble * (world.set.theme == THEME_IDLE ? 2 : 1);
	if (world.ending || world.wire_count < 2 || !draw_chance(trouble)) {
		if (draw(4) == 3)
			wire->next_ns = in_ms(DRAW_OF(1, 30));
	} else if (draw(3)) {
		wire->refusal = draw(4) ? ECONNREFUSED : EHOSTUNREACH;
		wire->next_ns = in_ms(DRAW_OF(0, 0, 1, 60));
	} else { /* its first packets are lost, or all of them */
		wire->refusal = draw(2) ? ETIMEDOUT : 0;
		wire->next_ns = in_ms(wire->refusal ? 127000 : DRAW_OF(1000, 3000));
	}
	/* Over loopback all is settled before connect returns. */
	if (!waits && wire->next_ns == world.now_ns && draw(2))
		wire_act(wire);
	return wire;
}

static bool has_unread(const struct wire *wire)
{
	return wire->up_read < wire->up.len && world.now_ns >= wire->stalled_ns;
}

/* The program's side has closed it, and there is nothing left to do for it. */
static bool is_left(const struct wire *wire)
{
	return wire->up_reset || (wire->up_ended && wire->up_read == wire->up.len);
}

bool wire_is_ready(const struct wire *wire)
{
	if (wire->reset_ns <= world.now_ns)
		return true;
	switch (wire->serving) {
	case SERVES_DIALING:
		return wire->next_ns <= world.now_ns;
	case SERVES_ANSWERING:
		return wire->next_ns <= world.now_ns;
	case SERVES_READING:
	case SERVES_NOTHING:
		return has_unread(wire) || wire->idle_end_ns <= world.now_ns || is_left(wire);
	default:
		return false;
	}
}

uint64_t wire_when(const struct wire *wire)
{
	uint64_t when = wire->reset_ns;
	bool acts = wire->serving == SERVES_DIALING || wire->serving == SERVES_ANSWERING;
	bool reads = wire->serving == SERVES_READING || wire->serving == SERVES_NOTHING;
	if (acts && wire->next_ns < when)
		when = wire->next_ns;
	if (reads && wire->idle_end_ns < when)
		when = wire->idle_end_ns;
	if (reads && wire->up_read < wire->up.len && wire->stalled_ns < when)
		when = wire->stalled_ns;
	return when;
}

bool wire_is_silent(const struct wire *wire)
{
	bool stalled = wire->stalled_ns == NEVER && wire->serving == SERVES_READING;
	return stalled || wire->serving == SERVES_DIALING || wire->serving == SERVES_NOTHING;
}

bool wire_end_silent(void)
{
	bool any = false;
	for (uint32_t i = 0; i < world.wire_count; i++) {
		struct wire *wire = world.wires[i];
		bool is_lost = wire->serving != SERVES_ENDED &&
			       (!wire->link || wire->link->raced || link_unfinished(wire->link));
		if (!wire_is_silent(wire) && !is_lost)
			continue;
		any = true;
		if (wire->serving == SERVES_DIALING) { /* who waits in connect hears of it */
			wire->refusal = ETIMEDOUT;
			wire->next_ns = world.now_ns;
			continue;
		}
		wire->serving = SERVES_ENDED;
		wire_reset(wire);
	}
	return any;
}

void wire_sent(struct wire *wire)
{
	/* The answer to what nobody takes any more. */
	if (wire->serving == SERVES_ENDED && !wire->half && wire->reset_ns == NEVER)
		wire->reset_ns = in_ms(DRAW_OF(0, 0, 1));
}

void wire_closed(struct wire *wire, bool reset)
{
	wire->up_ended = true;
	wire->up_reset |= reset;
	wire->let_go |= wire->link && !wire->link->closing;
	trace("  wire %u is closed by the program's side%s", wire->id, reset ? ", reset" : "");
	if (wire->serving == SERVES_DIALING)
		wire->serving = SERVES_ENDED;
}

void wire_shut(struct wire *wire)
{
	wire->up_ended = true;
	trace("  wire %u: end of stream to server %d", wire->id, wire->server);
}

static void end(struct wire *wire, int how)
{
	wire->idle_end_ns = NEVER;
	if (how == END_408) {
		const struct segment *segment = answer_408(wire);
		wire_deliver(wire, segment->to - segment->from);
		how = END_FIN;
	}
	/* To close with bytes unread is to reset (RFC 2525 section 2.17). */
	bool unread = wire->up_read < wire->up.len;
	if (how == END_RESET || (how == END_FIN && unread)) {
		wire->serving = SERVES_ENDED;
		wire_reset(wire);
		return;
	}
	wire->half = how == END_HALF;
	wire->serving = wire->half ? SERVES_NOTHING : SERVES_ENDED;
	wire_fin(wire);
}

/* After an answer, or none: how long the connection stays. */
static void be_idle(struct wire *wire)
{
	wire->serving = SERVES_READING;
	wire->early = false;
	if (wire->ends_after) {
		end(wire, wire->end);
	} else if (draw_chance(wire->answered ? 2 * world.set.trouble : world.set.trouble)) {
		wire->idle_end_ns = in_ms(DRAW_OF(0, 1, 20, 50, 300));
		wire->end = (int)DRAW_OF(END_FIN, END_RESET, END_FIN, END_RESET, END_408, END_HALF);
	}
}

/* What it means to send is an answer now. */
static void answer(struct wire *wire)
{
	wire->serving = SERVES_ANSWERING;
	wire->pieces = DRAW_OF(1, 1, 1, 2, 3);
	wire->next_ns = draw(3) == 2 ? in_ms(DRAW_OF(1, 30, 120)) : world.now_ns;
}

/* A part of an answer, and then no more. */
static void cut_short(struct wire *wire, struct segment *segment)
{
	uint32_t len = segment->to - segment->from;
	uint32_t cut = 1 + draw(len - 1);
	wire->down.len = segment->from + cut;
	segment->to = wire->down.len;
	segment->whole = false;
	wire->ends_after = true;
	wire->end = (int)DRAW_OF(END_FIN, END_RESET, END_HALF);
	answer(wire);
}

/* A whole request has come. */
static void serve(struct wire *wire, struct request *request)
{
	wire->answered++;
	wire->idle_end_ns = NEVER;
	if (world.ending || !draw_chance(world.set.trouble)) {
		answer_make(wire, request);
		answer(wire);
		return;
	}
	switch (draw(world.set.theme == THEME_PIPES ? 10 : 8)) {
	case 0:
	case 1:
		end(wire, END_FIN);
		break;
	case 2:
	case 3:
		end(wire, END_RESET);
		break;
	case 4:
		wire->serving = SERVES_NOTHING;
		wire->idle_end_ns = draw(2) ? in_ms(DRAW_OF(30, 200, 2000)) : NEVER;
		wire->end = (int)DRAW_OF(END_FIN, END_RESET, END_HALF);
		break;
	case 5:
		cut_short(wire, answer_make(wire, request));
		break;
	case 6:
	case 8:
	case 9:
		answer_bad(wire, request);
		answer(wire);
		break;
	default:
		end(wire, END_HALF);
	}
}

static void stall(struct wire *wire)
{
	wire->stalled_ns = draw(3) ? in_ms(DRAW_OF(1, 50, 400)) : NEVER;
	trace("wire %u: server %d reads no more%s", wire->id, wire->server,
	      wire->stalled_ns == NEVER ? "" : " for a while");
}

/* The first of a request has come: what is it to know of it before it is whole? */
static void look_early(struct wire *wire)
{
	wire->early = true;
	/* Writers that wait are rare enough. */
	if (!world.ending && world.set.room < 1000 &&
	    draw_chance(world.set.theme == THEME_CLOSES ? 700 : world.set.trouble)) {
		stall(wire);
		return;
	}
	if (world.ending || !draw_chance(world.set.trouble / 2))
		return;
	switch (draw(3)) {
	case 0:
		stall(wire);
		break;
	case 1:
		end(wire, draw(2) ? END_RESET : END_FIN);
		break;
	default:
		wire->ends_after = true;
		wire->end = END_FIN;
		answer_early(wire, wire->sent.now);
		answer(wire);
	}
}

static void read_some(struct wire *wire)
{
	uint32_t unread = wire->up.len - wire->up_read, before = 0, after = 0;
	uint32_t some = draw(4) == 3 ? 1 + draw(unread) : unread;
	struct object *socket = wire->socket;
	if (socket)
		before = socket_room(socket) * 3 >= socket->tcp.room;
	wire->up_read += some;
	if (socket)
		after = socket_room(socket) * 3 >= socket->tcp.room;
	trace("wire %u: server %d reads %u: %s", wire->id, wire->server, some,
	      trace_bytes(wire->up.at + wire->up_read - some, some));
	if (socket && after && !before && socket->tcp.state == TCP_UP)
		poll_wake(socket, EPOLLOUT);
}

static void read_on(struct wire *wire)
{
	const struct sent *sent = &wire->sent;
	if (has_unread(wire))
		read_some(wire);
	if (wire->serving != SERVES_READING)
		return;
	if (wire->answered < sent->whole && sent->ends[wire->answered] <= wire->up_read)
		serve(wire, sent->requests[wire->answered]);
	else if (!wire->early && sent->now && wire->answered == sent->whole)
		look_early(wire);
}

static void send_piece(struct wire *wire)
{
	uint32_t left = wire->down.len - wire->down_sent;
	bool last = wire->pieces <= 1 || left < 2;
	uint32_t len = last ? left : 1 + draw(left - 1);
	wire->pieces--;
	wire_deliver(wire, len);
	if (!last)
		wire->next_ns = draw(2) ? in_ms(DRAW_OF(1, 5, 80)) : world.now_ns;
	else
		be_idle(wire);
	/* What came meanwhile. */
	if (last && wire->serving == SERVES_READING)
		read_on(wire);
}

static void come_up(struct wire *wire)
{
	if (wire->refusal) {
		wire->serving = SERVES_ENDED;
		wire_refuse(wire, wire->refusal);
		return;
	}
	wire_up(wire);
	be_idle(wire);
}

void wire_act(struct wire *wire)
{
	if (wire->reset_ns <= world.now_ns) {
		wire->reset_ns = NEVER;
		wire_reset(wire);
		return;
	}
	switch (wire->serving) {
	case SERVES_DIALING:
		come_up(wire);
		break;
	case SERVES_ANSWERING:
		send_piece(wire);
		break;
	case SERVES_READING:
	case SERVES_NOTHING:
		if (wire->idle_end_ns <= world.now_ns)
			end(wire, wire->end);
		else if (has_unread(wire))
			read_on(wire);
		else
			end(wire, END_FIN);
		break;
	default:
		break;
	}
}
