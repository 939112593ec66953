/* SPDX-License-Identifier: MIT */
#include "resume.h"

#include <errno.h>

#include "../conn/resume.h"
#include "../os/arena.h"
#include "machine.h"
#include "place.h"
#include "rescue.h"
#include "secure.h"
#include "status.h"

enum { PIECE = 2048 };

enum cause rescue_resume_cause(const struct conn *conn, enum cause cause)
{
	return conn->flags & CONN_RESUMES && conn_is_resumable(conn) ? CAUSE_BODY : cause;
}

enum reason rescue_resume_prepare(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->cause != CAUSE_BODY || rescue->resumes)
		return REASON_NONE;
	const struct conn_resume *resume = conn_resume(conn);
	uint64_t at = conn_resume_at(conn);
	bool last = !(conn->exchange->response.flags & HTTP1_PERSISTENT);
	/* Class 0 is the exchange's own room (conn.h), in which the request is that it is made of.
	 */
	int class = arena_class(CONN_HELD_FEW + conn->held_len + HTTP1_REST_MORE);
	char *request = arena_take(class);
	if (!request)
		return REASON_RESOURCES;
	size_t len = http1_rest_request(&resume->rest, at, last, conn->held, conn->held_len,
					request, arena_usable(class));
	if (!len) {
		arena_give(request, class);
		return REASON_NOT_HELD;
	}
	if (conn->held_class)
		arena_give(conn->held, conn->held_class);
	conn->held = request;
	conn->held_class = (int8_t) class;
	conn->held_len = conn->exchange->requests[0].len = (uint32_t)len;
	rescue->resumes = rescue->who.resumes = true;
	rescue->who.resumed_at = at;
	return REASON_NONE;
}

/* All of the head is there, behind so many bytes of interim ones. */
static enum resume judge(struct conn *conn, const char *head, size_t len)
{
	struct rescue *rescue = conn->rescue;
	struct conn_resume *resume = conn_resume(conn);
	uint64_t at = conn_resume_at(conn);
	if (http1_rest_is(&resume->rest, at, head, len)) {
		bool follows = !resume->rest.chunked ||
			       http1_chunks_plan(&conn->exchange->response, resume->rest.end - at,
						 &resume->chunks);
		return follows ? RESUME_REST : RESUME_OTHER;
	}
	int status = status_read(head, len);
	if (status <= 0 || !policy_has_status(rescue->settings.statuses, (unsigned)status))
		return RESUME_OTHER;
	rescue->status = (uint32_t)status;
	return RESUME_STATUS;
}

void rescue_resume_listen(struct conn *conn)
{
	conn_resume_drop_head(conn_resume(conn));
	conn->rescue->fresh_events = 0; /* room is waited for no more, and there is some */
	conn->rescue->phase = PHASE_RESUMING;
}

enum resume rescue_resume_hear(struct conn *conn)
{
	struct conn_resume *resume = conn_resume(conn);
	for (;;) {
		if (!conn_resume_room(resume, resume->head_len + PIECE))
			return RESUME_OTHER;
		char *to = resume->head + resume->head_len;
		long got = rescue_hear_some(conn, to, PIECE, false);
		if (got == -EAGAIN || got == -EINTR)
			return RESUME_LATER;
		if (got <= 0)
			return got ? RESUME_RESET : RESUME_EOF;
		size_t before, all = resume->head_len + (size_t)got;
		size_t head = http1_rest_head(resume->head, all, &before);
		/* What is behind it is the program's to read. */
		size_t mine = head ? before + head - resume->head_len : (size_t)got;
		if (rescue_hear_some(conn, to, mine, true) != (long)mine)
			return RESUME_RESET;
		resume->head_len += (uint32_t)mine;
		if (head)
			return judge(conn, resume->head + before, head);
	}
}

void rescue_resume_go_on(struct conn *conn, uint16_t response)
{
	struct conn_resume *resume = conn_resume(conn);
	if (!conn_is_secured(conn)) /* there its records have been counted */
		conn->received += resume->head_len;
	conn_resume_drop_head(resume);
	conn->exchange->response.flags = response;
	conn->flags |= CONN_ANSWERING;
	conn_rescue(conn)->status = 206;
}

bool rescue_resume_frames(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue || !rescue->resumes || !conn_resume(conn)->rest.chunked)
		return false;
	rescue_tell_recovered(conn, 206);
	rescue->framing = rescue->answered = true;
	rescue->phase = PHASE_GIVING;
	conn->care |= CARE_HOLDING;
	return true;
}

void rescue_resume_framed(struct conn *conn)
{
	rescue_unplace(conn);
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	conn->rescue->framing = false;
	rescue_free(conn);
}
