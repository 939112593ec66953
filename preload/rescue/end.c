/* SPDX-License-Identifier: MIT */
#include "end.h"

#include <errno.h>

#include "../log/log.h"
#include "../os/clock.h"
#include "../os/watcher.h"
#include "../conn/mark.h"
#include "../conn/table.h"
#include "machine.h"
#include "place.h"
#include "rescue.h"
#include "watch.h"

/* Threads that wait for the watcher, here or in a call of their own, are to look again. */
static void wake(const struct rescue *rescue)
{
	if (rescue->timer >= 0)
		os_timer_set(rescue->timer, 0);
}

void rescue_end_attempts(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	wake(rescue);
	rescue_close(&rescue->fresh);
	rescue_put_answer_back(conn);
	rescue_unplace(conn);
	rescue->laid_aside = false;
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

/* The old socket is alive and has seen nothing of the request: it goes out there, as bare. */
static void leave_to_old(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	uint32_t sent = rescue->old == OLD_IN_USE ? rescue->sent : 0;
	mark_attempt(conn, 1); /* it is the program's own sending */
	conn->unsent = conn->held_len - sent;
	rescue->taken = false;
}

/* An attempt is under way, or was planned: the socket that the program had goes back. */
static void end_under_way(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	bool lives = rescue->old != OLD_DEAD && rescue->unsent;
	rescue_close(&rescue->fresh);
	rescue_bring_back(conn);
	if (lives)
		leave_to_old(conn);
	if (rescue->taken && !rescue->error)
		rescue->error = ECONNRESET;
}

/* What the program is still to be told, though nothing else is followed any more. */
static bool is_owed(struct conn *conn, enum conn_why why)
{
	struct rescue *rescue = conn->rescue;
	if (why != WHY_PASSED)
		return false;
	if (rescue_owed(conn)) {
		rescue->off_track = true;
		return true;
	}
	if (!rescue->taken && !(rescue->phase == PHASE_FAILED && conn->busy))
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
	struct rescue *rescue = conn->rescue;
	if (!rescue)
		return false;
	rescue->now_ms = os_now_ms();
	if (rescue->phase < PHASE_FAILED && !rescue->first)
		log_abandoned(&rescue->who, rescue_sendings(rescue), rescue_elapsed_ms(rescue));
	rescue_is_over(rescue);
	wake(rescue);
	if (rescue->phase < PHASE_AWAITING)
		end_under_way(conn);
	rescue_unplace(conn);
	if (is_owed(conn, why))
		return true;
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	rescue_free(conn);
	return false;
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
