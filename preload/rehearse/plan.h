/* SPDX-License-Identifier: MIT */
/*
 * What a rehearsal is to do, and what it has come by so far: a file that the command makes and
 * every process of the rehearsal maps, so that short-lived processes have their turns one after
 * another.
 */
#ifndef REDIAL_REHEARSE_PLAN_H
#define REDIAL_REHEARSE_PLAN_H

#include <stdint.h>

/* The kinds of faults; the names are those of --fault and of the log. */
#define REHEARSE_FAULTS(X)                                                                         \
	X(STALE, "stale")     /* ended before a request's first byte */                            \
	X(RESET, "reset")     /* reset after the request is out */                                 \
	X(EOF, "eof")	      /* ended after the request is out */                                 \
	X(SILENT, "silent")   /* the answer is kept away */                                        \
	X(CONNECT, "connect") /* a connect is refused */                                           \
	X(DNS, "dns")	      /* a look-up fails for the moment */

enum fault {
#define X(name, text) FAULT_##name,
	REHEARSE_FAULTS(X)
#undef X
	    FAULT_COUNT
};

/* Those that befall a request on a connection that has answered before. */
enum {
	FAULTS_OF_REQUESTS =
	    1 << FAULT_STALE | 1 << FAULT_RESET | 1 << FAULT_EOF | 1 << FAULT_SILENT
};

/* Every so many chances one of these kinds, each in its turn. */
struct plan_turn {
	uint32_t kinds; /* mask of 1 << enum fault */
	uint32_t every; /* 1 or more */
	uint32_t seen;	/* chances since the last fault */
	uint32_t next;	/* the kind that is to be looked at first */
};

#define PLAN_MAGIC "REDIALH1"

enum { PLAN_LOG_MAX = 256 };

/* All counters are for atomic access alone. */
struct plan {
	char magic[8];
	uint32_t size; /* of this structure */
	uint32_t turn_count;
	struct plan_turn turns[FAULT_COUNT];
	uint64_t connections;
	uint64_t requests; /* that could be read */
	uint64_t reused;  /* of them, on connections that had answered before; records of TLS too */
	uint64_t secured; /* connections with TLS */
	uint64_t http2;	  /* of them, that may speak HTTP/2: left alone */
	char log[PLAN_LOG_MAX]; /* where each fault is told, and redial tells its part */
};

#endif
