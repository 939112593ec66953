/* SPDX-License-Identifier: MIT */
/* What the parts of call_write share. */
#ifndef REDIAL_CALLS_SENDING_H
#define REDIAL_CALLS_SENDING_H

#include "../conn/handle.h"
#include "../rescue/machine.h"
#include "write.h"

/* Off the usual path, whose registers they would only use up. */
#define COLD __attribute__((noinline))

/* write_call.count of a call whose bytes cannot be followed, whatever they are (transfer.h). */
enum { SENDING_UNSEEN = INT32_MAX };

/* A call of the program's on its way. */
struct sending {
	const struct write_call *call;
	size_t len;
	struct handle handle;
	ssize_t result; /* the kernel's, where its word counts */
	int socket;	/* what the plain call is to be made on, ours; -1: the number */
};

/* What became of a try. */
enum sent {
	KERNELS_WORD, /* the kernel's result and errno are the program's */
	TAKEN,	      /* a rescue has all the bytes */
	PASS_ON,      /* make the plain call: what the kernel says to it is what it says bare */
	TRY_AGAIN,
	SEND_ON, /* sending_replace_idle only: go on with it */
};

/* May redial follow the call's bytes on this connection? Not, if another thread is writing to it.
 */
bool sending_is_trackable(const struct conn *conn, const struct write_call *call);

/*
 * Goes from try to try until the call, of len bytes, is over. Returns, and sets errno, as the plain
 * call does.
 */
ssize_t sending_run(struct conn *conn, const struct write_call *call, size_t len);

/* Of a head in memory that is not known, all that is looked at. */
enum { SENDING_HEAD_MAX = 2048 };

/*
 * A connection that its server may be about to close is replaced before a request, which is
 * recorded and has nothing before it, goes out. SEND_ON: it is not, and serves. Called with the
 * lock, and leaves without unless it says SEND_ON.
 */
enum sent sending_replace_idle(struct sending *s);

/*
 * Where a rescue begins with the call's bytes: the request's first ones, our copy, or the program's
 * if there was no room for one; copied to `room` for the while if they may not be touched there.
 */
void sending_set_head(struct rescue_start *start, const struct conn *conn,
		      const struct write_call *call, char room[SENDING_HEAD_MAX]);

/* May the call wait, as the program has set its descriptor and the call's flags? */
bool sending_may_wait(const struct conn *conn, const struct write_call *call);

/* The program gets this error, and the signal that comes with it. Called without the lock. */
enum sent sending_tell(struct sending *s, int error);

/*
 * The same of the error that redial has had of the kernel meanwhile (rescue_owe_error). Called with
 * the lock, leaves without.
 */
enum sent sending_tell_owed(struct sending *s);

/*
 * The kernel's turn, once the call has waited: s->result and errno. Called with the lock, leaves
 * without; false, and the lock is kept, if another file lies at the number.
 */
bool sending_write_waited(struct sending *s);

/* The number has become another file: after a wait the call fails with what it would have bare. */
enum sent sending_lost(struct sending *s);

/*
 * Begins a rescue with the call's bytes, which are recorded. Called with the lock, leaves without.
 * mark: where the connection stood before them.
 */
enum sent sending_rescue(struct sending *s, struct rescue_start *start,
			 const struct conn_mark *mark);

/* The same for one that has begun: the call's bytes are in its copy, or are not (copied). */
enum sent sending_go_on(struct sending *s, bool copied);

/*
 * What is to be seen to before the call's bytes are recorded: a rescue, or bytes that still wait.
 * Called with the lock, and leaves without unless it says SEND_ON.
 */
enum sent sending_clear_the_way(struct sending *s);

/* The call on a connection that TLS goes over (secured.h). Called with the lock, leaves without. */
enum sent secured_write(struct sending *s);

/*
 * What a rescue has begun for, or has failed for: the library is to think that it is written,
 * unless it is the program's own write that is to be told (tls_session.tells). Called with the
 * lock, leaves without.
 */
enum sent secured_swallow(struct sending *s);

/* The kernel has answered one that was made at this epoch. Called without the lock. */
enum sent secured_written(struct sending *s, uint32_t epoch);

#endif
