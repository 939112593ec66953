/* SPDX-License-Identifier: MIT */
/* Whether a rescue begins, and whether and when its next attempt is made. */
#include "plan.h"

#include "../../policy/backoff.h"
#include "../../policy/ranges.h"
#include "../os/arena.h"
#include "../os/blocking.h"
#include "../process/config.h"
#include "../os/jitter.h"
#include "../conn/peer.h"
#include "../conn/pollers.h"
#include "../conn/secured.h"
#include "../os/address.h"
#include "../os/clock.h"
#include "../conn/hello.h"
#include "../conn/mark.h"
#include "../os/mem.h"
#include "ask.h"
#include "pace.h"
#include "dial.h"
#include "picture.h"
#include "place.h"
#include "end.h"
#include "resume.h"
#include "token.h"
#include "rescue.h"
#include "../conn/settings.h"
#include "../conn/who.h"
#include "../os/sys.h"

/* From what differs between connections and moments. */
static uint32_t random_bits(const struct conn *conn)
{
	return jitter_bits(conn->cookie ^ (uint64_t)(uintptr_t)conn ^ conn->rescue->now_ms << 20);
}

static enum method first_method(const struct conn *conn, const struct rescue_start *start)
{
	if (conn->request_count)
		return conn->exchange->requests[0].method;
	struct http1_text method = http1_head_method(start->head, start->head_len);
	return method_parse(method.text, method.len);
}

/* Does the latest failure say something of the peer's health? That an idle connection ends does
 * not. */
static bool is_telling(const struct rescue *rescue, bool reused)
{
	switch (rescue->cause) {
	case CAUSE_STALE:
	case CAUSE_IDLE:
	case CAUSE_MAX_REQUESTS:
	case CAUSE_BODY: /* it was answering */
		return false;
	case CAUSE_RESET:
	case CAUSE_EOF:
		return !reused;
	case CAUSE_STATUS: /* which only other requests may be repeated for */
		return policy_has_status(rescue->settings.statuses, rescue->status);
	default:
		return true;
	}
}

void rescue_plan_blame(struct conn *conn, bool reused)
{
	union os_address peer;
	conn->rescue->blamed = is_telling(conn->rescue, reused);
	if (!conn->rescue->blamed)
		return;
	if (conn->rescue->cause == CAUSE_STATUS)
		conn->flags |= CONN_FAILED;
	if (!rescue_route_address(conn, &peer) || peer.any.sa_family == AF_UNIX)
		conn_peer(conn, rescue_dead_socket(conn), &peer);
	pace_failed(rescue_route_peer(conn), &peer.any, conn->rescue->now_ms);
}

static enum reason ask_pace(const struct conn *conn)
{
	union os_address peer;
	conn_peer(conn, rescue_dead_socket(conn), &peer);
	return pace_take(conn->peer_state, &peer.any, conn->rescue->cause, conn->rescue->blamed,
			 conn->rescue->now_ms);
}

/* Plans the next sending, after the pause that backoff asks for. */
static enum reason schedule(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	uint32_t redial = rescue->attempts + !cause_is_immediate(rescue->cause);
	uint32_t delay_ms = backoff_delay_ms(&rescue->settings.backoff, redial, random_bits(conn));
	if (delay_ms < rescue->retry_after_ms)
		delay_ms = rescue->retry_after_ms;
	if (rescue_elapsed_ms(rescue) + delay_ms >= rescue->settings.total_timeout_ms)
		return REASON_DEADLINE;
	enum reason reason = ask_pace(conn);
	if (reason != REASON_NONE)
		return reason;
	rescue->attempts++;
	rescue_route_begin(conn);
	rescue->spent = !rescue->unsent && rescue_token_is_carried(conn);
	/* Of what waits for the program's own connect this is the first sending. */
	mark_attempt(conn, rescue_is_dial(rescue) && rescue->unsent ? 1 : rescue_sendings(rescue));
	rescue_set_out(rescue);
	rescue->phase = PHASE_BACKOFF;
	rescue->wake_ms = rescue->now_ms + delay_ms;
	rescue->sent = 0;
	rescue->fresh_events = 0;
	rescue->starved = false;
	rescue->secures = false;
	if (!rescue->laid_aside) /* else they may wait for their turn on that socket yet */
		conn->unsent = 0;
	rescue->delay_ms = delay_ms;
	rescue->retry_after_ms = 0; /* a failure of the redial asks for none */
	rescue->told = false;
	return REASON_NONE;
}

enum reason rescue_plan_next(struct conn *conn)
{
	/* The rescue may have begun with a piece of the head, too short for a rule to match. */
	if (conn->held_len && !conn_is_hello(conn))
		settings_of_request(conn->rescue->policy, conn, conn->held, conn->held_len,
				    &conn->rescue->settings);
	/* The first failure of the program's own connect, or of a request on its connection. */
	const struct rescue *rescue = conn->rescue;
	bool begins = rescue->first || (rescue_is_dial(rescue) && !rescue->unsent);
	enum reason reason = rescue_plan_ask(conn, !begins);
	return reason == REASON_NONE ? schedule(conn) : reason;
}

static void identify(const struct conn *conn, const struct rescue_start *start,
		     struct log_request *who)
{
	union os_address peer;
	conn_peer(conn, conn->fd, &peer);
	who_identify(who, conn->fd, start->head, start->head_len, first_method(conn, start),
		     &peer.any);
	if (conn_is_secured(conn) && conn->secured->carrier)
		who->tls = conn->secured->carrier->version(conn);
}

/* Lets the rescue have the response that is held back. Returns false if there is no memory. */
static bool keep_answer(struct rescue *rescue, const struct rescue_start *start)
{
	char *copy = NULL;
	if (start->answer_len) {
		copy = arena_alloc(start->answer_len);
		if (!copy)
			return false;
		memcpy(copy, start->answer, start->answer_len);
	}
	rescue_drop_answer(rescue);
	rescue->answered = start->answered;
	rescue->answer = copy;
	rescue->answer_room = (uint32_t)start->answer_len;
	rescue->answer_len = (uint32_t)start->answer_len;
	return true;
}

static void see_file(struct rescue *rescue, int fd)
{
	rescue->file_flags = (int)sys3(fcntl, fd, F_GETFL, 0);
	rescue->nonblocking = rescue->file_flags > 0 && rescue->file_flags & O_NONBLOCK;
}

/* Who found out may have looked already. */
static void see(struct conn *conn, const struct rescue_start *start)
{
	if (start->seen)
		conn->rescue->seen = *start->seen;
	else
		wire_see(conn->fd, conn->peer.any.sa_family, &conn->rescue->seen);
}

void rescue_plan_know(const struct conn *conn, struct rescue *rescue,
		      const struct rescue_start *start)
{
	if (start->head_len)
		settings_of_request(rescue->policy, conn, start->head, start->head_len,
				    &rescue->settings);
	else
		settings_of_connection(rescue->policy, conn, &rescue->settings);
	identify(conn, start, &rescue->who);
}

struct rescue *rescue_plan_rescue(const struct conn *conn, const struct rescue_start *start)
{
	struct rescue *rescue = arena_alloc(sizeof(*rescue));
	if (!rescue)
		return NULL;
	uint64_t now_ms = os_now_ms();
	*rescue = (struct rescue){
	    .conn.end = rescue_end,
	    .dead = -1,
	    .fresh = -1,
	    .timer = -1,
	    .kept = -1,
	    .old = cause_is_replacement(start->cause) ? OLD_ALIVE : OLD_DEAD,
	    .attempts = 1,
	    /* What was given of a body is progress: its next break is the first again. */
	    .earlier = start->cause == CAUSE_BODY ? 0 : mark_repeats(conn),
	    .unsent = start->unsent,
	    .error = start->error,
	    .began_ms = now_ms,
	    .now_ms = now_ms,
	    .policy = config.policy,
	};
	see_file(rescue, conn->fd);
	if (!keep_answer(rescue, start)) {
		arena_free(rescue, sizeof(*rescue));
		return NULL;
	}
	rescue_plan_know(conn, rescue, start);
	return rescue;
}

static void refuse(const struct conn *conn, const struct rescue_start *start, enum reason reason)
{
	struct log_request who;
	if (rescue_was_told(reason, start->peer))
		return;
	identify(conn, start, &who);
	who.status = start->status;
	log_refused(&who, start->cause, reason);
}

static void note_cause(struct conn *conn, const struct rescue_start *start)
{
	struct rescue *rescue = conn->rescue;
	rescue->cause = start->cause;
	rescue->status = start->status;
	rescue->who.status = start->status;
	rescue_plan_blame(conn, conn->flags & CONN_REUSED);
	rescue->retry_after_ms = start->retry_after_ms;
	rescue->vetoed = start->vetoed;
	rescue->left = start->left;
	see(conn, start);
	rescue_ask_kernel(conn);
}

void rescue_give_up(struct conn *conn, enum reason reason)
{
	rescue_exhausted(conn->rescue, reason);
	rescue_put_answer_back(conn);
	conn->busy = true; /* the next step tells */
}

/*
 * Another socket is about to take the number: who waits for the one that has ended has to have seen
 * that first.
 */
static enum reason ask_pollers(struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	if (__builtin_expect(!conn->pollers, 1) || rescue->old != OLD_DEAD ||
	    !wire_seen_dead(&rescue->seen, conn->fd))
		return REASON_NONE;
	bool closed = wire_seen_closed(&rescue->seen);
	return pollers_are_out(conn, closed) ? REASON_NONE : REASON_SHARED;
}

/* The request of a rescue that had got as far as the new connection failed there as well. */
static enum reason begin_again(struct conn *conn, const struct rescue_start *start)
{
	struct rescue *rescue = conn->rescue;
	rescue->now_ms = os_now_ms();
	/* Found dead before anything was sent, or alive, the first connection had no error to tell.
	 */
	if (!rescue->error &&
	    (rescue->first_cause == CAUSE_STALE || cause_is_replacement(rescue->first_cause) ||
	     rescue->first_cause == CAUSE_RESPONSE_TIMEOUT))
		rescue->error = start->error;
	if (rescue->unsent) /* it was not this one, if there was one at all */
		rescue_plan_know(conn, rescue, start);
	note_cause(conn, start);
	see_file(rescue, conn->fd); /* it has been the program's in between */
	rescue->full = false;
	/* The program itself may have written on the new connection by now. */
	rescue->unsent = rescue->unsent && start->unsent;
	enum reason reason = rescue_picture_check(conn, true, false);
	if (reason == REASON_NONE)
		reason = ask_pollers(conn);
	if (reason == REASON_NONE)
		reason = rescue_plan_next(conn);
	if (reason == REASON_ANSWERED)
		return reason;
	if (reason != REASON_NONE)
		rescue_give_up(conn, reason);
	conn->busy = true; /* even if it failed: the next step delivers the original error */
	return REASON_NONE;
}

static void set_out(struct conn *conn)
{
	conn->rescue->unlooked = conn->rescue->nonblocking;
	conn->busy = true;
	conn->care &= (uint8_t)~CARE_HOLDING;
}

/*
 * The response to a resend, or one that has been held back from its first piece on, has a status
 * that asks for another attempt.
 */
static enum reason begin_anew(struct conn *conn, const struct rescue_start *start)
{
	struct rescue *rescue = conn->rescue;
	bool has_it = rescue->phase == PHASE_HOLDING;
	rescue->now_ms = os_now_ms();
	if (rescue->unsent)
		rescue_plan_know(conn, rescue, start);
	note_cause(conn, start);
	see_file(rescue, conn->fd);
	rescue->unsent = false;
	enum reason reason = rescue_picture_check(conn, true, true);
	if (reason == REASON_NONE)
		reason = rescue_plan_next(conn);
	if (reason == REASON_NONE && !has_it && !keep_answer(rescue, start))
		reason = REASON_RESOURCES;
	if (reason == REASON_NONE) {
		if (has_it)
			rescue_take_pieces(rescue);
		set_out(conn);
		return reason;
	}
	if (rescue->attempts > 1)
		rescue_exhausted(rescue, reason);
	else if (!rescue_was_told(reason, start->peer))
		log_refused(&rescue->who, rescue->cause, reason);
	if (!has_it)
		rescue_free(conn);
	return reason;
}

static enum reason begin(struct conn *conn, const struct rescue_start *start)
{
	if (conn->rescue)
		return start->answered ? begin_anew(conn, start) : begin_again(conn, start);
	struct rescue *rescue = rescue_plan_rescue(conn, start);
	enum reason reason = REASON_RESOURCES;
	if (rescue) {
		conn->rescue = rescue;
		if (start->connecting)
			rescue->cause = start->cause;
		else
			note_cause(conn, start);
		rescue->first_cause = start->cause;
		reason = rescue_plan_ask(conn, false);
		if (reason == REASON_NONE && !start->unsent && rescue_token_follows(conn))
			reason = REASON_SINGLE_USE;
		if (reason == REASON_NONE && start->reading && conn_is_writing(conn) &&
		    !rescue_awaits_continue(conn))
			reason = REASON_NOT_HELD;
		if (reason == REASON_NONE)
			reason = rescue_picture_check(
			    conn, !start->unsent && !rescue_has_idle_408(conn, start),
			    start->cause == CAUSE_STATUS);
		if (reason == REASON_NONE && !rescue_is_dial(rescue))
			reason = rescue_picture_reader(conn);
		if (reason == REASON_NONE)
			reason = rescue_resume_prepare(conn);
		if (reason == REASON_NONE && !start->connecting)
			reason = ask_pollers(conn);
		if (reason == REASON_NONE)
			reason = start->connecting ? rescue_dial_watch(conn) : schedule(conn);
	}
	if (reason != REASON_NONE) {
		if (!start->connecting)
			refuse(conn, start, reason);
		rescue_free(conn);
		return reason;
	}
	set_out(conn);
	return REASON_NONE;
}

/* A first flight has no request that rules or the log could know. */
static enum reason begin_hello(struct conn *conn, const struct rescue_start *start)
{
	struct rescue_start own = *start;
	/* It was held to know its session by, and nobody has asked for more: nothing to tell. */
	if (!(config.policy->uses & POLICY_USES_TLS_HANDSHAKE))
		return REASON_CAUSE;
	own.cause = CAUSE_TLS_HANDSHAKE;
	own.head_len = 0;
	return begin(conn, &own);
}

enum reason rescue_begin(struct conn *conn, const struct rescue_start *start)
{
	bool lost =
	    start->cause == CAUSE_STALE || start->cause == CAUSE_RESET || start->cause == CAUSE_EOF;
	return lost && conn_is_hello(conn) ? begin_hello(conn, start) : begin(conn, start);
}
