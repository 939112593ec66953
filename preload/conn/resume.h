/* SPDX-License-Identifier: MIT */
/*
 * Responses that can be gone on with if their connection breaks off: what the head of the one that
 * is being read has said of it. Only under a policy with POLICY_USES_RESUME is any of this called,
 * but for conn_resume_drop and the questions. Called with the connection locked.
 */
#ifndef REDIAL_CONN_RESUME_H
#define REDIAL_CONN_RESUME_H

#include "../http1/rest.h"
#include "conn.h"

struct conn_resume {
	struct greeting *greeting; /* what was said to a proxy, or NULL; not of CONN_SECURED */
	uint32_t popped;	   /* conn->popped: which answer it tells of */
	bool known;		   /* the rest of that can be asked for */
	uint8_t head_class;	   /* the arena's, of ... */
	uint32_t head_len;
	char *head; /* a head that comes in pieces, or NULL */
	struct http1_rest rest;
	uint64_t data;		    /* of a body in chunks: bytes of it that the program has had */
	struct http1_chunks chunks; /* that redial gives the program with the rest of that */
};

/*
 * The program has read len bytes of an answer (CARE_IDLE), which are not on record yet: takes note
 * of what its head says, of idling (idle.h) and of its rest.
 */
void conn_note_head(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* Has the program a part of such a body, and is the rest to come? */
bool conn_is_resumable(const struct conn *conn);

/* The same, or may what lies unread turn out to be the head and a part of such a body? */
bool conn_may_be_resumable(const struct conn *conn);

/* What is known of it then; and the place that its next byte has. */
struct conn_resume *conn_resume(const struct conn *conn);
uint64_t conn_resume_at(const struct conn *conn);

/* More room for the pieces of a head, so many bytes at least. false: none, they are dropped. */
bool conn_resume_room(struct conn_resume *resume, size_t needed);
void conn_resume_drop_head(struct conn_resume *resume);

/* Gives back what is kept of it. */
void conn_resume_drop(struct conn *conn);

#endif
