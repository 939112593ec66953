/* SPDX-License-Identifier: MIT */
/*
 * Which address a rescue dials. It is the connection's peer first; where that refuses, or nobody
 * answers there, the others of the answer follow that the peer is from, in its order, as in a
 * connect of the program's own. All functions are called with the connection locked.
 */
#ifndef REDIAL_RESCUE_ROUTE_H
#define REDIAL_RESCUE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../policy/decide.h"
#include "../conn/conn.h"
#include "../os/address.h"
#include "../process/resolved.h"

/* Part of a struct rescue. All zero: at the peer, and nothing else is known. */
struct rescue_route {
	bool known;	 /* `others` has been asked for */
	uint8_t count;	 /* of others */
	uint8_t at;	 /* 0: the peer; else 1 + the place in others */
	uint16_t silent; /* mask, a bit for each such number: nobody answered there */
	struct resolved_address others[RESOLVED_ADDRESSES_MAX];
};

/* The address that is dialed now, as connect takes it. Returns its length, 0 if none is known. */
socklen_t rescue_route_address(const struct conn *conn, union os_address *addr);

/* Since the look-up that the peer is from, for the safety rule; 0 if the policy has no limit. */
uint32_t rescue_route_age_ms(const struct conn *conn);

/* The counts of whoever is there. */
struct state_peer *rescue_route_peer(const struct conn *conn);

/*
 * A dial has failed so: is there another address to be dialed in the same attempt? Then that is now
 * the one, in the log as well.
 */
bool rescue_route_next(struct conn *conn, enum cause cause);

/* May the next attempt begin at an address at which somebody may answer? */
bool rescue_route_leads_on(const struct conn *conn);

/*
 * The next attempt begins: at the first such address, or if there is none at the peer. Under
 * `connect-timeout` they are all asked once more.
 */
void rescue_route_begin(struct conn *conn);

/* There is none: what is told of the rescue is told of the peer. */
void rescue_route_home(struct conn *conn);

/* The socket that was dialed has the number: it is the connection's peer. */
void rescue_route_arrived(struct conn *conn);

/* The same attempt goes on at another address of the name, if it was only dialed. */
bool rescue_route_elsewhere(struct conn *conn);

#endif
