/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include "../conn/end.h"
#include "../rescue/watch.h"
#include "placeholder.h"
#include "sending.h"

ssize_t call_write_unseen(struct conn *conn, const struct write_call *call)
{
	return sending_run(conn, call, 0);
}

enum unseen call_read_unseen(struct conn *conn, int fd)
{
	if (!conn_lock(conn, fd))
		return UNSEEN_GO_ON;
	if (call_has_lost_number(conn))
		return UNSEEN_GO_ON;
	if (conn->busy)
		rescue_unwatch(conn);
	if (conn->busy || conn->care & CARE_HOLDING) {
		conn_unlock(conn);
		return UNSEEN_OWED;
	}
	conn_end(conn, WHY_PASSED);
	return UNSEEN_GO_ON;
}
