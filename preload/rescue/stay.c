/* SPDX-License-Identifier: MIT */
#include "stay.h"

#include "../os/watcher.h"
#include "../log/log.h"
#include "../conn/mark.h"
#include "machine.h"
#include "place.h"
#include "rescue.h"

bool rescue_stay(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->old != OLD_ALIVE || !rescue->unsent)
		return false;
	if (rescue->placed && os_watch(conn->fd, rescue->dead) < 0)
		return false;
	rescue_close_fresh(conn);
	rescue->old = OLD_IN_USE;
	rescue->phase = PHASE_SENDING;
	rescue->wake_ms = UINT64_MAX;
	rescue->unsettled = false;
	rescue->sent = 0;
	mark_attempt(conn, 1); /* it will be the program's own sending */
	return true;
}

bool rescue_stays(const struct conn *conn)
{
	return conn->rescue->old == OLD_IN_USE;
}

void rescue_stayed(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->placed)
		conn->epoch++; /* threads that wait for the rescue learn that it has ended well */
	rescue_unplace(conn);
	conn->idle_since = 0; /* not to be replaced before it has answered */
	log_kept(&rescue->who, rescue_sendings(rescue), rescue->cause, rescue_elapsed_ms(rescue));
}

void rescue_stay_failed(struct conn *conn, int error)
{
	struct rescue *rescue = conn->rescue;
	rescue->old = OLD_DEAD;
	if (rescue->placed)
		os_unwatch(conn->fd, rescue->dead);
	rescue->error = error;
}
