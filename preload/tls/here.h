/* SPDX-License-Identifier: MIT */
/*
 * What a thread is at: its calls to TLS libraries that are under way. One that leaves such a call
 * by a jump (wget does when its time is up) leaves it here, and a frame that is gone: such a one
 * lies nowhere above the frames that the thread has now.
 */
#ifndef REDIAL_TLS_HERE_H
#define REDIAL_TLS_HERE_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct tls_call;
struct tls_session;

struct tls_here {
	struct tls_call *call; /* the innermost, or NULL */
	/* A quick call (quick.h), of which there is no more than this. */
	const void *quick;	     /* its frame, or NULL */
	struct tls_session *session; /* that it is made on */
	struct conn *conn;	     /* and that one's connection; NULL: it is quick no more */
	uint32_t life;		     /* which of those that have that memory */
	struct tls_session *judged;  /* whose chain the library looks at for a rescue, or NULL */
};

/* One instruction more than a global variable: all threads that there are have it from their start.
 */
extern __thread struct tls_here tls_here
    __attribute__((visibility("hidden"), tls_model("initial-exec")));

/* Does a call that has its frame at `outer` enclose one with `inner`? */
static inline bool tls_is_around(const void *outer, const void *inner)
{
	return (uintptr_t)outer > (uintptr_t)inner;
}

#endif
