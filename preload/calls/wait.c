/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include <errno.h>
#include <sys/epoll.h>

#include "../conn/end.h"
#include "../conn/hello.h"
#include "../conn/table.h"
#include "../conn/path.h"
#include "../conn/resume.h"
#include "../connect/dial.h"
#include "../os/clock.h"
#include "../process/config.h"
#include "../rescue/dial.h"
#include "../rescue/end.h"
#include "../rescue/held.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/resume.h"
#include "../rescue/room.h"
#include "../tls/memory.h"
#include "../wire/seen.h"
#include "../wire/socket.h"

/* After a step, with the lock, which it leaves without. */
static enum awaited told(struct conn *conn, enum rescue_result result)
{
	if (result == RESCUE_LOST) {
		conn_end(conn, WHY_LOST);
		return AWAITED_EVENT;
	}
	/* What has failed is told by the call that follows. */
	bool failed = result == RESCUE_FAILED;
	bool dials = failed && rescue_is_dial(conn->rescue) && conn->rescue->unsent;
	if (failed && rescue_has_answer(conn))
		held_leave_rest(conn);
	conn_unlock(conn);
	return !failed ? AWAITED_NOTHING : dials ? AWAITED_FAILED : AWAITED_READABLE;
}

/* Is it an end that a read would mend? */
static bool is_loss(const struct conn *conn, int error)
{
	return !error || error == ECONNRESET || error == EPIPE || path_is_gone(conn, error);
}

/* A read would begin a rescue: with the lock, which it leaves without. */
static enum awaited begin(struct conn *conn, int fd, uint32_t events, const struct wire_seen *seen)
{
	struct rescue_start start = {
	    .reading = true,
	    .cause = rescue_resume_cause(conn, events & EPOLLERR ? CAUSE_RESET : CAUSE_EOF),
	    .error = events & EPOLLERR ? wire_take_error(fd) : 0,
	    .seen = seen,
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (is_loss(conn, start.error) && rescue_begin(conn, &start) == REASON_NONE)
		return told(conn, rescue_step(conn));
	/* The kernel has told the error to us, and would not tell the program again. */
	if (start.error && rescue_owe_error(conn, start.error))
		conn_unlock(conn);
	else
		conn_end(conn, WHY_TOLD);
	return AWAITED_EVENT;
}

/* Has another thread put a living socket there since the kernel told of the end? */
static bool is_of_another(int fd, uint32_t events, const struct wire_seen *seen)
{
	return events & (EPOLLHUP | EPOLLRDHUP) && !wire_seen_dead(seen, fd);
}

/* Not, while another thread has read what it has yet to say of. */
static bool may_begin(const struct conn *conn, int fd, const struct wire_seen *seen)
{
	return !conn->writers && !(conn->care & CARE_HOLDING) &&
	       wire_seen_received(seen, fd, conn->received);
}

enum awaited call_await_end(struct conn *conn, int fd, uint32_t events, bool reads,
			    uint64_t *gone_ms)
{
	struct wire_seen seen;
	*gone_ms = 0;
	if (!conn_lock(conn, fd))
		return AWAITED_EVENT;
	wire_see(fd, conn->peer.any.sa_family, &seen);
	if (conn_waiting(conn))
		*gone_ms = seen.sent;
	if (is_of_another(fd, events, &seen)) {
		conn_unlock(conn);
		return AWAITED_NOTHING;
	}
	/* What was only looked over so far is read now: it may be none that is sent again. */
	bool is_sound = conn_is_sound(conn);
	/* With something to read the end is news: edge-triggered readers hear of it only once. */
	if (is_sound && rescue_would_begin(conn) && !wire_seen_unread(&seen, fd, conn->received)) {
		if (reads && may_begin(conn, fd, &seen))
			return begin(conn, fd, events, &seen);
		conn_unlock(conn);
		return reads ? AWAITED_READABLE : AWAITED_WRITABLE;
	}
	/* A hang-up is never forgotten by some, though the descriptor lives on. */
	if (is_sound && rescue_library_would_begin(conn)) {
		conn_unlock(conn);
		return reads ? AWAITED_READABLE : AWAITED_EVENT;
	}
	bool dials = config.policy->uses & POLICY_USES_CONNECT && dial_would_rescue(conn);
	conn_unlock(conn);
	return dials ? call_await_dial(conn, fd) : AWAITED_EVENT;
}

/* Would the end that comes with an answer be that of the request which the program writes next? */
static bool is_plain(const struct conn *conn)
{
	const uint32_t others = CONN_SECURED | CONN_GREETING | CONN_OPAQUE | CONN_DOUBT;
	return !(conn->flags & others) && !conn_is_hello(conn);
}

bool call_await_is_bytes(struct conn *conn, int fd)
{
	if (!conn_lock(conn, fd))
		return false;
	bool is_bytes = (is_plain(conn) || tls_memory_is_of(conn) || conn_may_be_resumable(conn)) &&
			!conn->busy && conn_waiting(conn) && wire_has_unread(fd);
	conn_unlock(conn);
	return is_bytes;
}

enum awaited call_await_dial(struct conn *conn, int fd)
{
	if (!conn_lock(conn, fd))
		return AWAITED_EVENT;
	if (!dial_would_rescue(conn)) {
		conn_unlock(conn);
		return AWAITED_EVENT;
	}
	int error = wire_take_error(fd);
	if (error && dial_begin(conn, error))
		return told(conn, rescue_step(conn));
	/* The kernel has told the error to us, and would not tell the program again. */
	if (error && !conn->busy && rescue_owe_error(conn, error))
		conn_unlock(conn);
	else
		conn_end(conn, WHY_TOLD);
	return AWAITED_EVENT;
}

enum awaited call_await_step(struct conn *conn, int fd)
{
	if (!conn_lock(conn, fd))
		return AWAITED_EVENT;
	if (!conn->busy) {
		conn_unlock(conn);
		return AWAITED_NOTHING;
	}
	enum rescue_result result = rescue_step(conn);
	/* The program's next call to its TLS library goes on: it is told to make one. */
	bool elsewhere = result == RESCUE_UNDER_WAY && conn->rescue->elsewhere;
	enum awaited awaited = told(conn, result);
	return elsewhere ? AWAITED_READABLE : awaited;
}

void call_await_no_more(int fd)
{
	struct conn *conn = fd < 0 ? NULL : table_find(fd);
	if (!conn || !conn_lock(conn, fd))
		return;
	if (conn->busy && conn->rescue->placed)
		rescue_room_hush(conn, false);
	conn_unlock(conn);
}

const struct timespec *wait_limit_left(struct wait_limit *limit, uint64_t gone_ms)
{
	const struct timespec *timeout = limit->timeout;
	if (!timeout)
		return NULL;
	uint64_t now = os_now_ms();
	if (!limit->known) {
		uint64_t seconds =
		    (uint64_t)timeout->tv_sec < INT32_MAX ? (uint64_t)timeout->tv_sec : INT32_MAX;
		uint64_t whole = seconds * 1000 + (uint64_t)(timeout->tv_nsec + 999999) / 1000000;
		limit->end_ms = now + (whole > gone_ms ? whole - gone_ms : 0);
		limit->known = true;
	}
	uint64_t left = limit->end_ms > now ? limit->end_ms - now : 0;
	limit->left = (struct timespec){(time_t)(left / 1000), (long)(left % 1000) * 1000000};
	return &limit->left;
}
