/* SPDX-License-Identifier: MIT */
/* connect(2) on a blocking socket, tried again as the policy says. */
#ifndef REDIAL_CONNECT_BLOCK_H
#define REDIAL_CONNECT_BLOCK_H

#include "../../policy/policy.h"
#include "../conn/handle.h"

/*
 * Makes the call on handle->fd, and takes note of how it went. Each attempt but the first is for
 * connect_timeout_ms at most, and the first as well if `on` lists connect-timeout; all of them
 * together for the program's SO_SNDTIMEO. Returns 0 or the errno that the program gets: the first
 * attempt's, ETIMEDOUT if that took too long.
 */
int block_connect(const struct handle *handle, const struct sockaddr *addr, socklen_t len,
		  const struct policy_retry *settings);

#endif
