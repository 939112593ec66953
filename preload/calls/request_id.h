/* SPDX-License-Identifier: MIT */
/*
 * add_request_id: a request without an id is given one on its way out. The program's write is made
 * as a wider one with the header behind the request line, and recorded so: what is sent again, and
 * logged, has the same id. The program is told of its own bytes alone.
 */
#ifndef REDIAL_CALLS_REQUEST_ID_H
#define REDIAL_CALLS_REQUEST_ID_H

#include "../process/config.h"
#include "write.h"

/* write_call.quiet of a call that is made for another one. */
ssize_t request_id_quiet(const struct write_call *call, int fd);

static inline bool request_id_is_made(const struct write_call *call)
{
	return call->quiet == request_id_quiet;
}

/* Is this a call of the program's own, under a policy that may add something to it? */
static inline bool request_id_is_wanted(const struct write_call *call)
{
	return __builtin_expect(config.policy->uses & POLICY_USES_REQUEST_ID, 0) &&
	       !request_id_is_made(call);
}

/*
 * call_write, with an id for the request that begins with this call, if its head is here whole and
 * has none. Takes the lock itself; returns what call_write does.
 */
__attribute__((noinline)) ssize_t request_id_write(struct conn *conn,
						   const struct write_call *call);

/* The program's call in the place of which this one is made; else the call itself. */
const struct write_call *request_id_own(const struct write_call *call);

/*
 * The kernel has taken a part of the call: it went to the socket that the connection has now, which
 * a rescue may have put there. Called with the lock.
 */
void request_id_note_socket(const struct conn *conn, const struct write_call *call);

/*
 * The kernel has taken so many bytes of the call, which are recorded: if they end inside of the
 * header, records its rest, as bytes that wait (conn.unsent), for no byte of the program's may come
 * before them.
 */
void request_id_keep_rest(struct conn *conn, const struct write_call *call, size_t taken);

#endif
