/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <errno.h>
#include <sys/epoll.h>

#include "../conn/mark.h"
#include "../conn/secured.h"
#include "../os/arena.h"
#include "../os/mem.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "fresh.h"
#include "rescue.h"

/* The old connection was alive, but what comes of the new one counts from here on. */
static void leave_old(struct rescue *rescue)
{
	if ((rescue->old == OLD_ALIVE || rescue->laid_aside) && !rescue->error)
		rescue->error = ECONNRESET;
	if (rescue->old == OLD_ALIVE)
		rescue->old = OLD_DEAD;
	rescue->laid_aside = false;
}

enum wire_secured rescue_secure(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	bool first = !rescue->secures;
	enum wire_secured secured = conn->secured->carrier->secure(conn, rescue->fresh, first);
	rescue->elsewhere = secured == WIRE_ELSEWHERE;
	if (!rescue->elsewhere && first && conn->secured->carrier->moves)
		leave_old(rescue);
	if (!rescue->elsewhere)
		rescue->secures = true;
	if (secured == WIRE_UNDER_WAY)
		rescue->fresh_events = EPOLLIN;
	else if (secured == WIRE_FULL)
		rescue->fresh_events = EPOLLOUT;
	rescue->starved = secured == WIRE_FULL && os_has_room(rescue->fresh);
	return secured;
}

/* Room for what is to be said from `from` to `end`, with all headers that are added. */
static uint32_t room_for(const struct conn *conn, uint32_t from, uint32_t end)
{
	return end - from + conn->request_count * MARK_MAX;
}

/* What is to be said, its added headers included. */
static uint32_t spell_out(struct conn *conn, uint32_t from, uint32_t end, char *text)
{
	uint32_t len = 0;
	while (from < end) {
		char header[MARK_MAX];
		struct iovec pieces[MARK_PIECES];
		int count = mark_pieces(conn, from, end, header, pieces);
		size_t done = 0;
		for (int i = 0; i < count; i++) {
			memcpy(text + len + done, pieces[i].iov_base, pieces[i].iov_len);
			done += pieces[i].iov_len;
		}
		len += (uint32_t)done;
		from = mark_taken(conn, from, done);
	}
	return len;
}

static void unmark(struct conn *conn)
{
	for (int i = 0; i < conn->request_count; i++)
		conn->exchange->requests[i].marked = 0;
}

static bool is_marked(const struct conn *conn)
{
	for (int i = 0; i < conn->request_count; i++) {
		if (conn->exchange->requests[i].header)
			return true;
	}
	return false;
}

static long send_secured(struct conn *conn, int to, uint32_t from, uint32_t end)
{
	const struct wire_carrier *carrier = conn->secured->carrier;
	conn->rescue->elsewhere = true; /* unless it is done */
	if (!is_marked(conn))
		return carrier->send(conn, to, conn->held + from, end - from);
	uint32_t room = room_for(conn, from, end);
	char *text = arena_alloc(room);
	if (!text)
		return -ENOMEM;
	long sent = carrier->send(conn, to, text, spell_out(conn, from, end, text));
	arena_free(text, room);
	if (sent <= 0)
		unmark(conn);
	return sent <= 0 ? sent : (long)(end - from);
}

long rescue_send_some(struct conn *conn, int to, uint32_t end)
{
	struct rescue *rescue = conn->rescue;
	bool secured = conn_is_secured(conn);
	long taken = secured ? send_secured(conn, to, rescue->sent, end)
			     : mark_send(conn, to, rescue->sent, end);
	bool here = !secured || conn->secured->carrier->is_here(conn);
	rescue->starved = here && wire_took_nothing(taken) &&
			  !rescue_fresh_is_not_up(conn, taken) && os_has_room(to);
	if (secured || rescue->starved)
		rescue->fresh_events = EPOLLOUT;
	return taken;
}

long rescue_hear_some(struct conn *conn, char *bytes, size_t room, bool takes)
{
	struct rescue *rescue = conn->rescue;
	int fresh = rescue->fresh;
	if (!conn_is_secured(conn))
		return takes ? wire_receive(fresh, bytes, room) : wire_peek(fresh, bytes, room);
	rescue->fresh_events = EPOLLIN;
	rescue->elsewhere = true; /* as above */
	return conn->secured->carrier->hear(conn, fresh, bytes, room, takes);
}
