/* SPDX-License-Identifier: MIT */
/* Calls that were made without a detour, and for which more is to be done after all. */
#ifndef REDIAL_CALLS_SETTLE_H
#define REDIAL_CALLS_SETTLE_H

#include "read.h"
#include "write.h"

/* What the kernel said, and where the connection stood when its lock was let go before that. */
struct past {
	union {
		struct {
			uint32_t life, epoch;
		};
		uint64_t life_and_epoch;
	};
	uint32_t popped;
	ssize_t result; /* and errno */
	bool secured;	/* a write: TLS goes over it, nothing of this is recorded */
};

/*
 * Goes on with a write of len bytes, a request that was recorded with none before it. Called
 * without the lock. Returns, and sets errno, as call_write.
 */
ssize_t settle_write(struct conn *conn, const struct write_call *call, size_t len,
		     const struct past *past);

/* The same for a read; the second one where TLS goes over the connection. */
ssize_t settle_read(struct conn *conn, const struct read_call *call, const struct past *past);

ssize_t settle_secured_read(struct conn *conn, const struct read_call *call,
			    const struct past *past);

#endif
