/* SPDX-License-Identifier: MIT */
#include "yield.h"

#include <errno.h>

#include "../conn/secured.h"
#include "../log/log.h"
#include "../os/clock.h"
#include "dial.h"
#include "end.h"
#include "machine.h"
#include "place.h"
#include "rescue.h"
#include "stay.h"
#include "watch.h"

bool rescue_is_of_living(const struct conn *conn)
{
	return conn->busy && (conn->rescue->laid_aside || conn->rescue->old != OLD_DEAD);
}

/* Of its own connect a program has been told nothing that would not come true without us. */
static bool was_only_watched(const struct conn *conn)
{
	return conn->rescue->first && !conn->held_len;
}

static void fail(struct conn *conn, enum reason why)
{
	struct rescue *rescue = conn->rescue;
	rescue->now_ms = os_now_ms();
	if (rescue->attempts == 1)
		log_refused(&rescue->who, rescue->cause, why);
	else
		rescue_exhausted(rescue, why);
	rescue_end_attempts(conn);
	if (rescue->taken && !rescue->error) /* the program was told that bytes are written */
		rescue->error = ECONNRESET;
}

void rescue_yield(struct conn *conn, enum reason why)
{
	rescue_unwatch(conn);
	if (!conn->rescue || !conn->rescue->placed)
		return;
	if (!conn->busy || conn->rescue->phase >= PHASE_FAILED) { /* what is left is to tell */
		rescue_unplace(conn);
		conn->busy = conn->rescue->phase == PHASE_FAILED;
	} else if (was_only_watched(conn)) {
		rescue_close(&conn->rescue->fresh);
		rescue_unplace(conn);
		rescue_free(conn);
		conn->busy = false;
	} else if (!rescue_stay(conn) || rescue_step(conn) == RESCUE_UNDER_WAY) {
		fail(conn, why);
	}
}

bool rescue_give_back(struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	if (!rescue->placed || rescue->phase >= PHASE_AWAITING || rescue->old != OLD_ALIVE ||
	    !rescue->unsent || conn_is_secured(conn))
		return false;
	rescue_yield(conn, REASON_UNSEEN_BYTES);
	return true;
}
