/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <errno.h>

#include "../conn/peer.h"
#include "../wire/like.h"
#include "../wire/socket.h"
#include "../os/address.h"
#include "../os/clock.h"
#include "../os/watcher.h"
#include "../log/log.h"
#include "../conn/hello.h"
#include "../conn/mark.h"
#include "../conn/secured.h"
#include "../conn/switch.h"
#include "../conn/turns.h"
#include "end.h"
#include "../os/mem.h"
#include "pace.h"
#include "dial.h"
#include "fresh.h"
#include "greet.h"
#include "place.h"
#include "plan.h"
#include "resume.h"
#include "room.h"
#include "secure.h"
#include "stay.h"
#include "watch.h"
#include "rescue.h"

/* What a step of one phase comes to. */
enum progress { GO_ON, WAIT, DONE, FAILED, RESTORED };

/* Logs the attempt under way: not before the peer can be at work on it, that would only delay it.
 */
static void tell_attempt(struct rescue *rescue)
{
	if (!rescue->told)
		log_attempt(&rescue->who, rescue_sendings(rescue), rescue->settings.max_attempts,
			    rescue->cause, rescue->delay_ms);
	rescue->told = true;
}

static enum progress fail(struct conn *conn, enum reason reason)
{
	struct rescue *rescue = conn->rescue;
	tell_attempt(rescue);
	if (rescue_stay(conn))
		return GO_ON;
	rescue_route_home(conn);
	if (rescue->attempts == 1) /* the program's own, which was watched */
		log_refused(&rescue->who, rescue->cause, reason);
	else
		rescue_exhausted(rescue, reason);
	if (rescue_is_laid_aside(conn) && !(rescue->answered && conn->request_count == 1)) {
		rescue_unwatch(conn); /* its answer may come yet */
		rescue_free(conn);
		return RESTORED;
	}
	rescue_fail_attempts(conn);
	return FAILED;
}

static enum progress attempt_failed(struct conn *conn, enum cause cause)
{
	struct rescue *rescue = conn->rescue;
	tell_attempt(rescue);
	rescue_close_fresh(conn);
	rescue->cause = cause;
	rescue->acked = false; /* a part of it at most is out there */
	rescue_plan_blame(conn, false);
	if (rescue_stay(conn) || rescue_route_elsewhere(conn))
		return GO_ON;
	enum reason reason = rescue_plan_next(conn);
	rescue->first = false;
	return reason == REASON_NONE ? GO_ON : fail(conn, reason);
}

static void connected(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue_greets(conn) && rescue->phase != PHASE_GREETING) {
		rescue->phase = PHASE_GREETING; /* no more time than there was for the dial */
		return;
	}
	bool secures = conn_is_secured(conn);
	rescue->phase = secures ? PHASE_SECURING : PHASE_SENDING;
	rescue->wake_ms =
	    secures ? rescue->now_ms + rescue->settings.connect_timeout_ms : UINT64_MAX;
}

static enum progress step_backoff(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->now_ms < rescue->wake_ms)
		return conn_is_off() ? fail(conn, REASON_DISABLED) : WAIT;
	enum reason reason = rescue_fresh_make(conn);
	if (reason != REASON_NONE)
		return fail(conn, reason);
	int error = rescue_fresh_dial(conn);
	rescue->phase = PHASE_CONNECTING;
	if (error && error != -EINPROGRESS)
		return attempt_failed(conn, CAUSE_CONNECT);
	rescue->wake_ms = rescue->now_ms + rescue->settings.connect_timeout_ms;
	rescue->unsettled = false;
	if (!error)
		connected(conn); /* a local socket, at once */
	else if (rescue_fresh_tells(conn)) {
		rescue->unsettled = true;
		rescue->phase = PHASE_SENDING;
	}
	return GO_ON;
}

static enum progress step_connecting(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	int error = -rescue_fresh_result(conn);
	if (error == EINPROGRESS && rescue->now_ms < rescue->wake_ms)
		return WAIT;
	rescue->unsettled = false;
	if (!error && !rescue_is_dial(rescue)) /* else the program itself may ask, as bare */
		error = -rescue_fresh_settle(conn);
	if (!error) {
		connected(conn);
		return GO_ON;
	}
	if (error == EINPROGRESS)
		error = ETIMEDOUT;
	if (rescue->first)
		rescue_dial_failed(conn, error);
	return attempt_failed(conn, error == ETIMEDOUT ? CAUSE_CONNECT_TIMEOUT : CAUSE_CONNECT);
}

static enum progress step_greeting(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	int error = rescue_greet(conn);
	if (error == -EAGAIN && rescue->now_ms < rescue->wake_ms)
		return WAIT;
	if (error == -EPROTO)
		return fail(conn, REASON_PROXY);
	if (error)
		return attempt_failed(conn,
				      error == -EAGAIN ? CAUSE_CONNECT_TIMEOUT : CAUSE_CONNECT);
	if (rescue->placed)
		os_watch_anew(conn->fd, rescue->fresh, false);
	connected(conn);
	return GO_ON;
}

static enum progress step_securing(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	enum reason reason = rescue_fresh_check(conn);
	if (reason != REASON_NONE)
		return fail(conn, reason);
	switch (rescue_secure(conn)) {
	case WIRE_SECURED:
		rescue->phase = PHASE_SENDING;
		rescue->wake_ms = UINT64_MAX;
		return GO_ON;
	case WIRE_REFUSED:
		return fail(conn, conn->secured->carrier->reason(conn));
	case WIRE_LOST:
		return attempt_failed(conn, CAUSE_TLS_HANDSHAKE);
	default:
		return rescue->now_ms < rescue->wake_ms
			   ? WAIT
			   : attempt_failed(conn, CAUSE_CONNECT_TIMEOUT);
	}
}

static enum progress send_failed(struct conn *conn, int error)
{
	if (!rescue_stays(conn))
		return attempt_failed(conn,
				      conn_is_hello(conn) ? CAUSE_TLS_HANDSHAKE : CAUSE_RESET);
	rescue_stay_failed(conn, error);
	return attempt_failed(conn, conn->rescue->unsent ? CAUSE_STALE : CAUSE_RESET);
}

/* The request is out, as far as it may be for now. Returns 0, or a negative errno. */
static int put_in_place(struct conn *conn)
{
	if (rescue_stays(conn)) {
		rescue_stayed(conn);
		return 0;
	}
	int error = rescue_install(conn);
	if (!error && conn_is_secured(conn))
		conn->secured->carrier->installed(conn);
	return error;
}

/* All that may go out for now is out, and was answered so far as the program is not to see. */
static enum progress arrive(struct conn *conn, uint32_t end)
{
	struct rescue *rescue = conn->rescue;
	const uint16_t response = conn->exchange->response.flags;
	int error = put_in_place(conn);
	if (error < 0)
		return fail(conn, error == WIRE_UNLIKE ? REASON_OPTIONS : REASON_RESOURCES);
	if (rescue->resumes)
		rescue_resume_go_on(conn, response);
	conn->unsent = conn->held_len - end;
	rescue->taken = false;
	if (rescue->shut_down)
		conn_end_writing(conn);
	rescue->phase = PHASE_AWAITING;
	conn->busy = false;
	conn->care |= rescue->spent ? CARE_TOKEN : 0;
	if (rescue_is_dial(rescue))
		rescue_dial_up(conn);
	else if (rescue_stays(conn))
		rescue_free(conn);
	if (rescue_resume_frames(conn))
		return DONE;
	if (rescue_watches() || rescue_has_answer(conn))
		rescue_watch(conn);
	return conn->busy ? WAIT : DONE;
}

static enum progress step_resuming(struct conn *conn)
{
	switch (rescue_resume_hear(conn)) {
	case RESUME_LATER:
		return WAIT;
	case RESUME_REST:
		return arrive(conn, conn->rescue->sent);
	case RESUME_RESET:
		return attempt_failed(conn, CAUSE_RESET);
	case RESUME_EOF:
		return attempt_failed(conn, CAUSE_EOF);
	case RESUME_STATUS:
		return attempt_failed(conn, CAUSE_STATUS);
	case RESUME_OTHER:
		break;
	}
	return fail(conn, REASON_NOT_THE_REST);
}

/* The first bytes were not taken: so far it has only been dialed. */
static enum progress is_not_up(struct conn *conn, int error, uint64_t wake_ms)
{
	struct rescue *rescue = conn->rescue;
	rescue->wake_ms = wake_ms;
	rescue->unsettled = false;
	rescue->phase = PHASE_CONNECTING;
	if (error == EAGAIN)
		return GO_ON;
	return attempt_failed(conn, error == ETIMEDOUT ? CAUSE_CONNECT_TIMEOUT : CAUSE_CONNECT);
}

static enum progress step_sending(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	const bool unsent = rescue->unsent;
	const uint64_t wake_ms = rescue->wake_ms;
	int to = rescue_stays(conn) ? rescue_dead_socket(conn) : rescue->fresh;
	uint32_t end =
	    rescue_stays(conn) || conn_is_secured(conn) ? conn->held_len : conn_first_share(conn);
	enum reason reason = rescue->sent ? REASON_NONE : rescue_fresh_check(conn);
	if (reason != REASON_NONE)
		return fail(conn, reason);
	if (!rescue->sent && !conn_is_hello(conn))
		mark_choose(conn, rescue->policy, rescue->settings.attempt_header);
	rescue->wake_ms = UINT64_MAX;
	while (rescue->sent < end) {
		long taken = rescue_send_some(conn, to, end);
		if (rescue_fresh_is_not_up(conn, taken))
			return is_not_up(conn, (int)-taken, wake_ms);
		if (wire_took_nothing(taken))
			return WAIT;
		if (taken < 0)
			return send_failed(conn, (int)-taken);
		if (rescue_is_dial(rescue)) /* no word that nothing was sent from here on */
			rescue->error = ECONNRESET;
		rescue->unsent = false;
		rescue->sent += (uint32_t)taken;
	}
	tell_attempt(rescue);
	int error = rescue_fresh_sent(conn);
	if (error && rescue->phase == PHASE_CONNECTING) {
		rescue->unsent = unsent;
		return attempt_failed(conn, CAUSE_CONNECT);
	}
	if (error)
		return send_failed(conn, -error);
	if (!rescue->resumes)
		return arrive(conn, end);
	rescue_resume_listen(conn);
	return GO_ON;
}

static enum progress step_waiting(struct conn *conn)
{
	switch (rescue_watch_step(conn)) {
	case WATCH_ON:
		return WAIT;
	case WATCH_OVER:
		return RESTORED;
	case WATCH_GIVEN_UP:
		break;
	case WATCH_SPENT:
		return fail(conn, REASON_DEADLINE);
	}
	return GO_ON;
}

static enum rescue_result result_of(enum progress progress)
{
	switch (progress) {
	case DONE:
		return RESCUE_DONE;
	case RESTORED:
		return RESCUE_RESTORED;
	default:
		return RESCUE_FAILED;
	}
}

static enum rescue_result give_up(struct conn *conn, enum reason reason)
{
	enum progress progress = fail(conn, reason);
	return progress == GO_ON ? rescue_step(conn) : result_of(progress);
}

/* Nothing more can be done now: have the descriptor tell when it can. */
static enum rescue_result sleep_until_needed(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	uint64_t now = rescue->now_ms;
	if (rescue->phase != PHASE_WAITING)
		tell_attempt(rescue);
	if (now >= rescue_deadline_ms(rescue))
		return give_up(conn, REASON_DEADLINE);
	if (!rescue->placed && rescue_place(conn) < 0)
		return give_up(conn, REASON_RESOURCES);
	rescue_fresh_watch(conn);
	if (rescue_room_is_due(conn))
		os_timer_set(rescue->timer, 0);
	else
		rescue_set_timer(rescue, now);
	return RESCUE_UNDER_WAY;
}

enum rescue_result rescue_step(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	enum progress progress = GO_ON;
	if (rescue_is_displaced(conn))
		return RESCUE_LOST;
	if (rescue->placed) /* else it has only just begun */
		rescue->now_ms = os_now_ms();
	while (progress == GO_ON) {
		switch (rescue->phase) {
		case PHASE_WAITING:
			progress = step_waiting(conn);
			break;
		case PHASE_BACKOFF:
			progress = step_backoff(conn);
			break;
		case PHASE_CONNECTING:
			progress = step_connecting(conn);
			break;
		case PHASE_GREETING:
			progress = step_greeting(conn);
			break;
		case PHASE_SECURING:
			progress = step_securing(conn);
			break;
		case PHASE_SENDING:
			progress = step_sending(conn);
			break;
		case PHASE_RESUMING:
			progress = step_resuming(conn);
			break;
		case PHASE_AWAITING:
			progress = DONE;
			break;
		case PHASE_FAILED:
		case PHASE_HOLDING:
		case PHASE_GIVING:
			progress = FAILED;
			break;
		}
	}
	return progress == WAIT ? sleep_until_needed(conn) : result_of(progress);
}
