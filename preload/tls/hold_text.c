/* SPDX-License-Identifier: MIT */
#include "hold_text.h"

#include "../conn/end.h"
#include "../conn/registrations.h"
#include "../conn/resume.h"
#include "../conn/switch.h"
#include "../os/clock.h"
#include "../os/mem.h"
#include "../process/config.h"
#include "../rescue/ask.h"
#include "../rescue/held.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"
#include "../rescue/status.h"
#include "../rescue/token.h"
#include "../wire/socket.h"

enum {
	HEAD_MAX = 16384,  /* a longer head is not waited for */
	TEXT_MAX = 262144, /* nor a longer response: what servers say with such a status is short */
};

/* May a response with this status be held back, or with any as long as none is known? */
static bool is_of_interest(const struct conn *conn, int status)
{
	if (status == STATUS_UNKNOWN)
		return config.policy->uses & POLICY_USES_STATUSES || conn->care & CARE_TOKEN;
	return status == 408 || (status >= POLICY_STATUS_MIN && status_is_listed(status));
}

static bool is_holding(const struct conn *conn)
{
	return conn->care & CARE_HOLDING && conn->rescue && conn->rescue->phase == PHASE_HOLDING;
}

/*
 * Asks what the response says of being sent again, once, and the rules; only then all of it is
 * waited for. false: they would not let it be.
 */
static bool would_begin(struct conn *conn, int status, size_t head_len)
{
	struct rescue *rescue = conn->rescue;
	struct rescue_start start = {.status = (uint32_t)status};
	status_says(conn, rescue->pieces, head_len, &start);
	rescue->cause = CAUSE_STATUS;
	rescue->status = start.status;
	rescue->retry_after_ms = start.retry_after_ms;
	rescue->vetoed = start.vetoed;
	rescue->left = start.left;
	rescue->asked_peer = start.peer;
	rescue->asked = true;
	rescue->now_ms = os_now_ms();
	return rescue_plan_ask(conn, true) == REASON_NONE;
}

/* Begins a rescue, or logs why there is none. */
static bool begin(struct conn *conn, enum cause cause, int status)
{
	const struct rescue *rescue = conn->rescue;
	const struct rescue_start start = {
	    .cause = cause,
	    .head = conn->held,
	    .head_len = conn->held_len,
	    .answered = true,
	    .status = cause == CAUSE_STATUS ? (uint32_t)status : 0,
	    .retry_after_ms = rescue->retry_after_ms,
	    .vetoed = rescue->vetoed,
	    .left = rescue->left,
	    .peer = rescue->asked_peer,
	};
	uint64_t seen_ms = rescue->began_ms;
	enum reason reason = rescue_begin(conn, &start);
	if (reason != REASON_NONE && cause == CAUSE_STATUS)
		status_given(conn, seen_ms, reason);
	return reason == REASON_NONE;
}

enum whole { WHOLE, PART, NOT_ALONE };

/* How much of the response is there? NOT_ALONE: more than that, or nothing that can be framed. */
static enum whole measure(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->framed)
		http1_response(&rescue->frame, conn->exchange->requests[0].method);
	if (rescue->whole && rescue->framed < rescue->pieces_len)
		return NOT_ALONE;
	while (rescue->framed < rescue->pieces_len) {
		size_t used;
		enum http1_result result =
		    http1_feed(&rescue->frame, rescue->pieces + rescue->framed,
			       rescue->pieces_len - rescue->framed, &used);
		if (result != HTTP1_DONE && result != HTTP1_MORE)
			return NOT_ALONE;
		rescue->framed += (uint32_t)used;
		rescue->whole = result == HTTP1_DONE;
		if (rescue->whole && rescue->framed < rescue->pieces_len)
			return NOT_ALONE;
	}
	return rescue->whole ? WHOLE : PART;
}

/*
 * A 408 that is the last word of an idle connection: its end is a record, or more, behind it. true:
 * wait for that; else a rescue has begun, or none may.
 */
static bool awaits_end_of_408(struct conn *conn, int status, bool orderly)
{
	struct rescue *rescue = conn->rescue;
	if (!held_is_last_408(conn, status, rescue->pieces, rescue->pieces_len))
		return false;
	rescue->cause = CAUSE_EOF;
	rescue->now_ms = os_now_ms();
	bool ends = orderly || wire_is_dead(conn->fd);
	if (!ends && rescue_plan_ask(conn, true) == REASON_NONE)
		return true;
	if (ends)
		begin(conn, CAUSE_EOF, status);
	return false;
}

/* A whole head is there. true: wait for more. */
static bool judge_whole(struct conn *conn, int status, size_t head_len, bool orderly)
{
	struct rescue *rescue = conn->rescue;
	bool listed = status_is_listed(status) && !(conn->flags & CONN_FAILED);
	enum whole whole = measure(conn);
	if (whole == PART && orderly && rescue->frame.flags & HTTP1_UNTIL_CLOSE)
		whole = WHOLE;
	if (whole == WHOLE && awaits_end_of_408(conn, status, orderly))
		return true;
	if (conn->busy)
		return false;
	if (!listed)
		return whole == PART &&
		       !(rescue->frame.flags & (HTTP1_PERSISTENT | HTTP1_UNTIL_CLOSE));
	if (!rescue->asked && !would_begin(conn, status, head_len)) {
		begin(conn, CAUSE_STATUS, status); /* which says so in the log */
		return false;
	}
	if (whole == WHOLE)
		begin(conn, CAUSE_STATUS, status);
	return whole == PART;
}

/* Looks at what is there: a rescue has begun, or the program gets it, or it is waited for more. */
static void judge(struct conn *conn, bool final, bool orderly)
{
	struct rescue *rescue = conn->rescue;
	int status = status_read(rescue->pieces, rescue->pieces_len);
	size_t head_len = status_head_len(rescue->pieces, rescue->pieces_len);
	if (rescue_token_is_refused(conn, status))
		return;
	bool dull = !held_may(conn) || !is_of_interest(conn, status);
	bool more = !dull && !head_len && rescue->pieces_len < HEAD_MAX;
	if (!dull && head_len)
		more =
		    judge_whole(conn, status, head_len, orderly) && rescue->pieces_len < TEXT_MAX;
	if (!conn->busy && (!more || final))
		held_decide_to_give(conn, status);
}

bool hold_text_look(struct conn *conn, const struct hold_text *text)
{
	if (conn->care & CARE_IDLE && !text->peeked)
		conn_note_head(conn, &(struct iovec){(void *)text->bytes, text->len}, 1, text->len);
	if (!held_may(conn) && !(conn->care & (CARE_PROBE | CARE_TOKEN)))
		return false;
	conn_switch();
	int status = status_read(text->line, text->line_len);
	held_end_probe(conn, status);
	if (rescue_token_is_refused(conn, status))
		return true;
	if (!held_may(conn) || !is_of_interest(conn, status))
		return false;
	struct iovec piece = {(void *)text->bytes, text->peeked ? 0 : text->len};
	if (!rescue_hold_text(conn, &piece, 1, piece.iov_len))
		return false;
	judge(conn, false, false);
	return true;
}

bool hold_text_wants(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!is_holding(conn))
		return false;
	uint32_t left = rescue->pieces_room - rescue->pieces_len;
	if (left >= HOLD_TEXT_PIECE ||
	    rescue_more_room(rescue, 2 * (rescue->pieces_room + HOLD_TEXT_PIECE)))
		return true;
	held_decide_to_give(conn, status_read(rescue->pieces, rescue->pieces_len));
	return false;
}

bool hold_text_add(struct conn *conn, const char *bytes, size_t len)
{
	struct rescue *rescue = conn->rescue;
	if (!is_holding(conn))
		return false;
	memcpy(rescue->pieces + rescue->pieces_len, bytes, len);
	rescue->pieces_len += (uint32_t)len;
	judge(conn, false, false);
	return true;
}

void hold_text_end(struct conn *conn, bool orderly)
{
	if (is_holding(conn))
		judge(conn, true, orderly);
}

bool hold_text_is_over(struct conn *conn)
{
	if (is_holding(conn) && hold_text_patience_ms(conn))
		return false;
	hold_text_end(conn, false);
	return true;
}

uint64_t hold_text_patience_ms(const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	uint64_t end_ms = rescue->began_ms + rescue->settings.total_timeout_ms;
	uint64_t now_ms = os_now_ms();
	return end_ms > now_ms ? end_ms - now_ms : 0;
}

size_t hold_text_left(const struct conn *conn)
{
	return rescue_owed(conn);
}

/* The program has had all of it. Leaves without the lock. */
static void end_giving(struct conn *conn)
{
	conn_registrations_narrow(conn);
	if (conn->rescue->off_track) {
		conn_end(conn, WHY_TOLD);
		return;
	}
	rescue_unplace(conn);
	rescue_free(conn);
	conn_unlock(conn);
}

size_t hold_text_give(struct conn *conn, void *buf, size_t len, bool peeks)
{
	struct rescue *rescue = conn->rescue;
	size_t left = rescue->answer_len - rescue->answer_given;
	struct iovec bytes = {rescue->answer + rescue->answer_given, left < len ? left : len};
	memcpy(buf, bytes.iov_base, bytes.iov_len);
	if (!rescue->answer_given)
		status_given_back(conn);
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	conn->flags |= CONN_ANSWERING;
	if (!peeks) {
		if (conn->care & CARE_IDLE && !rescue->off_track)
			conn_note_head(conn, &bytes, 1, bytes.iov_len);
		if (!rescue->off_track && !conn_given(conn, &bytes, 1, bytes.iov_len))
			rescue->off_track = true;
		rescue_note_answer(conn);
		rescue->answer_given += (uint32_t)bytes.iov_len;
	}
	if (rescue->answer_given == rescue->answer_len) {
		end_giving(conn);
	} else {
		if (!rescue->placed)
			held_leave_rest(conn);
		conn->care |= CARE_HOLDING;
		conn->busy = rescue->placed;
		conn_unlock(conn);
	}
	return bytes.iov_len;
}
