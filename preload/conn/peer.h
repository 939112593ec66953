/* SPDX-License-Identifier: MIT */
/* Whom a connection leads to. */
#ifndef REDIAL_CONN_PEER_H
#define REDIAL_CONN_PEER_H

#include <stdbool.h>

#include "../os/address.h"
#include "conn.h"

/*
 * The connection's peer, for the log and for counts: as connect was given it, or for a local socket
 * as the kernel tells it, which is the name that the peer itself has bound, wherever that was.
 */
socklen_t conn_peer(const struct conn *conn, int fd, union os_address *addr);

/* What connect was given: what to dial. Returns its length, 0 if that is not known. */
socklen_t conn_peer_to_dial(const struct conn *conn, union os_address *addr);

/* socket(2) has made fd, of this domain: a local one has its peer looked at. */
void conn_peer_domain(int fd, int domain);

/*
 * connect is about to be called on fd, has been, and stands: with what the path of a local peer
 * names at both times it is known to which file the connection leads. addr need not be readable
 * before. One system call each, none for TCP.
 */
void conn_peer_before(int fd, const struct sockaddr *addr);
void conn_peer_after(struct conn *conn, const struct sockaddr *addr, socklen_t len);

/* Does its path still name the socket that was connected to? One system call, for local peers. */
bool conn_peer_is_there(const struct conn *conn);

/*
 * The same, asked of a fresh socket that is connected: is its peer that of the dead one, as far as
 * the kernel can tell? To be asked before a byte is sent.
 */
bool conn_peer_is_same(const struct conn *conn, int dead, int fresh);

/* A write to a local peer has been taken: remembers when, without a system call. */
void conn_peer_wrote(struct conn *conn);

/* How long ago that was, in milliseconds, at now_ms (os_now_ms); 0 if it is not known. */
uint64_t conn_peer_wrote_ms(const struct conn *conn, uint64_t now_ms);

/* Gives back what is kept of a local peer. */
void conn_peer_drop(struct conn *conn);

#endif
