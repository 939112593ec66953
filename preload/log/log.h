/* SPDX-License-Identifier: MIT */
/*
 * The log: one line an event, key=value, as one datagram to syslog or one write to a file. Nothing
 * here blocks, fails or keeps a descriptor open; lines that cannot be delivered are counted and
 * told in the next one that gets through.
 */
#ifndef REDIAL_LOG_H
#define REDIAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../../policy/decide.h"
#include "peer.h"

/* Who a line is about: texts cut to fit, NUL-terminated, "" where the request has none. */
struct log_request {
	const char *method; /* a literal */
	const char *tls;    /* the version of TLS that it goes over, a literal */
	int fd;		    /* -1 if there is none */
	bool resumes;	    /* the rest of a body is asked for, from ... */
	uint64_t resumed_at;
	unsigned status; /* of the response that is the cause of what is told; 0: none */
	char host[128];
	char path[192]; /* without the query */
	char peer[LOG_PEER_MAX];
	char request_id[96];
	char traceparent[64];
};

/* A resend is about to be made, delay_ms from now. attempt counts the program's own as 1. */
void log_attempt(const struct log_request *who, uint32_t attempt, uint32_t max, enum cause cause,
		 uint32_t delay_ms);

/* It worked: the program gets a response with this status; 0: what it wanted was no response. */
void log_recovered(const struct log_request *who, uint32_t attempts, unsigned status,
		   uint64_t elapsed_ms);

/* It did not: the program gets the original error. */
void log_exhausted(const struct log_request *who, uint32_t attempts, enum cause cause,
		   enum reason reason, uint64_t elapsed_ms);

/* An idle connection was not replaced, the redial having failed so: the request went out on it. */
void log_kept(const struct log_request *who, uint32_t attempts, enum cause cause,
	      uint64_t elapsed_ms);

/* The program closed the connection while we were at it. */
void log_abandoned(const struct log_request *who, uint32_t attempts, uint64_t elapsed_ms);

/* A failure that the safety rule lets through to the program. */
void log_refused(const struct log_request *who, enum cause cause, enum reason reason);

/* The breaker of this peer has become "open", "half-open" or "closed". */
void log_breaker(const struct sockaddr *peer, const char *state);

/* A TLS library is none that is known, and left alone. `why` and `what` stand one behind the other.
 */
void log_tls_left_alone(const char *file, const char *why, const char *what);

/* The policy cannot be used; redial passes everything through. line 0: none applies. */
void log_invalid_policy(const char *file, unsigned line, const char *error);

#endif
