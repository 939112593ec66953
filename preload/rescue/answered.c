/* SPDX-License-Identifier: MIT */
/* A rescue has worked. */
#include "../conn/hello.h"
#include "../conn/peer.h"
#include "../log/log.h"
#include "../os/address.h"
#include "../os/clock.h"
#include "../process/abandons.h"
#include "machine.h"
#include "pace.h"
#include "rescue.h"

void rescue_tell_recovered(struct conn *conn, unsigned status)
{
	struct rescue *rescue = conn->rescue;
	rescue->now_ms = os_now_ms();
	abandons_end();
	log_recovered(&rescue->who, rescue_sendings(rescue), status, rescue_elapsed_ms(rescue));
	rescue_is_over(rescue);
	union os_address peer;
	conn_peer(conn, conn->fd, &peer);
	pace_succeeded(conn->peer_state, &peer.any, rescue->now_ms);
}

void rescue_note_answer(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	bool hello = rescue && conn_is_hello(conn) && rescue->phase == PHASE_AWAITING;
	if (!rescue || !(rescue->conn.status || hello))
		return;
	unsigned status = rescue->conn.status;
	rescue->conn.status = 0;
	if (rescue->phase != PHASE_AWAITING)
		return; /* it is what was held back that is given now */
	rescue_tell_recovered(conn, status);
	rescue_free(conn);
}
