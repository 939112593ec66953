/* SPDX-License-Identifier: MIT */
#include "resume.h"

#include "../os/arena.h"
#include "../os/mem.h"
#include "../process/config.h"
#include "idle.h"
#include "secured.h"

enum { HEAD_MAX = 16384 }; /* a longer one is not waited for */

struct conn_resume *conn_resume(const struct conn *conn)
{
	if (!(conn->flags & CONN_RESUMES))
		return NULL;
	return conn_is_secured(conn) ? conn->secured->resume : conn->resume;
}

/* There is one for the connection from now on; NULL: no memory. */
static struct conn_resume *take(struct conn *conn)
{
	struct conn_resume *resume = conn_resume(conn);
	if (resume)
		return resume;
	resume = arena_alloc(sizeof(*resume));
	if (!resume)
		return NULL;
	*resume = (struct conn_resume){0};
	if (conn_is_secured(conn)) {
		conn->secured->resume = resume;
	} else {
		resume->greeting = conn->greeting;
		conn->resume = resume;
	}
	conn->flags |= CONN_RESUMES;
	return resume;
}

void conn_resume_drop_head(struct conn_resume *resume)
{
	if (resume->head)
		arena_give(resume->head, resume->head_class);
	resume->head = NULL;
	resume->head_len = 0;
}

void conn_resume_drop(struct conn *conn)
{
	struct conn_resume *resume = conn_resume(conn);
	if (!resume)
		return;
	if (conn_is_secured(conn))
		conn->secured->resume = NULL;
	else
		conn->greeting = resume->greeting;
	conn->flags &= ~(uint32_t)CONN_RESUMES;
	conn_resume_drop_head(resume);
	arena_free(resume, sizeof(*resume));
}

bool conn_resume_room(struct conn_resume *resume, size_t needed)
{
	if (resume->head && needed <= arena_usable(resume->head_class))
		return true;
	int class = needed <= HEAD_MAX ? arena_class(needed) : -1;
	char *larger = arena_take(class);
	if (larger && resume->head_len)
		memcpy(larger, resume->head, resume->head_len);
	uint32_t len = resume->head_len;
	conn_resume_drop_head(resume);
	if (!larger)
		return false;
	resume->head = larger;
	resume->head_class = (uint8_t) class;
	resume->head_len = len;
	return true;
}

/* A whole head, and `behind` bytes of the body: if there are more of them, they are worth it. */
static void look(struct conn *conn, const char *head, size_t len, size_t behind)
{
	struct http1_rest rest;
	if (!http1_rest_of(head, len, &rest))
		return;
	if (!rest.chunked && rest.end - rest.first <= behind)
		return;
	struct conn_resume *resume = take(conn);
	if (!resume)
		return;
	resume->rest = rest;
	resume->popped = conn->popped;
	resume->data = 0;
	resume->known = true;
}

/* Adds a piece. NULL: nothing more is to be had of this head. */
static struct conn_resume *add(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	struct conn_resume *resume = take(conn);
	if (!resume || !conn_resume_room(resume, resume->head_len + len))
		return NULL;
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		memcpy(resume->head + resume->head_len, iov[i].iov_base, piece);
		resume->head_len += (uint32_t)piece;
		len -= piece;
	}
	return resume;
}

/* The head goes on in further pieces, or has begun in earlier ones. */
static void collect(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	size_t before;
	struct conn_resume *resume = add(conn, iov, count, len);
	if (!resume)
		return;
	size_t head = http1_rest_head(resume->head, resume->head_len, &before);
	if (!head)
		return;
	look(conn, resume->head + before, head, resume->head_len - before - head);
	conn_resume_drop_head(resume);
}

/* What its head tells, if that comes now. */
static void note(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	struct conn_resume *resume = conn_resume(conn);
	bool begins = !(conn->exchange->response.flags & HTTP1_STARTED);
	size_t before, first = count && iov->iov_len < len ? iov->iov_len : len;
	if (conn->exchange->response.flags & HTTP1_HEAD_DONE || conn->request_count != 1 ||
	    conn->exchange->requests[0].method != METHOD_GET || !len)
		return;
	if (begins && resume) {
		resume->known = false;
		conn_resume_drop_head(resume);
	}
	size_t head = begins ? http1_rest_head(iov->iov_base, first, &before) : 0;
	if (head)
		look(conn, (const char *)iov->iov_base + before, head, len - before - head);
	else if (begins || (resume && resume->head))
		collect(conn, iov, count, len);
}

/* What is known of the answer that is being read, if that is in chunks; else NULL. */
static struct conn_resume *in_chunks(const struct conn *conn)
{
	struct conn_resume *resume = conn_resume(conn);
	bool is = resume && resume->known && resume->rest.chunked && resume->popped == conn->popped;
	return is ? resume : NULL;
}

/* Of a body in chunks nothing else tells how much of it the program has had. */
static void count_data(const struct conn *conn, struct conn_resume *resume, const struct iovec *iov,
		       int count, size_t len)
{
	struct http1 walk = conn->exchange->response;
	if (!(walk.flags & HTTP1_STARTED))
		http1_response(&walk, METHOD_GET);
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (!http1_count_data(&walk, iov[i].iov_base, piece, &resume->data))
			resume->known = false;
		if (!resume->known)
			return;
		len -= piece;
	}
}

void conn_note_head(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	uint32_t uses = config.policy->uses | config.tracks;
	if (uses & POLICY_USES_IDLE)
		idle_note(conn, iov, count, len);
	if (uses & POLICY_USES_RESUME)
		note(conn, iov, count, len);
	struct conn_resume *resume = in_chunks(conn);
	if (!resume)
		return;
	if (uses & POLICY_USES_RESUME)
		count_data(conn, resume, iov, count, len);
	else
		resume->known = false; /* a gap */
}

/* Is what carries the bytes one by which the rest can be heard? */
static bool is_heard(const struct conn *conn)
{
	const struct conn_secured *secured = conn_is_secured(conn) ? conn->secured : NULL;
	return !secured || (secured->carrier && secured->carrier->hear && !secured->apart);
}

/* Does it stand where it can go on? Frames are put around what is read from a plain socket alone.
 */
static bool is_amid(const struct conn *conn, const struct conn_resume *resume)
{
	const struct http1 *response = &conn->exchange->response;
	return resume->rest.chunked ? !conn_is_secured(conn) && http1_chunks_may(response)
				    : http1_unseen(response) != 0;
}

bool conn_is_resumable(const struct conn *conn)
{
	const struct conn_resume *resume = conn_resume(conn);
	const uint32_t never = CONN_UNHELD | CONN_AUTH | CONN_SHUT_DOWN;
	return resume && resume->known && resume->popped == conn->popped &&
	       conn->flags & CONN_ANSWERING && !(conn->flags & never) && conn->request_count == 1 &&
	       conn->exchange->requests[0].complete && !conn->unsent && is_amid(conn, resume) &&
	       is_heard(conn);
}

bool conn_may_be_resumable(const struct conn *conn)
{
	const struct conn_exchange *exchange = conn->exchange;
	if (!(config.policy->uses & POLICY_USES_RESUME) || !is_heard(conn))
		return false;
	bool is_to_come = conn->request_count == 1 && exchange->requests[0].complete &&
			  exchange->requests[0].method == METHOD_GET &&
			  !(exchange->response.flags & HTTP1_HEAD_DONE);
	return is_to_come || conn_is_resumable(conn);
}

uint64_t conn_resume_at(const struct conn *conn)
{
	const struct conn_resume *resume = conn_resume(conn);
	if (!resume)
		return 0;
	return resume->rest.chunked ? resume->data
				    : resume->rest.end - http1_unseen(&conn->exchange->response);
}
