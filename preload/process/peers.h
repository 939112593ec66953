/* SPDX-License-Identifier: MIT */
/*
 * Who a peer is in the state that the processes of a launch share. A request that is answered
 * counts there with a single addition (state_answered).
 */
#ifndef REDIAL_PROCESS_PEERS_H
#define REDIAL_PROCESS_PEERS_H

#include <sys/socket.h>

#include "../../policy/state.h"

/* Counts what nobody looks at: for connections whose peer is not known yet. */
extern struct state_peer peers_nobody __attribute__((visibility("hidden")));

/* The counts of the peer at this address; peers_nobody if there is no memory for any. */
struct state_peer *peers_at(const struct sockaddr *addr, socklen_t len);

#endif
