/* SPDX-License-Identifier: MIT */
/*
 * The rescue machine. It dials a dead connection's peer again, sends the unanswered requests and
 * puts the new socket at the program's descriptor. It never blocks: while it cannot go on, the
 * descriptor's number holds a watcher, an epoll descriptor of ours that turns readable exactly when
 * it can, so that whatever the program waits with wakes it up and brings it back to a hooked call.
 *
 * All functions are called with the connection locked and leave it so, unless they say otherwise.
 */
#ifndef REDIAL_RESCUE_MACHINE_H
#define REDIAL_RESCUE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../policy/decide.h"
#include "../conn/conn.h"
#include "../conn/handle.h"
#include "../wire/seen.h"

enum rescue_result {
	RESCUE_UNDER_WAY,   /* come back when the descriptor is readable */
	RESCUE_DONE,	    /* the new socket has the descriptor, and the request */
	RESCUE_FAILED,	    /* given up: deliver rescue_error() and forget the connection */
	RESCUE_RESTORED,    /* the descriptor has the program's socket: as if nothing had been */
	RESCUE_LOST,	    /* the descriptor was closed past the hooks: WHY_LOST (conn/end.h) */
	RESCUE_GONE,	    /* rescue_run only: another thread has ended it; not locked any more */
	RESCUE_INTERRUPTED, /* rescue_run only: a signal came; the rescue stays as it is */
};

/* What begins a rescue. */
struct rescue_start {
	enum cause cause;
	bool reading;	 /* a read found out: more of the request will not come by itself */
	bool unsent;	 /* the kernel took no byte of the request */
	bool connecting; /* nothing failed: the program's own connect is to be watched */
	const struct wire_seen *seen; /* what the kernel says of the socket; NULL: not asked */
	size_t untaken;		      /* bytes of the copy that it did not take either */
	int error;	  /* what the program gets if it fails: an errno, or 0 for end of stream */
	const char *head; /* the request's first bytes, for rules and the log */
	size_t head_len;
	const char *answer; /* held back from the program, which gets it if the rescue fails */
	size_t answer_len;
	bool answered;	 /* there is such a response, even if all of it is unread in the socket */
	uint32_t status; /* of the response, for CAUSE_STATUS */
	uint32_t retry_after_ms; /* that it asks for */
	bool vetoed;		 /* it says that the request is not to be sent again */
	bool left;		 /* the program sends such requests again by itself ... */
	uint64_t peer;		 /* ... to this peer, as process/repeats.h knows it */
};

/*
 * Asks the safety rule whether the unanswered requests may be sent again, and the kernel whether
 * our picture of the connection is true. If so conn->busy is set and REASON_NONE returned; else
 * the refusal is logged and its reason returned, the connection being for the caller to forget.
 */
enum reason rescue_begin(struct conn *conn, const struct rescue_start *start);

/*
 * Keeps len bytes that were read, the first ones of a response that is not to be told by them alone
 * whether the program gets it: CARE_HOLDING is set. Returns false if there is no memory.
 */
bool rescue_hold(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* The same for bytes that are no socket's (hold_text.h): conn->received does not count them. */
bool rescue_hold_text(struct conn *conn, const struct iovec *iov, int count, size_t len);

/*
 * Would a read that found the connection dead begin a rescue, as far as can be told without asking
 * the kernel? Answers no where only the rules of the policy could say yes.
 */
bool rescue_would_begin(const struct conn *conn);

/* The same of a call to the TLS library, which the program makes where it hears of bytes to read.
 */
bool rescue_library_would_begin(const struct conn *conn);

/* Goes as far as can be gone now. */
enum rescue_result rescue_step(struct conn *conn);

/* What a caller waits for, and how long if handle->end_ms does not say. */
enum rescue_limit {
	RESCUE_READS,  /* something to read: the program's SO_RCVTIMEO */
	RESCUE_PEEPS,  /* the same by a call that was not to wait: handle->end_ms says */
	RESCUE_WRITES, /* that its bytes are out: SO_SNDTIMEO; not for a request that is watched */
};

/*
 * The same for a caller that may block: waits in between, with handle->conn unlocked. When the time
 * is over RESCUE_UNDER_WAY is returned. On RESCUE_LOST it is not locked any more.
 * handle->waited is set if it was unlocked at all.
 */
enum rescue_result rescue_run(struct handle *handle, enum rescue_limit limit);

/* After RESCUE_FAILED: the errno for the program, 0 for end of stream. */
int rescue_error(const struct conn *conn);

/* After RESCUE_FAILED: did any byte of the request go out, on whichever connection? */
bool rescue_was_sent(const struct conn *conn);

/*
 * After RESCUE_FAILED: is it a response that was held back which the program gets? If so
 * rescue_error does not count, and hold.h has the functions to give it.
 */
bool rescue_has_answer(const struct conn *conn);

/* Bytes of a response that the program is to get from us before anything from the socket. */
uint32_t rescue_owed(const struct conn *conn);

/* May the program's calls on the descriptor block? (O_NONBLOCK as the program sees it.) */
bool rescue_is_nonblocking(const struct conn *conn);
void rescue_set_nonblocking(struct conn *conn, bool nonblocking);

/* The program shut the connection down (SHUT_WR): to be done once the request is out. */
void rescue_shut_down(struct conn *conn);

/*
 * The sockets that the program's socket calls are meant for while a rescue is under way: the dead
 * one, whose options the next socket gets, and the one being connected, or -1.
 */
int rescue_dead_socket(const struct conn *conn);
int rescue_fresh_socket(const struct conn *conn);

/*
 * Bytes of a response have been noted (conn_received, conn_given): if they are the first ones of
 * one on the redialed connection, the rescue is over, and has worked.
 */
void rescue_note_answer(struct conn *conn);

/* Logs that a rescue has worked. status: of the response; 0 if what was wanted is none. */
void rescue_tell_recovered(struct conn *conn, unsigned status);

/*
 * Frees what is left of rescues whose descriptors the program closed past the hooks. Called with
 * no connection locked, when the program makes a new socket.
 */
void rescue_sweep(void);

#endif
