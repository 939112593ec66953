/* SPDX-License-Identifier: MIT */
/*
 * Programs that know what `localhost` means without a look-up, as libcurl and c-ares do, try both
 * 127.0.0.1 and ::1.
 */
#ifndef REDIAL_CONNECT_LOOPBACK_H
#define REDIAL_CONNECT_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * Does somebody listen at the same port of the other loopback address? Asks /proc/net/tcp or tcp6
 * (proc(5)); false for any other address, and if that cannot be found out.
 */
bool loopback_other_listens(const struct sockaddr *addr);

/* Pure: does a line of those files tell of a listener at one of these addresses, and this port? */
enum loopback_line { LOOPBACK_OTHER, LOOPBACK_FOUND, LOOPBACK_END };
enum loopback_line loopback_look(const char *line, size_t len, bool v6, unsigned port);

#endif
