/* SPDX-License-Identifier: MIT */
#include "held.h"

#include "../conn/peer.h"
#include "../http1/http1.h"
#include "../os/address.h"
#include "../os/clock.h"
#include "../os/watcher.h"
#include "../process/config.h"
#include "../wire/socket.h"
#include "machine.h"
#include "pace.h"
#include "place.h"
#include "rescue.h"
#include "status.h"

bool held_may(const struct conn *conn)
{
	return conn->request_count == 1 && conn->exchange->requests[0].complete && !conn->busy &&
	       !conn->unsent && !(conn->flags & (CONN_ANSWERING | CONN_DOUBT));
}

void held_end_probe(struct conn *conn, int status)
{
	union os_address peer;
	if (!(conn->care & CARE_PROBE) || !conn_waiting(conn) || conn->busy)
		return;
	if (!status && config.policy->uses & POLICY_USES_STATUSES)
		return; /* too short a piece to tell: then the next response does */
	conn->care &= (uint8_t)~CARE_PROBE;
	conn_peer(conn, conn->fd, &peer);
	if (status <= 0 || !status_is_listed(status))
		pace_succeeded(conn->peer_state, &peer.any, os_now_ms());
}

bool held_is_idle_408(const struct conn *conn, int status, const char *bytes, size_t len)
{
	return held_is_last_408(conn, status, bytes, len) && wire_is_dead(conn->fd);
}

bool held_is_last_408(const struct conn *conn, int status, const char *bytes, size_t len)
{
	struct http1 answer;
	size_t used;
	if (status != 408 ||
	    !(conn->flags & CONN_REUSED || config.policy->uses & POLICY_USES_FIRST_USE))
		return false;
	http1_response(&answer, conn->exchange->requests[0].method);
	enum http1_result result = http1_feed(&answer, bytes, len, &used);
	bool whole = (result == HTTP1_DONE && used == len) ||
		     (result == HTTP1_MORE && answer.flags & HTTP1_UNTIL_CLOSE);
	return whole && !(answer.flags & HTTP1_PERSISTENT);
}

void held_decide_to_give(struct conn *conn, int status)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->attempts > 1 && !status_is_listed(status))
		rescue_tell_recovered(conn, status > 0 ? (unsigned)status : 0);
	rescue_take_pieces(rescue);
	rescue->phase = PHASE_GIVING;
	conn->care |= CARE_HOLDING;
}

bool held_is_owed(const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	return rescue && rescue->expected && rescue->phase == PHASE_GIVING && !conn->busy;
}

/* One that has ended tells that there is more, whatever is read from it. */
void held_leave_rest(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	conn->care |= CARE_HOLDING;
	bool tells = rescue->placed || wire_is_dead(conn->fd) || wire_has_unread(conn->fd);
	if (!tells && rescue_place(conn) < 0)
		rescue_expect(conn);
	if (rescue->placed)
		os_timer_set(rescue->timer, 0);
	conn->busy = rescue->placed;
}
