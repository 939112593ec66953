/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "../conn/peer.h"
#include "../os/mem.h"
#include "../process/peers.h"
#include "dial.h"
#include "pace.h"
#include "rescue.h"

enum { IPV4_AT = 12 }; /* in a mapped address */

static bool is_mapped(const uint8_t *bytes)
{
	static const uint8_t mapped[IPV4_AT] = {[10] = 0xff, [11] = 0xff};
	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

/* Its zone is not kept (RFC 4007). */
static bool is_link_local(const uint8_t *bytes)
{
	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

/* The same in the peer's family, with its port. false if a socket as it has cannot go there. */
static bool make(const struct conn *conn, const struct resolved_address *other,
		 union os_address *addr)
{
	const uint8_t *bytes = other->bytes;
	memcpy(addr, &conn->peer, conn->peer_len);
	if (addr->any.sa_family == AF_INET) {
		memcpy(&addr->in.sin_addr, bytes + IPV4_AT, sizeof(addr->in.sin_addr));
		return is_mapped(bytes);
	}
	const uint8_t *own = addr->in6.sin6_addr.s6_addr;
	if (addr->any.sa_family != AF_INET6 || is_mapped(own) != is_mapped(bytes) ||
	    is_link_local(own) || is_link_local(bytes))
		return false;
	memcpy(&addr->in6.sin6_addr, bytes, sizeof(addr->in6.sin6_addr));
	return true;
}

socklen_t rescue_route_address(const struct conn *conn, union os_address *addr)
{
	const struct rescue_route *route = &conn->rescue->route;
	if (!route->at)
		return conn_peer_to_dial(conn, addr);
	make(conn, &route->others[route->at - 1], addr);
	return conn->peer_len;
}

uint32_t rescue_route_age_ms(const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	if (!rescue->settings.address_max_age_ms)
		return 0;
	uint64_t age_ms = resolved_age_ms(&conn->peer.any, rescue->who.host, rescue->now_ms);
	return age_ms < UINT32_MAX ? (uint32_t)age_ms : UINT32_MAX;
}

struct state_peer *rescue_route_peer(const struct conn *conn)
{
	union os_address addr;
	if (!conn->rescue->route.at)
		return conn->peer_state;
	return peers_at(&addr.any, rescue_route_address(conn, &addr));
}

static void ask(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	struct rescue_route *route = &rescue->route;
	/* To whom the program itself is connecting, it is connecting. */
	if (!route->known && !rescue_is_dial(rescue))
		route->count =
		    (uint8_t)resolved_others(&conn->peer.any, rescue->who.host, route->others);
	route->known = true;
}

static bool is_open(const struct conn *conn, uint8_t at)
{
	union os_address addr;
	const struct rescue_route *route = &conn->rescue->route;
	return !(route->silent >> at & 1) && (!at || make(conn, &route->others[at - 1], &addr));
}

/* In the log it is the one that is spoken of. */
static void go_to(struct conn *conn, uint8_t at)
{
	struct rescue *rescue = conn->rescue;
	union os_address addr;
	bool moves = rescue->route.at != at;
	rescue->route.at = at;
	if (moves && rescue_route_address(conn, &addr))
		log_name_peer(rescue->who.peer, &addr.any);
}

/* To the first one from there on that may be dialed, its breaker asked. */
static bool find_from(struct conn *conn, uint8_t at)
{
	const struct rescue_route *route = &conn->rescue->route;
	for (; at <= route->count; at++) {
		union os_address addr;
		if (!is_open(conn, at))
			continue;
		uint8_t before = route->at;
		go_to(conn, at);
		rescue_route_address(conn, &addr);
		if (!at || !pace_rejects(rescue_route_peer(conn), &addr.any, conn->rescue->now_ms))
			return true;
		go_to(conn, before);
	}
	return false;
}

bool rescue_route_next(struct conn *conn, enum cause cause)
{
	struct rescue *rescue = conn->rescue;
	struct rescue_route *route = &rescue->route;
	if (cause == CAUSE_CONNECT_TIMEOUT)
		route->silent |= (uint16_t)(1u << route->at);
	ask(conn);
	return find_from(conn, (uint8_t)(route->at + 1));
}

bool rescue_route_leads_on(const struct conn *conn)
{
	const struct rescue_route *route = &conn->rescue->route;
	for (uint8_t at = 0; at <= route->count; at++) {
		if (is_open(conn, at) && !rescue_is_dial(conn->rescue))
			return true;
	}
	return false;
}

void rescue_route_begin(struct conn *conn)
{
	if (conn->rescue->settings.on & POLICY_ON_CONNECT_TIMEOUT)
		conn->rescue->route.silent = 0;
	if (!find_from(conn, 0))
		go_to(conn, 0);
}

void rescue_route_home(struct conn *conn)
{
	go_to(conn, 0);
}

void rescue_route_arrived(struct conn *conn)
{
	struct rescue_route *route = &conn->rescue->route;
	union os_address addr;
	if (route->at) {
		struct state_peer *peer = rescue_route_peer(conn);
		socklen_t len = rescue_route_address(conn, &addr);
		memcpy(&conn->peer, &addr, len);
		conn->peer_state = peer;
	}
	*route = (struct rescue_route){0};
}

bool rescue_route_elsewhere(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->sent || rescue->phase != PHASE_CONNECTING ||
	    rescue->now_ms >= rescue_deadline_ms(rescue) || !rescue_route_next(conn, rescue->cause))
		return false;
	rescue->phase = PHASE_BACKOFF;
	rescue->wake_ms = rescue->now_ms;
	rescue->delay_ms = 0;
	rescue->told = false;
	return true;
}
