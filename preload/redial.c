/* SPDX-License-Identifier: MIT */
#include "redial.h"

#include <errno.h>
#include <fcntl.h>

#include "../policy/backoff.h"
#include "../policy/match.h"
#include "arena.h"
#include "config.h"
#include "kernel.h"
#include "log.h"
#include "mem.h"
#include "redial_pipeline.h"
#include "redial_place.h"
#include "rescue.h"
#include "sys.h"
#include "table.h"

/* What a step of one phase comes to. */
enum progress { GO_ON, WAIT, DONE, FAILED };

static uint64_t elapsed_ms(const struct rescue *rescue)
{
	return rescue->now_ms - rescue->began_ms;
}

/* xorshift, from what differs between connections and moments: jitter needs no more. */
static uint32_t random_bits(const struct conn *conn)
{
	static uint64_t state;
	uint64_t x = __atomic_load_n(&state, __ATOMIC_RELAXED) ^ conn->cookie ^
		     (uint64_t)(uintptr_t)conn ^ conn->rescue->now_ms << 20;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	__atomic_store_n(&state, x, __ATOMIC_RELAXED);
	return (uint32_t)(x >> 32);
}

/* The request's port as the rules see it. */
static unsigned peer_port(const struct conn *conn)
{
	if (conn->peer.any.sa_family == AF_UNIX)
		return 0;
	/* sin_port and sin6_port lie at the same place. */
	return __builtin_bswap16(conn->peer.in.sin_port);
}

static void find_settings(const struct conn *conn, const struct redial_start *start,
			  struct policy_retry *settings)
{
	struct http1_text host = http1_head_value(start->head, start->head_len, "host");
	struct http1_text target = http1_head_target(start->head, start->head_len);
	struct match_request request = {
		.host = host.text,
		.host_len = host.len,
		.path = target.text,
		.path_len = target.len,
		.port = peer_port(conn),
	};
	match_settings(config.policy, &request, settings);
}

static enum method first_method(const struct conn *conn)
{
	return conn->request_count ? conn->requests[0].method : METHOD_OTHER;
}

/* A number that was closed past the hooks may be another file's by now. */
static bool is_watched_socket(const struct conn *conn)
{
	for (int i = 0; i < conn->alias_count; i++) {
		if (kernel_cookie(conn->aliases[i]) != conn->cookie)
			return false;
	}
	return conn->cookie && kernel_cookie(conn->fd) == conn->cookie;
}

/*
 * Is the descriptor still the socket we watched, ours alone, with nothing read past us? What an
 * idle connection holds unread answers nothing (RFC 9112 section 9.2), but unless it is the 408
 * that servers send when they close one, we do not know what it is.
 */
static enum reason check_picture(const struct conn *conn, bool sent)
{
	if (!is_watched_socket(conn))
		return REASON_IDENTITY;
	if (!arena_is_ours() || conn->flags & CONN_CROWDED || conn->writers)
		return REASON_SHARED;
	if (kernel_received_was(conn->fd, conn->received))
		return REASON_NONE;
	if (!sent)
		return kernel_has_408(conn->fd) ? REASON_NONE : REASON_UNSEEN_BYTES;
	/* An early answer, then a reset: the answer is the program's to read. */
	return kernel_has_unread(conn->fd) ? REASON_ANSWERED : REASON_UNSEEN_BYTES;
}

static enum reason ask(const struct conn *conn, const struct rescue *rescue, bool rescuing)
{
	struct decide_facts facts;
	conn_facts(conn, &facts);
	facts.cause = rescue->cause;
	facts.unsent = rescue->unsent;
	facts.attempts = rescue->attempts;
	facts.elapsed_ms = (uint32_t)elapsed_ms(rescue);
	facts.rescuing = rescuing;
	return decide(config.policy, &rescue->settings, &facts);
}

/* Plans the next sending, after the pause that backoff asks for. */
static enum reason schedule(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	uint32_t redial = rescue->attempts;
	uint32_t delay_ms =
		backoff_delay_ms(&rescue->settings.backoff, redial, random_bits(conn));
	if (elapsed_ms(rescue) + delay_ms >= rescue->settings.total_timeout_ms)
		return REASON_DEADLINE;
	rescue->attempts++;
	rescue->phase = PHASE_BACKOFF;
	rescue->wake_ms = rescue->now_ms + delay_ms;
	rescue->sent = 0;
	rescue->delay_ms = delay_ms;
	rescue->told = false;
	return REASON_NONE;
}

/* Logs the attempt under way: not before the peer can be at work on it, that would only delay it. */
static void tell_attempt(struct rescue *rescue)
{
	if (!rescue->told)
		log_attempt(&rescue->who, rescue->attempts, rescue->settings.max_attempts,
			    rescue->cause, rescue->delay_ms);
	rescue->told = true;
}

static void identify(const struct conn *conn, const struct redial_start *start,
		     struct log_request *who)
{
	union kernel_address peer;
	kernel_peer(conn, conn->fd, &peer);
	log_identify(who, conn->fd, start->head, start->head_len, first_method(conn), &peer.any);
}

static struct rescue *new_rescue(const struct conn *conn, const struct redial_start *start)
{
	struct rescue *rescue = arena_alloc(sizeof(*rescue));
	if (!rescue)
		return NULL;
	uint64_t now_ms = kernel_now_ms();
	*rescue = (struct rescue){
		.dead = -1,
		.fresh = -1,
		.timer = -1,
		.attempts = 1,
		.unsent = start->unsent,
		.error = start->error,
		.began_ms = now_ms,
		.now_ms = now_ms,
		.nonblocking = sys3(fcntl, conn->fd, F_GETFL, 0) & O_NONBLOCK,
	};
	if (start->answer_len) {
		rescue->answer = arena_alloc(start->answer_len);
		if (!rescue->answer) {
			arena_free(rescue, sizeof(*rescue));
			return NULL;
		}
		memcpy(rescue->answer, start->answer, start->answer_len);
		rescue->answer_len = (uint32_t)start->answer_len;
	}
	find_settings(conn, start, &rescue->settings);
	identify(conn, start, &rescue->who);
	return rescue;
}

static void refuse(const struct conn *conn, const struct redial_start *start, enum reason reason)
{
	struct log_request who;
	identify(conn, start, &who);
	log_refused(&who, start->cause, reason);
}

/* The request of a rescue that had got as far as the new connection failed there as well. */
static enum reason begin_again(struct conn *conn, const struct redial_start *start)
{
	struct rescue *rescue = conn->rescue;
	rescue->now_ms = kernel_now_ms();
	/* Found dead before anything was sent, the first connection had no error to tell. */
	if (!rescue->error && rescue->first_cause == CAUSE_STALE)
		rescue->error = start->error;
	rescue->cause = start->cause;
	enum reason reason = check_picture(conn, true);
	if (reason == REASON_NONE)
		reason = ask(conn, rescue, true);
	if (reason == REASON_NONE)
		reason = schedule(conn);
	if (reason == REASON_ANSWERED)
		return reason;
	if (reason != REASON_NONE) {
		log_exhausted(&rescue->who, rescue->attempts, rescue->cause, reason,
			      elapsed_ms(rescue));
		rescue->phase = PHASE_FAILED;
	}
	conn->busy = true; /* even if it failed: the next step delivers the original error */
	return REASON_NONE;
}

enum reason redial_begin(struct conn *conn, const struct redial_start *start)
{
	if (conn->rescue)
		return begin_again(conn, start);
	struct rescue *rescue = new_rescue(conn, start);
	enum reason reason = REASON_RESOURCES;
	if (rescue) {
		conn->rescue = rescue;
		rescue->cause = start->cause;
		rescue->first_cause = start->cause;
		reason = ask(conn, rescue, false);
		if (reason == REASON_NONE)
			reason = check_picture(conn, !start->unsent);
		if (reason == REASON_NONE)
			reason = schedule(conn);
	}
	if (reason != REASON_NONE) {
		refuse(conn, start, reason);
		rescue_free(conn);
		return reason;
	}
	conn->busy = true;
	return REASON_NONE;
}

bool redial_would_begin(const struct conn *conn)
{
	uint32_t never = CONN_ANSWERING | CONN_UNHELD | CONN_SHUT_DOWN | CONN_AUTH | CONN_CROWDED;
	uint32_t methods = 0;
	for (int i = 0; i < conn->request_count; i++)
		methods |= method_bit(conn->requests[i].method);
	bool again = conn->rescue && conn->rescue->phase == PHASE_AWAITING;
	return methods && !(methods & ~config.policy->methods_always) && !conn->busy &&
	       !(conn->flags & never) && (conn->flags & CONN_REUSED || again);
}

static enum progress fail(struct conn *conn, enum reason reason)
{
	struct rescue *rescue = conn->rescue;
	tell_attempt(rescue);
	log_exhausted(&rescue->who, rescue->attempts, rescue->cause, reason, elapsed_ms(rescue));
	rescue_close(&rescue->fresh);
	redial_unplace(conn);
	rescue->phase = PHASE_FAILED;
	return FAILED;
}

static enum progress attempt_failed(struct conn *conn, enum cause cause)
{
	struct rescue *rescue = conn->rescue;
	tell_attempt(rescue);
	rescue_close(&rescue->fresh);
	rescue->cause = cause;
	enum reason reason = ask(conn, rescue, true);
	if (reason == REASON_NONE)
		reason = schedule(conn);
	return reason == REASON_NONE ? GO_ON : fail(conn, reason);
}

static void connected(struct rescue *rescue)
{
	rescue->phase = PHASE_SENDING;
	rescue->wake_ms = UINT64_MAX;
}

static enum progress step_backoff(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->now_ms < rescue->wake_ms)
		return WAIT;
	int fresh = kernel_socket_like(redial_dead_socket(conn), conn->flags & CONN_BOUND);
	if (fresh < 0)
		return fail(conn, REASON_RESOURCES);
	rescue_own(&rescue->fresh, fresh);
	if (rescue->placed && kernel_watch(conn->fd, fresh) < 0)
		return fail(conn, REASON_RESOURCES);
	union kernel_address peer;
	socklen_t peer_len = kernel_peer(conn, redial_dead_socket(conn), &peer);
	int error = kernel_connect(fresh, &peer.any, peer_len);
	if (error && error != -EINPROGRESS)
		return attempt_failed(conn, CAUSE_CONNECT);
	rescue->phase = PHASE_CONNECTING;
	rescue->wake_ms = rescue->now_ms + rescue->settings.connect_timeout_ms;
	if (!error)
		connected(rescue); /* a local socket, at once */
	return GO_ON;
}

static enum progress step_connecting(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	int error = kernel_connect_result(rescue->fresh, &conn->peer.any, conn->peer_len);
	if (error == -EINPROGRESS)
		return rescue->now_ms < rescue->wake_ms
			       ? WAIT
			       : attempt_failed(conn, CAUSE_CONNECT_TIMEOUT);
	if (error)
		return attempt_failed(conn,
				      error == -ETIMEDOUT ? CAUSE_CONNECT_TIMEOUT : CAUSE_CONNECT);
	connected(rescue);
	return GO_ON;
}

static enum progress step_sending(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	uint32_t end = redial_first_share(conn);
	while (rescue->sent < end) {
		long taken = kernel_send(rescue->fresh, conn->held + rescue->sent,
					 end - rescue->sent);
		if (taken == -EAGAIN || taken == -EINTR)
			return WAIT;
		if (taken < 0)
			return attempt_failed(conn, CAUSE_RESET);
		rescue->unsent = false;
		rescue->sent += (uint32_t)taken;
	}
	tell_attempt(rescue);
	if (redial_install(conn) < 0)
		return fail(conn, REASON_RESOURCES);
	conn->unsent = conn->held_len - end;
	rescue->phase = PHASE_AWAITING;
	conn->busy = false;
	return DONE;
}

/* Nothing more can be done now: have the descriptor tell when it can. */
static enum redial_result sleep_until_needed(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	tell_attempt(rescue);
	uint64_t now = rescue->now_ms;
	uint64_t deadline = rescue->began_ms + rescue->settings.total_timeout_ms;
	uint64_t wake = rescue->wake_ms < deadline ? rescue->wake_ms : deadline;
	if (now >= deadline) {
		fail(conn, REASON_DEADLINE);
		return REDIAL_FAILED;
	}
	if (!rescue->placed && redial_place(conn) < 0) {
		fail(conn, REASON_RESOURCES);
		return REDIAL_FAILED;
	}
	kernel_timer_set(rescue->timer, wake > now ? wake - now : 0);
	return REDIAL_UNDER_WAY;
}

enum redial_result redial_step(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	enum progress progress = GO_ON;
	if (redial_is_displaced(conn))
		return REDIAL_LOST;
	if (rescue->placed) /* else it has only just begun */
		rescue->now_ms = kernel_now_ms();
	while (progress == GO_ON) {
		switch (rescue->phase) {
		case PHASE_BACKOFF:
			progress = step_backoff(conn);
			break;
		case PHASE_CONNECTING:
			progress = step_connecting(conn);
			break;
		case PHASE_SENDING:
			progress = step_sending(conn);
			break;
		case PHASE_AWAITING:
			progress = DONE;
			break;
		case PHASE_FAILED:
			progress = FAILED;
			break;
		}
	}
	if (progress == WAIT)
		return sleep_until_needed(conn);
	return progress == DONE ? REDIAL_DONE : REDIAL_FAILED;
}

enum redial_result redial_run(struct conn *conn, uint64_t limit_ms)
{
	/* Short waits: a thread that closes the descriptor meanwhile cannot wake this one. */
	enum { SLICE_MS = 50 };
	int fd = conn->fd;
	uint32_t epoch = conn->epoch;
	uint64_t end = limit_ms == UINT64_MAX ? UINT64_MAX : kernel_now_ms() + limit_ms;
	for (;;) {
		enum redial_result result = redial_step(conn);
		if (result == REDIAL_LOST)
			conn_forget(conn);
		if (result != REDIAL_UNDER_WAY)
			return result;
		uint64_t now = kernel_now_ms();
		if (now >= end)
			return REDIAL_UNDER_WAY;
		conn_unlock(conn);
		int ready = kernel_wait(fd, end - now < SLICE_MS ? end - now : SLICE_MS);
		if (!conn_lock(conn, fd))
			return REDIAL_LOST;
		if (!conn->busy) /* another thread has finished it */
			return conn->epoch != epoch ? REDIAL_DONE : REDIAL_FAILED;
		if (ready == -EINTR && (limit_ms != UINT64_MAX || !kernel_restarts()))
			return REDIAL_INTERRUPTED;
	}
}

int redial_error(const struct conn *conn)
{
	return conn->rescue->error;
}

size_t redial_answer(struct conn *conn, const struct iovec *iov, int count, bool peek)
{
	struct rescue *rescue = conn->rescue;
	size_t given = 0;
	for (int i = 0; i < count; i++) {
		size_t left = rescue->answer_len - rescue->answer_given - given;
		size_t piece = iov[i].iov_len < left ? iov[i].iov_len : left;
		memcpy(iov[i].iov_base, rescue->answer + rescue->answer_given + given, piece);
		given += piece;
	}
	if (!peek)
		rescue->answer_given += (uint32_t)given;
	return given;
}

bool redial_is_nonblocking(const struct conn *conn)
{
	return conn->rescue->nonblocking;
}

void redial_set_nonblocking(struct conn *conn, bool nonblocking)
{
	conn->rescue->nonblocking = nonblocking;
}

void redial_shut_down(struct conn *conn)
{
	conn->rescue->shut_down = true;
}

int redial_dead_socket(const struct conn *conn)
{
	return conn->rescue->placed ? conn->rescue->dead : conn->fd;
}

int redial_fresh_socket(const struct conn *conn)
{
	return conn->rescue->fresh;
}

void redial_recovered(struct conn *conn, unsigned status)
{
	struct rescue *rescue = conn->rescue;
	rescue->now_ms = kernel_now_ms();
	log_recovered(&rescue->who, rescue->attempts, status, elapsed_ms(rescue));
	rescue_free(conn);
}

void redial_abandon(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue)
		return;
	rescue->now_ms = kernel_now_ms();
	if (rescue->phase != PHASE_FAILED)
		log_abandoned(&rescue->who, rescue->attempts, elapsed_ms(rescue));
	rescue_close(&rescue->fresh);
	redial_unplace(conn);
	conn->busy = false;
	rescue_free(conn);
}
