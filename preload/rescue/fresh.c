/* SPDX-License-Identifier: MIT */
#include "fresh.h"

#include <errno.h>
#include <netinet/tcp.h>

#include "../conn/peer.h"
#include "../conn/secured.h"
#include "../conn/turns.h"
#include "../os/address.h"
#include "../os/watcher.h"
#include "../wire/like.h"
#include "../wire/socket.h"
#include "dial.h"
#include "greet.h"
#include "machine.h"
#include "revive.h"
#include "rescue.h"
#include "stay.h"
#include "watch.h"

enum reason rescue_fresh_make(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (conn->flags & CONN_UNLIKE)
		return REASON_OPTIONS;
	if (!conn_peer_is_there(conn))
		return REASON_IDENTITY;
	if (rescue_revive(conn))
		return REASON_NONE;
	int fresh = wire_socket_like(rescue_dead_socket(conn), conn->peer.any.sa_family,
				     conn->flags & CONN_BOUND, &conn->options);
	if (fresh < 0)
		return fresh == WIRE_UNLIKE ? REASON_OPTIONS : REASON_RESOURCES;
	rescue_own(&rescue->fresh, fresh);
	rescue->greet = (struct rescue_greet){0};
	if (rescue->placed && os_watch(conn->fd, rescue->fresh) < 0)
		return REASON_RESOURCES;
	return REASON_NONE;
}

int rescue_fresh_dial(struct conn *conn)
{
	union os_address peer;
	socklen_t len = rescue_route_address(conn, &peer);
	int error = wire_redial(conn->rescue->fresh, &peer.any, len, rescue_greets(conn));
	rescue_revive_dialed(conn);
	return error;
}

int rescue_fresh_result(const struct conn *conn)
{
	union os_address peer;
	socklen_t len = rescue_route_address(conn, &peer);
	return wire_connect_result(conn->rescue->fresh, &peer.any, len);
}

/* Not where a send is what dials. */
static bool dials_by_send(const struct conn *conn)
{
	static const int names[] = {TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_NO_COOKIE};
	bool any = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		any |=
		    wire_notes_have(&conn->options, wire_option_find(IPPROTO_TCP, names[i], false));
	return any;
}

bool rescue_fresh_tells(const struct conn *conn)
{
	return conn->peer.any.sa_family != AF_UNIX && !rescue_is_dial(conn->rescue) &&
	       !conn->rescue->resumes && !rescue_greets(conn) && !conn_is_secured(conn) &&
	       conn_first_share(conn) && !dials_by_send(conn);
}

bool rescue_fresh_is_not_up(const struct conn *conn, long taken)
{
	bool nothing = wire_took_nothing(taken) && taken != -EAGAIN;
	return conn->rescue->unsettled && !conn->rescue->sent && taken < 0 && !nothing;
}

static bool is_itself(const struct conn *conn)
{
	union os_address peer;
	socklen_t len = rescue_route_address(conn, &peer);
	return wire_is_itself(conn->rescue->fresh, &peer.any, len);
}

int rescue_fresh_settle(const struct conn *conn)
{
	union os_address peer;
	socklen_t len = rescue_route_address(conn, &peer);
	return wire_settle(conn->rescue->fresh, &peer.any, len);
}

int rescue_fresh_sent(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->unsettled)
		return 0;
	rescue->unsettled = false;
	if (is_itself(conn)) {
		rescue->phase = PHASE_CONNECTING;
		rescue->sent = 0;
		return -ECONNREFUSED;
	}
	int error = rescue_fresh_settle(conn);
	return error && wire_is_dead(rescue->fresh) ? error : 0;
}

enum reason rescue_fresh_check(const struct conn *conn)
{
	if (rescue_stays(conn) || conn->rescue->first) /* it is the program's own */
		return REASON_NONE;
	if (conn->flags & CONN_UNLIKE)
		return REASON_OPTIONS;
	return conn_peer_is_same(conn, rescue_dead_socket(conn), conn->rescue->fresh)
		   ? REASON_NONE
		   : REASON_IDENTITY;
}

void rescue_fresh_watch(struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	int socket = rescue_stays(conn) ? rescue->dead : rescue->fresh;
	if (rescue->phase == PHASE_GREETING || rescue->phase == PHASE_RESUMING)
		os_watch_anew(conn->fd, rescue->fresh, true);
	if (rescue->fresh_events && socket >= 0) /* its end is told of with no events as well */
		os_watch_for(conn->fd, socket, rescue->starved ? 0 : rescue->fresh_events);
}

void rescue_option_set(struct conn *conn, const struct wire_note *note)
{
	const struct rescue *rescue = conn->rescue;
	if (!rescue)
		return;
	if (note && rescue->kept >= 0)
		wire_set(rescue->kept, note);
	if (note && rescue->fresh >= 0 && !rescue->first && wire_set_early(rescue->fresh, note) < 0)
		conn->flags |= CONN_UNLIKE;
	if (conn->flags & CONN_UNLIKE)
		rescue_unwatch(conn);
}
