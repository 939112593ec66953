/* SPDX-License-Identifier: MIT */
/* The listening socket, and the ways it can turn connections away. */
#ifndef FAULTD_LISTENER_H
#define FAULTD_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#define HANG_MAX 32

struct listener {
	int fd;
	int port;
	/* refuse: this many connection attempts are still to be answered with RST */
	int refuse_left;
	int packets; /* AF_PACKET socket that sees those RSTs; -1: count in /proc/net/snmp */
	long refused_before; /* that count at the start */
	/* hang-accept: this many further connections are to get no answer */
	int hang_left;
	int hung;
	uint16_t hung_port[HANG_MAX]; /* their source ports, for ever unanswered */
};

/* Binds and listens. Returns 0, or -1 with the reason printed. */
int listener_open(struct listener *listener, const char *address, int port);

/* The next n connection attempts get ECONNREFUSED. */
void listener_refuse(struct listener *listener, int n);

/* The SYNs of the next n connections are dropped, retransmissions too. */
void listener_hang(struct listener *listener, int n);

/*
 * While connections are being turned away: call listener_tick when `packets` is readable, and each
 * millisecond if listener_needs_ticks says so.
 */
bool listener_needs_ticks(const struct listener *listener);
void listener_tick(struct listener *listener);

#endif
