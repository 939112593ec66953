/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <poll.h>
#include <sys/epoll.h>
#include <time.h>

#include "../os/arena.h"
#include "../os/blocking.h"
#include "../conn/registrations.h"
#include "../conn/secured.h"
#include "../wire/socket.h"
#include "../os/clock.h"
#include "../os/owner.h"
#include "../os/watcher.h"
#include "ask.h"
#include "place.h"
#include "plan.h"
#include "room.h"
#include "rescue.h"
#include "../conn/settings.h"

bool rescue_watch_has_news(int fd)
{
	struct pollfd news = {.fd = fd, .events = POLLIN | POLLRDHUP};
	const struct timespec now = {0, 0};
	/* Fewer bytes than the program's SO_RCVLOWAT are no event, but the start of an answer. */
	return sys6(ppoll, &news, 1, &now, 0, 0, 0) > 0 || wire_has_unread(fd);
}

/* Lets the watcher report of the program's own socket, or no more. */
static bool watch_for_answer(struct conn *conn, bool on)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	return sys4(epoll_ctl, conn->fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, conn->rescue->dead,
		    &event) == 0;
}

bool rescue_is_watched(const struct conn *conn)
{
	return conn->busy && conn->rescue->phase == PHASE_WAITING;
}

bool rescue_is_laid_aside(const struct conn *conn)
{
	return conn->busy && conn->rescue->laid_aside;
}

/* What lies between its bytes and the socket would not have it replaced. */
static enum reason carried(const struct conn *conn)
{
	if (!conn_is_secured(conn))
		return REASON_NONE;
	const struct wire_carrier *carrier = conn->secured->carrier;
	return carrier ? carrier->may_replace(conn) : REASON_TLS_SESSION;
}

/* Do all sets that the program has it in wait for something else than an answer? */
static bool awaits_other_things(const struct conn *conn)
{
	/* Programs that have just connected still wait for room, and see to the answer next. */
	const uint32_t answerable = EPOLLIN | EPOLLOUT | EPOLLONESHOT;
	bool answers = !conn->registration_count;
	for (int i = 0; i < conn->registration_count; i++)
		answers |= (conn_registration(conn, i)->events & answerable) != 0;
	return !answers;
}

static bool may_watch(const struct conn *conn)
{
	const uint32_t never = CONN_ANSWERING | CONN_UNHELD | CONN_SHUT_DOWN | CONN_AUTH |
			       CONN_CROWDED | CONN_DOUBT | CONN_SHARED | CONN_INHERITED |
			       CONN_UNLIKE;
	return conn_waiting(conn) && !conn_is_writing(conn) && !conn->busy && !conn->writers &&
	       !(conn->care & CARE_HOLDING) && !conn->readers && !conn->pollers &&
	       !(conn->flags & never) && !awaits_other_things(conn) && arena_is_ours() &&
	       wire_cookie(conn->fd) == conn->cookie && !os_sends_signals(conn->fd) &&
	       carried(conn) == REASON_NONE;
}

/*
 * Registrations that were made past the hooks are found when a rescue begins. Here they could
 * change at any time: where there are such, nothing is watched.
 */
static bool is_registered_unseen(struct conn *conn)
{
	if (!conn->rescue->nonblocking || conn->registration_count)
		return false;
	conn_registrations_find(conn);
	bool found = conn->registration_count != 0;
	conn->registration_count = 0;
	return found;
}

/* The socket is at its number (again): what is left of the rescue? */
static void let_be(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	conn->busy = false;
	rescue->laid_aside = false;
	if (rescue->attempts == 1)
		rescue_free(conn);
	else
		rescue->phase = PHASE_AWAITING;
}

/*
 * Would the rules let it be repeated, if no response began? Not the last attempt; nor where who
 * reads is not counted, as when the policy that asks for it came later than the connection.
 */
static bool may_be_repeated(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	enum cause cause = rescue->cause;
	rescue->cause = CAUSE_RESPONSE_TIMEOUT;
	enum reason reason = rescue_plan_ask(conn, rescue->attempts > 1);
	rescue->cause = cause;
	return conn->care & CARE_READERS && rescue->settings.response_timeout_ms &&
	       reason == REASON_NONE;
}

/*
 * A rescue for which nothing was held has brought a connection, on which the program has written by
 * itself, be it another request: that has been sent, and the rules are those for it.
 */
static void note_own_writing(const struct conn *conn, const struct rescue_start *start)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->phase != PHASE_AWAITING || !rescue->unsent)
		return;
	rescue_plan_know(conn, rescue, start);
	rescue->unsent = false;
}

/* If so conn->rescue is there: made for it, unless the request is a repeated one already. */
static bool is_to_watch(struct conn *conn)
{
	const struct rescue_start start = {.head = conn->held, .head_len = conn->held_len};
	struct policy_retry settings;
	if (!conn->held_len)
		return false;
	if (conn->rescue) {
		note_own_writing(conn, &start);
		return conn->rescue->phase == PHASE_AWAITING &&
		       (conn->rescue->answered || may_be_repeated(conn));
	}
	settings_of_request(config.policy, conn, conn->held, conn->held_len, &settings);
	if (!(settings.on & POLICY_ON_RESPONSE_TIMEOUT) || !settings.response_timeout_ms)
		return false;
	conn->rescue = rescue_plan_rescue(conn, &start);
	if (conn->rescue && may_be_repeated(conn))
		return true;
	rescue_free(conn);
	return false;
}

static uint64_t last_moment(const struct rescue *rescue)
{
	return rescue->began_ms + rescue->settings.total_timeout_ms;
}

/* Is it time for the response that is held back? */
static bool is_spent(const struct rescue *rescue)
{
	return rescue->answered && rescue->now_ms >= last_moment(rescue);
}

static uint64_t until_when(struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	uint64_t next_ms = rescue->now_ms + rescue->settings.response_timeout_ms;
	uint64_t last_ms = last_moment(rescue);
	if (!rescue->answered || (next_ms < last_ms && may_be_repeated(conn)))
		return next_ms;
	return last_ms;
}

void rescue_watch(struct conn *conn)
{
	/* Its socket's next byte would not be known for an answer's. */
	if (conn_is_apart(conn) || !may_watch(conn) || !is_to_watch(conn))
		return;
	struct rescue *rescue = conn->rescue;
	rescue->nonblocking = os_is_nonblocking(conn->fd);
	rescue->now_ms = os_now_ms();
	rescue->wake_ms = until_when(conn);
	rescue->room_steps = 0;
	rescue->phase = PHASE_WAITING;
	if (is_registered_unseen(conn) || rescue_place(conn) < 0) {
		let_be(conn);
		return;
	}
	conn->busy = true;
	rescue->laid_aside = true;
	if (!watch_for_answer(conn, true))
		rescue_unwatch(conn);
	else if (!rescue->room_steps)
		rescue_set_timer(rescue, rescue->now_ms);
}

bool rescue_unwatch(struct conn *conn)
{
	if (!rescue_is_laid_aside(conn))
		return true;
	struct rescue *rescue = conn->rescue;
	/* Was the next attempt only planned? */
	if (rescue->phase != PHASE_WAITING && !rescue->told)
		rescue->attempts--;
	rescue_close(&rescue->fresh);
	bool is_there = rescue_unplace(conn);
	let_be(conn);
	return is_there;
}

/* Is our picture of what is laid aside true? REASON_ANSWERED if its answer has begun. */
static enum reason check_picture(const struct conn *conn)
{
	int fd = conn->rescue->dead;
	if (!arena_is_ours() || conn->writers || conn->flags & (CONN_CROWDED | CONN_SHARED))
		return REASON_SHARED;
	enum reason reason = carried(conn);
	if (reason != REASON_NONE)
		return reason;
	if (wire_received_was(fd, conn->peer.any.sa_family, conn->received))
		return REASON_NONE;
	return wire_has_unread(fd) ? REASON_ANSWERED : REASON_UNSEEN_BYTES;
}

/* No response has begun in time. A refusal is logged; the program notices nothing of it. */
static enum reason plan_next(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	bool first = rescue->attempts == 1;
	enum reason reason = check_picture(conn);
	rescue->cause = CAUSE_RESPONSE_TIMEOUT;
	rescue->status = rescue->who.status = 0;
	rescue->retry_after_ms = 0;
	if (first) {
		rescue->first_cause = CAUSE_RESPONSE_TIMEOUT;
		rescue->began_ms = rescue->now_ms;
	}
	if (reason == REASON_NONE) {
		rescue_plan_blame(conn, conn->flags & CONN_REUSED);
		reason = rescue_plan_next(conn);
	} else if (reason == REASON_UNSEEN_BYTES) {
		conn->flags |= CONN_DOUBT;
	}
	if (first && reason != REASON_NONE && reason != REASON_ANSWERED)
		log_refused(&rescue->who, CAUSE_RESPONSE_TIMEOUT, reason);
	return reason;
}

enum watch rescue_watch_step(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue_watch_has_news(rescue->dead)) {
		if (rescue->now_ms < rescue->wake_ms)
			return WATCH_ON;
		if (is_spent(rescue))
			return WATCH_SPENT;
		if (plan_next(conn) == REASON_NONE) {
			watch_for_answer(conn, false);
			return WATCH_GIVEN_UP;
		}
		if (rescue->answered && !rescue_watch_has_news(rescue->dead)) {
			rescue->wake_ms = last_moment(rescue);
			return WATCH_ON;
		}
	}
	rescue_unwatch(conn);
	return WATCH_OVER;
}

bool rescue_watch_count(struct conn *conn)
{
	if (conn->busy || conn->readers == UINT8_MAX)
		return false;
	conn->readers++;
	return true;
}

bool rescue_watch_enter(const struct handle *handle, bool *counted, uint32_t *epoch)
{
	struct conn *conn = handle->conn;
	*counted = false;
	if (!handle_lock(handle))
		return true;
	bool busy = conn->busy;
	*counted = rescue_watch_count(conn);
	*epoch = conn->epoch;
	conn_unlock(conn);
	return !busy;
}

void rescue_watch_leave(const struct handle *handle, uint32_t epoch)
{
	struct conn *conn = handle->conn;
	if (!handle_lock_answered(handle))
		return;
	if (conn->epoch == epoch)
		conn->readers--;
	conn_unlock(conn);
}
