/* SPDX-License-Identifier: MIT */
/* The bytes that made the connection they are sent on. */
#include "../conn/end.h"
#include "../conn/path.h"
#include "../rescue/watch.h"
#include "bytes.h"
#include "write.h"

/* Whoever reads there already has learnt of the number from this call: the answer comes later. */
void call_note_written(struct conn *conn, const struct write_call *call, size_t taken)
{
	struct bytes_brought pieces;
	bool noted = false;
	if (!conn_lock(conn, call->fd))
		return;
	if (!bytes_bring_array(&pieces, call->iov, call->count)) {
		noted = bytes_record(conn, pieces.iov, pieces.count, taken) == BYTES_RECORDED;
		bytes_done(&pieces);
	}
	if (!noted) {
		conn_end(conn, WHY_PASSED);
		return;
	}
	if (path_is_to_watch(conn))
		path_watch(conn, conn->fd);
	if (rescue_watches())
		rescue_watch(conn);
	conn_unlock(conn);
}
