/* SPDX-License-Identifier: MIT */
/* Requests to `redial stat --listen`: what of HTTP/1.x it takes is little. Pure. */
#ifndef REDIAL_STAT_REQUEST_H
#define REDIAL_STAT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* A longer head is refused: RFC 9110, 5.4, has no limit, Prometheus sends some 400 bytes. */
enum { REQUEST_MAX = 8192 };

struct request {
	unsigned status; /* 200, 400, 404, 405, 431 or 505 */
	bool head;	 /* HEAD: the answer is to have no body */
};

/*
 * Reads a request of len bytes. false if its head is not complete yet. Whatever follows the head is
 * not looked at: the answer closes the connection, RFC 9112, 9.6.
 */
bool request_read(struct request *request, const char *bytes, size_t len);

/* What the status is called: RFC 9110, 15. */
const char *request_phrase(unsigned status);

#endif
