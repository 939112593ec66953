/* SPDX-License-Identifier: MIT */
/* Which connections to a port of this host are still without an answer. */
#ifndef FAULTD_WAITING_H
#define FAULTD_WAITING_H

#include <stdint.h>

/*
 * The source ports of sockets of this host that wait in SYN_SENT for that port: at most max, by
 * IPv4 and by IPv6. Returns how many.
 */
int waiting_ports(int port, uint16_t *ports, int max);

#endif
