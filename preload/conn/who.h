/* SPDX-License-Identifier: MIT */
/* Who a line of the log is about, from what is known of a request. */
#ifndef REDIAL_CONN_WHO_H
#define REDIAL_CONN_WHO_H

#include <stddef.h>
#include <sys/socket.h>

#include "../log/log.h"

/* The header that add_request_id adds, and that is logged then, if the policy names none. */
#define REQUEST_ID_HEADER "X-Request-Id"

/*
 * Fills *who from a request head as held, which may be incomplete, and the peer. With a head of no
 * bytes no request is known, and there is no method to be told.
 */
void who_identify(struct log_request *who, int fd, const char *head, size_t len, enum method method,
		  const struct sockaddr *peer);

/* The same where no request is known: a connect of the program's. */
void who_identify_connect(struct log_request *who, int fd, const struct sockaddr *peer);

#endif
