/* SPDX-License-Identifier: MIT */
/*
 * A body that has broken off goes on: the rest is asked for by Range and If-Range, and what comes
 * is the program's only if its head says that it is that (conn/resume.h, http1/rest.h). The head is
 * read before the fresh socket takes the number, not a byte beyond it. All functions are called
 * with the connection locked.
 */
#ifndef REDIAL_RESCUE_RESUME_H
#define REDIAL_RESCUE_RESUME_H

#include "../../policy/decide.h"
#include "../conn/conn.h"

/* The connection has been lost, for that cause: or is it amid a body that could go on? */
enum cause rescue_resume_cause(const struct conn *conn, enum cause cause);

/*
 * The rescue begins. If it is of a body, the request for the rest takes the place of the one that
 * is held. Returns REASON_NONE, or why that cannot be.
 */
enum reason rescue_resume_prepare(struct conn *conn);

/* That request is out: what is heard of the answer begins. */
void rescue_resume_listen(struct conn *conn);

enum resume {
	RESUME_LATER,  /* the head is not all there */
	RESUME_REST,   /* it is the rest that comes, from here on */
	RESUME_OTHER,  /* it is something else */
	RESUME_STATUS, /* an answer that the policy repeats requests for (rescue->status) */
	RESUME_RESET,  /* the fresh connection has gone */
	RESUME_EOF,
};

/* What does the fresh socket answer? */
enum resume rescue_resume_hear(struct conn *conn);

/*
 * The fresh socket has the number. response: the flags of conn->response before it had, for to the
 * program it is the same answer.
 */
void rescue_resume_go_on(struct conn *conn, uint16_t response);

/*
 * The program is in a body of chunks: what comes is not to be read but by calls/rechunk.h from now
 * on, and the rescue lasts until it has (PHASE_GIVING, CARE_HOLDING). false: it is in none.
 */
bool rescue_resume_frames(struct conn *conn);

/* That is over, or the connection is at its end again. */
void rescue_resume_framed(struct conn *conn);

#endif
