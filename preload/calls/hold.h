/* SPDX-License-Identifier: MIT */
/*
 * Responses that may not be for the program: those with a status that the policy retries (and the
 * 408 that servers send when they close an idle connection). They are recognized where they land,
 * in the program's own buffer, and only one that is repeated is copied. Functions are called with
 * the connection locked, unless they say otherwise.
 */
#ifndef REDIAL_CALLS_HOLD_H
#define REDIAL_CALLS_HOLD_H

#include "reading.h"

enum held {
	HELD_NOT,    /* it is the program's: go on as usual */
	HELD_RESCUE, /* a rescue has begun instead: make the call again */
	HELD_BEGUN,  /* there is more to see first (CARE_HOLDING): make the call again */
	HELD_LOST,   /* it is the program's, and the lock is gone */
};

/* Is what a read has given a 408? That is looked at under every policy. */
static inline bool hold_is_408(const struct read_call *call, size_t len)
{
	const char *bytes = call->iov->iov_base;
	return len >= 16 && call->iov->iov_len >= len &&
	       __builtin_memcmp(bytes + 8, " 408", 4) == 0;
}

/* Looks at len bytes that were read, or peeked at. Keeps the lock, but for HELD_LOST. */
__attribute__((noinline)) enum held hold_look(struct reading *r, size_t len);

/* CARE_HOLDING: goes on looking, or gives what the program is owed. Leaves without the lock. */
enum attended hold_go_on(struct reading *r);

/*
 * After RESCUE_FAILED, if rescue_has_answer: gives the program the response, or as much of it as
 * its buffers take. Leaves without the lock.
 */
enum attended hold_give(struct reading *r);

/*
 * What else a read from a connected stream tells: no address, no control data, no flags. false: the
 * program's memory is bad.
 */
bool hold_fill_message(const struct read_call *call);

#endif
