/* SPDX-License-Identifier: MIT */
/* Calls that make a connection and write to it at once. */
#ifndef REDIAL_HOOKS_CONNECT_H
#define REDIAL_HOOKS_CONNECT_H

#include "../calls/write.h"

/*
 * sendto or sendmsg with MSG_FASTOPEN (tcp(7)) and this address, on a socket that is not connected
 * yet: tracking begins here as it does with connect. Returns, and sets errno, as the plain call.
 */
__attribute__((noinline)) ssize_t connect_and_write(const struct write_call *call,
						    const struct sockaddr *addr, socklen_t len);

#endif
