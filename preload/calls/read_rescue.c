/* SPDX-License-Identifier: MIT */
/* Reading while a rescue is under way, and where one begins. */
#include <errno.h>
#include <time.h>

#include "../conn/end.h"
#include "../os/blocking.h"
#include "../os/sys.h"
#include "../os/watcher.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/resume.h"
#include "../rescue/watch.h"
#include "../wire/socket.h"
#include "hold.h"
#include "peep.h"
#include "reading.h"

static bool is_nonblocking(const struct conn *conn)
{
	return conn->busy ? rescue_is_nonblocking(conn) : os_is_nonblocking(conn->fd);
}

/* It has waited at most since the request was sent, which it mostly follows at once. */
static void begin_limit(struct reading *r)
{
	struct handle *handle = &r->handle;
	const struct conn *conn = handle->conn;
	bool never = r->call->flags & MSG_DONTWAIT || (conn->busy && is_nonblocking(conn));
	if (handle->end_ms || never)
		return;
	int fd = conn->busy ? rescue_dead_socket(conn) : conn->fd; /* a watcher may be there */
	uint64_t limit_ms = wire_receive_timeout_ms(fd);
	/* What is known of a rescue now need not be asked once more when it waits. */
	if (limit_ms == UINT64_MAX ? !conn->busy : is_nonblocking(conn))
		return;
	uint64_t gone_ms = limit_ms == UINT64_MAX ? 0 : wire_last_sent_ms(fd);
	handle_begin_wait(handle, gone_ms < limit_ms ? limit_ms - gone_ms : limit_ms);
}

void reading_note_wait(struct reading *r, int error)
{
	struct handle *handle = &r->handle;
	handle->waited = true;
	/* Of a watcher, in the moment in which another thread has laid it there. */
	handle->error = error == ENOTSOCK || error == EINVAL ? ECONNRESET : error;
	begin_limit(r);
}

bool reading_may_wait(struct reading *r)
{
	struct handle *handle = &r->handle;
	struct conn *conn = handle->conn;
	if (is_nonblocking(conn))
		return false;
	if (!(r->call->flags & MSG_DONTWAIT))
		return true;
	if (!handle->end_ms)
		handle_begin_wait(handle, peep_limit_ms(handle->fd, conn->waits));
	return handle_left_ms(handle) != 0;
}

/* For the answer, that a read which was not to wait finds one. Takes the lock, leaves without. */
static void await_answer(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	int fd = conn->fd;
	uint64_t limit_ms = conn->rescue ? conn->rescue->settings.total_timeout_ms : 0;
	uint64_t left_ms = handle_left_ms(&r->handle);
	conn_unlock(conn);
	/* Only a look: what is read then is made sure of. */
	os_wait(fd, left_ms < limit_ms ? left_ms : limit_ms);
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
	return rescue_run(&r->handle, call->flags & MSG_DONTWAIT ? RESCUE_PEEPS : RESCUE_READS);
}

enum attended reading_attend(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	bool blocking = reading_may_wait(r);
	r->result = -1;
	switch (go_on(r, blocking)) {
	case RESCUE_DONE:
		if (!blocking)
			break; /* even now: see below */
		r->handle.waited = true;
		bool is_given = conn->care & CARE_HOLDING; /* by redial: rechunk.h */
		if (r->call->flags & MSG_DONTWAIT)
			await_answer(r);
		else
			conn_unlock(conn);
		return is_given ? READ_AGAIN : READ_ON;
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
	/* Who writes to a non-blocking socket is in the kernel for a moment only. */
	enum { NAPS = 200, NAPS_AT_ONCE = 4 };
	static const struct timespec nap = {0, 500000};
	int naps = conn->writers && !reading_may_wait(r) ? NAPS_AT_ONCE : NAPS;
	if (conn->writers)
		begin_limit(r);
	bool has_limit = r->handle.end_ms; /* of its own, SO_RCVTIMEO */
	for (int i = 0; i < naps && conn->writers; i++) {
		if (has_limit && !handle_left_ms(&r->handle))
			break;
		conn_unlock(conn);
		sys2(nanosleep, &nap, 0);
		if (!handle_lock_answered(&r->handle))
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
		reading_note_wait(r, error);
		conn_unlock(conn); /* that thread has begun a rescue itself */
		return true;
	}
	struct rescue_start start = {
	    .reading = true,
	    .cause = rescue_resume_cause(conn, error ? CAUSE_RESET : CAUSE_EOF),
	    .error = error,
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (rescue_begin(conn, &start) != REASON_NONE) {
		conn_end(conn, WHY_TOLD);
		return false;
	}
	reading_note_wait(r, error);
	conn_unlock(conn);
	return true;
}
