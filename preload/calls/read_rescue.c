/* SPDX-License-Identifier: MIT */
/* Reading while a rescue is under way, and where one begins. */
#include <errno.h>
#include <time.h>

#include "../conn/end.h"
#include "../os/sys.h"
#include "../os/watcher.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/watch.h"
#include "hold.h"
#include "reading.h"

/*
 * PHP polls a blocking socket and then reads with MSG_DONTWAIT: EAGAIN after a poll that said
 * "readable" is an error to it. So it gets its answer here, or the time that the policy allows
 * runs out. Takes the lock, and leaves without it.
 */
static void await_answer(struct conn *conn)
{
	int fd = conn->fd;
	uint64_t limit_ms = conn->rescue ? conn->rescue->settings.total_timeout_ms : 0;
	conn_unlock(conn);
	os_wait(fd, limit_ms); /* only a look: what is read then is made sure of */
}

enum attended reading_gone(struct reading *r)
{
	r->result = r->handle.error ? -1 : 0;
	if (r->handle.error)
		set_errno(r->handle.error);
	return DELIVER;
}

/* The rescue has failed. Called with the lock, leaves without. */
static enum attended deliver_failure(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	if (!conn->rescue) { /* another thread has settled it */
		conn_unlock(conn);
		return READ_AGAIN;
	}
	if (rescue_has_answer(conn))
		return hold_give(r);
	r->handle.error = rescue_error(conn);
	conn_end(conn, WHY_TOLD);
	return reading_gone(r);
}

/* Takes the rescue as far as the call may wait. */
static enum rescue_result go_on(struct reading *r, bool blocking)
{
	struct conn *conn = r->handle.conn;
	const struct read_call *call = r->call;
	bool peeps = blocking && call->flags & MSG_DONTWAIT && rescue_is_watched(conn);
	enum rescue_result done = RESCUE_UNDER_WAY;
	bool runs = blocking;
	if (!blocking || peeps) {
		uint32_t attempts = conn->rescue->attempts;
		done = rescue_step(conn);
		if (done == RESCUE_LOST)
			conn_end(conn, WHY_LOST);
		/* Bare a peep gets EAGAIN, and does as long as nothing has failed. */
		runs = blocking && done == RESCUE_UNDER_WAY &&
		       !(rescue_is_watched(conn) && conn->rescue->attempts == attempts);
	}
	if (!runs)
		return done;
	r->handle.error = rescue_error(conn);
	return rescue_run(conn, call->flags & MSG_DONTWAIT ? RESCUE_PEEPS : RESCUE_READS,
			  &r->handle.waited);
}

enum attended reading_attend(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	bool blocking = !rescue_is_nonblocking(conn);
	r->result = -1;
	switch (go_on(r, blocking)) {
	case RESCUE_DONE:
		if (!blocking)
			break; /* even now: see below */
		r->handle.waited = true;
		if (r->call->flags & MSG_DONTWAIT)
			await_answer(conn);
		else
			conn_unlock(conn);
		return READ_ON;
	case RESCUE_RESTORED:
		conn_unlock(conn);
		return READ_AGAIN;
	case RESCUE_FAILED:
		return deliver_failure(r);
	case RESCUE_INTERRUPTED:
		conn_unlock(conn);
		set_errno(EINTR);
		return DELIVER;
	case RESCUE_LOST:
		return r->handle.waited ? reading_gone(r) : READ_ON;
	case RESCUE_GONE:
		return reading_gone(r);
	case RESCUE_UNDER_WAY:
		break;
	}
	/*
	 * The event that brought the program here was the dead socket's. libuv takes a HUP in it
	 * for the end of the stream once a read has given data: let the program ask for new events
	 * first.
	 */
	conn_unlock(conn);
	set_errno(EAGAIN);
	return DELIVER;
}

bool call_await_writers(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	enum { NAPS = 200 };
	static const struct timespec nap = {0, 500000};
	for (int i = 0; i < NAPS && conn->writers; i++) {
		conn_unlock(conn);
		sys2(nanosleep, &nap, 0);
		if (!handle_lock(&r->handle))
			return false;
	}
	return true;
}

bool reading_rescue(struct reading *r, int error)
{
	struct conn *conn = r->handle.conn;
	uint32_t epoch = conn->epoch;
	if (!call_await_writers(r))
		return false;
	if (conn->busy || conn->epoch != epoch) {
		conn_unlock(conn); /* that thread has begun a rescue itself */
		return true;
	}
	struct rescue_start start = {
	    .reading = true,
	    .cause = error ? CAUSE_RESET : CAUSE_EOF,
	    .error = error,
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (rescue_begin(conn, &start) != REASON_NONE) {
		conn_end(conn, WHY_TOLD);
		return false;
	}
	conn_unlock(conn);
	return true;
}
