/* SPDX-License-Identifier: MIT */
/* Whom a connection leads to. */
#ifndef REDIAL_CONN_PEER_H
#define REDIAL_CONN_PEER_H

#include "../os/address.h"
#include "conn.h"

/* The connection's peer: as connect was given it, or for a local socket as the kernel tells it. */
socklen_t conn_peer(const struct conn *conn, int fd, union os_address *addr);

#endif
