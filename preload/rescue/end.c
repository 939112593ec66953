/* SPDX-License-Identifier: MIT */
#include "end.h"

#include <errno.h>

#include "../conn/secured.h"
#include "../log/log.h"
#include "../os/clock.h"
#include "../process/abandons.h"
#include "dial.h"
#include "../conn/mark.h"
#include "../conn/table.h"
#include "../conn/turns.h"
#include "../wire/socket.h"
#include "fresh.h"
#include "machine.h"
#include "place.h"
#include "plan.h"
#include "revive.h"
#include "rescue.h"
#include "stay.h"
#include "watch.h"

void rescue_end_attempts(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	rescue_revive_end(conn);
	rescue_close(&rescue->fresh);
	rescue_put_answer_back(conn);
	rescue_unplace(conn);
	rescue->laid_aside = false;
}

void rescue_fail_attempts(struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	if (rescue->taken && !rescue->answered && !conn_is_secured(conn))
		sys2(shutdown, rescue_dead_socket(conn), SHUT_WR);
	rescue_end_attempts(conn);
}

void rescue_settle(struct conn *conn)
{
	rescue_unwatch(conn);
	struct rescue *rescue = conn->rescue;
	if (rescue && rescue->phase == PHASE_HOLDING) {
		rescue_take_pieces(rescue);
		rescue->phase = PHASE_GIVING;
		return;
	}
	if (!rescue_has_answer(conn) || rescue->phase == PHASE_AWAITING)
		return;
	rescue->now_ms = os_now_ms();
	if (rescue->phase != PHASE_GIVING)
		log_abandoned(&rescue->who, rescue_sendings(rescue), rescue_elapsed_ms(rescue));
	rescue_is_over(rescue);
	rescue_end_attempts(conn);
	if (!rescue->answered) /* the next step tells of the failure */
		return;
	conn->busy = false;
	conn->care |= CARE_HOLDING;
}

/* What is still to go out goes this way, as far as there is room: nothing is owed for it. */
static void go_on_there(struct conn *conn, int socket, bool is_lost)
{
	struct rescue *rescue = conn->rescue;
	conn->unsent = conn->held_len - rescue->sent;
	rescue->taken = false;
	rescue->error = 0;
	if (is_lost) /* else conn_end sends it, once the socket is at the number */
		conn_send_rest_on(conn, socket);
}

/* The old socket is alive, and none of the request is anywhere else: as bare. */
static void leave_to_old(struct conn *conn, bool is_lost)
{
	struct rescue *rescue = conn->rescue;
	if ((is_lost && !rescue->placed) || conn_is_secured(conn))
		return;
	if (rescue->old == OLD_ALIVE && rescue->unsent) {
		mark_attempt(conn, 1); /* it is the program's own sending */
		rescue->sent = 0;
	} else if (rescue->old != OLD_IN_USE) {
		return;
	}
	go_on_there(conn, rescue->dead, is_lost);
	conn->epoch++; /* for a writer that waits, as in rescue_stayed */
}

/* A part of what the program was told is written is out on the fresh socket: the rest follows. */
static bool leave_to_fresh(struct conn *conn, bool is_lost)
{
	struct rescue *rescue = conn->rescue;
	bool begun = rescue->phase == PHASE_SENDING && !rescue_stays(conn) && rescue->sent &&
		     !conn_is_secured(conn);
	if (!begun || !rescue->taken || (!is_lost && rescue_install(conn) < 0))
		return false;
	go_on_there(conn, rescue->fresh, is_lost);
	conn->epoch += is_lost; /* likewise: else it has the number, and another epoch */
	return true;
}

/* An attempt is under way, or was planned: the socket that the program had goes back. */
static void end_under_way(struct conn *conn, bool is_lost)
{
	struct rescue *rescue = conn->rescue;
	if (!leave_to_fresh(conn, is_lost)) {
		leave_to_old(conn, is_lost);
		rescue_revive_end(conn);
	}
	rescue_close(&rescue->fresh);
	uint32_t epoch = conn->epoch;
	rescue_bring_back(conn);
	conn->epoch = epoch; /* what has not got there has not ended well */
	if (rescue->taken && !rescue->error)
		rescue->error = ECONNRESET;
}

/*
 * The fresh socket stands, though nobody has been told yet: what was taken goes out there. Not
 * where only its rest is to follow: leave_to_fresh.
 */
static void send_if_it_stands(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->taken || rescue->phase != PHASE_CONNECTING || rescue_fresh_result(conn))
		return;
	rescue_step(conn);
	rescue_unwatch(conn);
}

/* The kernel tells an error once: has it told us one, and we not yet the program? */
static bool is_untold(const struct conn *conn, bool was_under_way)
{
	const struct rescue *rescue = conn->rescue;
	if (was_under_way)
		return rescue->taken || (rescue->error && !rescue->first);
	return rescue->phase == PHASE_FAILED && conn->busy;
}

/* The program has closed it amid a rescue of a request: does it always? */
static void note_close(const struct rescue *rescue, enum conn_why why)
{
	bool closed = why == WHY_CLOSED || why == WHY_LOST;
	if (closed && rescue->phase < PHASE_FAILED && !rescue_is_dial(rescue))
		abandons_note(os_now_ms());
}

/* What the program is still to be told, though nothing else is followed any more. */
static bool is_owed(struct conn *conn, bool was_under_way)
{
	struct rescue *rescue = conn->rescue;
	if (rescue_owed(conn) || rescue->framing) {
		rescue->off_track = true;
		return true;
	}
	if (!is_untold(conn, was_under_way))
		return false;
	rescue->phase = PHASE_FAILED;
	conn->busy = true; /* the next call of the program's tells */
	return true;
}

bool rescue_end(struct conn *conn, enum conn_why why)
{
	rescue_unwatch(conn);
	if (why == WHY_PASSED)
		rescue_settle(conn);
	if (conn->rescue && (why == WHY_PASSED || why == WHY_CLOSED))
		send_if_it_stands(conn);
	struct rescue *rescue = conn->rescue;
	if (!rescue)
		return false;
	bool is_lost = why == WHY_LOST || rescue_is_displaced(conn);
	bool under_way = rescue->phase < PHASE_AWAITING;
	if (!is_lost) /* else it has ended at some time since it was last looked at */
		rescue->now_ms = os_now_ms();
	if (rescue->phase < PHASE_FAILED && !rescue->first)
		log_abandoned(&rescue->who, rescue_sendings(rescue), rescue_elapsed_ms(rescue));
	rescue_is_over(rescue);
	note_close(rescue, why);
	if (under_way)
		end_under_way(conn, is_lost);
	rescue_unplace(conn);
	if (rescue->shut_down && under_way && !is_lost)
		conn_end_writing(conn);
	if (why == WHY_PASSED && !is_lost && is_owed(conn, under_way))
		return true;
	/* Without its frames what is still to come would be read as such. */
	if (rescue->framing && !is_lost && why != WHY_CLOSED)
		wire_disconnect(conn->fd);
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	rescue_free(conn);
	return false;
}

bool rescue_owe_error(struct conn *conn, int error)
{
	const struct rescue_start start = {.cause = CAUSE_RESET, .error = error};
	if (!conn->rescue)
		conn->rescue = rescue_plan_rescue(conn, &start);
	if (!conn->rescue)
		return false;
	conn->rescue->phase = PHASE_FAILED;
	conn->busy = true;
	conn->flags |= CONN_DOUBT;
	return true;
}

void rescue_leave_rest(void)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top && rescue_any_placed(); fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || conn == &conn_own || !conn->rescue || !conn_lock(conn, (int)fd))
			continue;
		if (conn->busy && conn->rescue->taken)
			conn_end(conn, WHY_CLOSED);
		else
			conn_unlock(conn);
	}
}

void rescue_yield_numbers(void)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || conn == &conn_own || !conn->rescue || !conn_lock(conn, (int)fd))
			continue;
		if (conn->busy) {
			conn_end(conn, WHY_PASSED);
			continue;
		}
		if (conn->rescue && conn->rescue->kept >= 0)
			rescue_drop_answer(conn->rescue);
		conn_unlock(conn);
	}
}
