/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include <time.h>

#include "arena.h"
#include "config.h"
#include "mem.h"
#include "pace.h"
#include "redial.h"
#include "table.h"

_Static_assert(sizeof(struct conn) <= ARENA_CONN,
	       "DESIGN: at most 512 bytes for an idle connection");

struct conn conn_own = {.fd = -1};

bool conn_lock_contended(struct conn *conn, int fd)
{
	enum { YIELDS = 200, NAPS = 5000 };
	static const struct timespec nap = {0, 200000};
	uintptr_t self = sys_self();
	for (int tries = 0; tries < YIELDS + NAPS; tries++) {
		uintptr_t owner = 0;
		if (__atomic_compare_exchange_n(&conn->lock, &owner, self, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			if (conn_has(conn, fd))
				return true;
			conn_unlock(conn);
			return false;
		}
		/* Our own thread: a handler that interrupted us, or what a longjmp left behind. */
		if (owner == self)
			break;
		if (tries < YIELDS)
			sys0(sched_yield);
		else
			sys2(nanosleep, &nap, 0);
	}
	__atomic_or_fetch(&conn->flags, CONN_DOUBT, __ATOMIC_RELAXED);
	return false;
}

static void release_held(struct conn *conn)
{
	if (conn->held)
		arena_give(conn->held, conn->held_class);
	conn->held = NULL;
	conn->held_len = 0;
	conn->unsent = 0;
}

static void clear_slot(const struct conn *conn, int fd)
{
	if (table_find(fd) == conn)
		table_set(fd, NULL);
}

void conn_forget(struct conn *conn)
{
	redial_abandon(conn);
	clear_slot(conn, conn->fd);
	for (int i = 0; i < conn->alias_count; i++)
		clear_slot(conn, conn->aliases[i]);
	release_held(conn);
	conn->fd = -1;
	conn->alias_count = 0;
	conn_unlock(conn);
	arena_free(conn, sizeof(*conn));
}

void conn_let_go(struct conn *conn)
{
	if (redial_owe(conn)) {
		conn->flags |= CONN_DOUBT;
		conn_unlock(conn);
	} else {
		conn_forget(conn);
	}
}

/* The tracked connection at fd, locked; NULL if there is none (any more). */
static struct conn *find_locked(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || conn == &conn_own)
		return NULL;
	if (conn_lock(conn, fd))
		return conn;
	table_set(fd, NULL);
	return NULL;
}

void conn_forget_fd(int fd)
{
	struct conn *conn = find_locked(fd);
	if (conn)
		conn_forget(conn);
}

void conn_forget_busy(void)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || conn == &conn_own || !conn->rescue || !conn_lock(conn, (int)fd))
			continue;
		if (conn->busy)
			conn_let_go(conn);
		else {
			redial_let_answer_go(conn);
			conn_unlock(conn);
		}
	}
}

static void drop_registrations(struct conn *conn, int fd)
{
	int kept = 0;
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn->registrations[i].fd != fd)
			conn->registrations[kept++] = conn->registrations[i];
	}
	conn->registration_count = (uint8_t)kept;
}

void conn_drop_fd(int fd)
{
	struct conn *conn = find_locked(fd);
	if (!conn)
		return;
	if (!conn->alias_count) {
		conn_forget(conn);
		return;
	}
	clear_slot(conn, fd);
	drop_registrations(conn, fd);
	int last = conn->aliases[--conn->alias_count];
	if (conn->fd == fd) {
		conn->fd = last;
	} else {
		for (int i = 0; i < conn->alias_count; i++) {
			if (conn->aliases[i] == fd)
				conn->aliases[i] = last;
		}
	}
	conn_unlock(conn);
}

void conn_add_alias(struct conn *conn, int alias)
{
	if (conn->alias_count == CONN_ALIASES_MAX) {
		conn_let_go(conn);
		return;
	}
	conn->aliases[conn->alias_count++] = alias;
	table_set(alias, conn);
	conn_unlock(conn);
}

void conn_open(int fd)
{
	conn_forget_fd(fd);
	if (!arena_ready())
		return;
	struct conn *conn = arena_alloc(sizeof(*conn));
	if (!conn)
		return;
	/* Somebody with an old pointer to this memory may be inside for a moment: wait for them. */
	while (__atomic_exchange_n(&conn->lock, sys_self(), __ATOMIC_ACQUIRE))
		sys0(sched_yield);
	uint32_t epoch = conn->epoch + 1;
	memset((char *)conn + offsetof(struct conn, epoch), 0,
	       sizeof(*conn) - offsetof(struct conn, epoch));
	conn->epoch = epoch;
	conn->fd = fd;
	conn->peer_state = &pace_nobody;
	conn->care = config.policy->uses & POLICY_USES_STATUSES ? CARE_STATUSES : 0;
	if (config.policy->uses & POLICY_USES_IDLE)
		conn->care |= CARE_IDLE;
	conn_unlock(conn);
	table_set(fd, conn);
}

void conn_connected(struct conn *conn, const struct sockaddr *addr, socklen_t len, uint64_t cookie,
		    struct state_peer *peer_state)
{
	conn->peer_state = peer_state;
	/* A local socket's address is longer, and the kernel still tells it at a rescue. */
	size_t known = addr->sa_family == AF_INET    ? sizeof(conn->peer.in)
		       : addr->sa_family == AF_INET6 ? sizeof(conn->peer.in6)
						     : sizeof(sa_family_t);
	memcpy(&conn->peer, addr, known < len ? known : len);
	conn->peer_len = (uint8_t)known;
	if (addr->sa_family == AF_INET) /* programs leave it as it is; it will be compared */
		memset(conn->peer.in.sin_zero, 0, sizeof(conn->peer.in.sin_zero));
	conn->cookie = cookie;
	conn->flags |= CONN_CONNECTED;
}

void conn_mark(const struct conn *conn, struct conn_mark *mark)
{
	mark->request_count = conn->request_count;
	mark->held_len = conn->held_len;
	mark->popped = conn->popped;
	mark->writing = conn_is_writing(conn);
	if (mark->writing) {
		mark->request = conn->request;
		mark->last = conn->requests[conn->request_count - 1];
	}
}

/* Gives up the copy: from here to the last answer nothing can be sent again. */
static void stop_holding(struct conn *conn, uint32_t why)
{
	release_held(conn);
	conn->flags |= CONN_UNHELD | why;
}

/* Room for `needed` bytes of copy. */
static bool make_room(struct conn *conn, size_t needed)
{
	int class = needed <= ARENA_BYTES_MIN ? arena_class(ARENA_BYTES_MIN) : arena_class(needed);
	char *larger = arena_take(class);
	if (!larger)
		return false;
	if (conn->held) {
		memcpy(larger, conn->held, conn->held_len);
		arena_give(conn->held, conn->held_class);
	}
	conn->held = larger;
	conn->held_class = (int8_t) class;
	return true;
}

static void hold(struct conn *conn, const char *bytes, size_t len)
{
	if (conn->flags & CONN_UNHELD)
		return;
	size_t needed = conn->held_len + len;
	if (needed > config.policy->hold_max_bytes) {
		stop_holding(conn, CONN_TOO_LARGE);
		return;
	}
	bool fits = conn->held && needed <= arena_usable(conn->held_class);
	if (!fits && !make_room(conn, needed)) {
		stop_holding(conn, 0);
		return;
	}
	memcpy(conn->held + conn->held_len, bytes, len);
	conn->held_len = (uint32_t)needed;
}

static struct conn_request *last_request(struct conn *conn)
{
	return &conn->requests[conn->request_count - 1];
}

static bool record_piece(struct conn *conn, const char *bytes, size_t len)
{
	while (len) {
		if (!conn_is_writing(conn)) {
			if (conn->request_count == CONN_REQUESTS_MAX)
				return false;
			conn->requests[conn->request_count++] = (struct conn_request){0};
			http1_request(&conn->request);
		}
		size_t used;
		enum http1_result result = http1_feed(&conn->request, bytes, len, &used);
		if (result == HTTP1_BAD || result == HTTP1_TUNNEL)
			return false;
		struct conn_request *request = last_request(conn);
		if (request->len + used > UINT32_MAX)
			stop_holding(conn, CONN_TOO_LARGE);
		else
			request->len += (uint32_t)used;
		request->method = conn->request.method;
		request->complete = result == HTTP1_DONE;
		if (conn->request.flags & HTTP1_CONNECTION_AUTH)
			conn->flags |= CONN_AUTH;
		hold(conn, bytes, used);
		bytes += used;
		len -= used;
	}
	return true;
}

bool conn_record(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (count == 1)
		return record_piece(conn, iov->iov_base, len);
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (!record_piece(conn, iov[i].iov_base, piece))
			return false;
		len -= piece;
	}
	return true;
}

bool conn_unrecord(struct conn *conn, const struct conn_mark *mark, const struct iovec *iov,
		   int count, size_t taken)
{
	if (conn->popped != mark->popped)
		return false;
	conn->request_count = mark->request_count;
	if (mark->writing) {
		conn->request = mark->request;
		*last_request(conn) = mark->last;
	}
	if (!(conn->flags & CONN_UNHELD))
		conn->held_len = mark->held_len;
	else if (!conn->request_count)
		conn->flags &= ~(uint32_t)(CONN_UNHELD | CONN_TOO_LARGE);
	return conn_record(conn, iov, count, taken);
}

bool conn_idle_before(const struct conn *conn, const struct conn_mark *mark)
{
	return mark->request_count == 0 && conn->popped == mark->popped;
}

static inline void count_answer(struct conn *conn)
{
	if (__builtin_expect(conn->flags & CONN_FAILED, 0))
		conn->flags &= ~(uint32_t)CONN_FAILED;
	else
		state_answered(conn->peer_state);
}

/* Seldom needed: pop_request, which each response goes through, has its own copy. */
__attribute__((noinline)) void conn_count_answer(struct conn *conn)
{
	count_answer(conn);
}

/* The oldest request is answered, and its connection goes on. */
static void pop_request(struct conn *conn)
{
	uint32_t len = conn->requests[0].len;
	conn->popped++;
	conn->request_count--;
	for (int i = 0; i < conn->request_count; i++)
		conn->requests[i] = conn->requests[i + 1];
	count_answer(conn);
	conn->flags = (conn->flags & ~(uint32_t)CONN_ANSWERING) | CONN_REUSED;
	if (conn->request_count == 0) {
		release_held(conn);
		conn->flags &= ~(uint32_t)(CONN_UNHELD | CONN_TOO_LARGE);
	} else if (!(conn->flags & CONN_UNHELD)) {
		conn->held_len -= len;
		memmove(conn->held, conn->held + len, conn->held_len);
	}
}

static bool receive_piece(struct conn *conn, const char *bytes, size_t len)
{
	while (len) {
		/* RFC 9112 section 9.2: bytes with no request outstanding are never an answer. */
		if (!conn->request_count)
			return false;
		if (!(conn->response.flags & HTTP1_STARTED))
			http1_response(&conn->response, conn->requests[0].method);
		size_t used;
		enum http1_result result = http1_feed(&conn->response, bytes, len, &used);
		if (result == HTTP1_BAD || result == HTTP1_TUNNEL) {
			if (result == HTTP1_TUNNEL)
				conn_count_answer(conn);
			return false;
		}
		conn->flags |= CONN_ANSWERING;
		if (conn->response.flags & HTTP1_CONNECTION_AUTH)
			conn->flags |= CONN_AUTH;
		if (conn->rescue && conn->response.status)
			redial_recovered(conn, conn->response.status);
		bytes += used;
		len -= used;
		if (result != HTTP1_DONE)
			continue;
		bool goes_on = conn->response.flags & HTTP1_PERSISTENT;
		conn->response.flags = 0;
		if (!goes_on || !conn->requests[0].complete) {
			conn_count_answer(conn);
			return false;
		}
		pop_request(conn);
	}
	return true;
}

bool conn_given(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (count == 1)
		return receive_piece(conn, iov->iov_base, len);
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (!receive_piece(conn, iov[i].iov_base, piece))
			return false;
		len -= piece;
	}
	return true;
}

bool conn_received(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	conn->received += len;
	return conn_given(conn, iov, count, len);
}

void conn_facts(const struct conn *conn, struct decide_facts *facts)
{
	facts->methods = 0;
	facts->request_len = 0;
	for (int i = 0; i < conn->request_count; i++) {
		facts->methods |= method_bit(conn->requests[i].method);
		facts->request_len += conn->requests[i].len;
	}
	facts->reused = conn->flags & CONN_REUSED;
	facts->response_started = conn->flags & CONN_ANSWERING;
	facts->held = !(conn->flags & CONN_UNHELD);
	facts->shut_down = conn->flags & CONN_SHUT_DOWN;
	facts->connection_auth = conn->flags & CONN_AUTH;
}

void conn_renewed(struct conn *conn, uint64_t cookie)
{
	conn->epoch++;
	conn->cookie = cookie;
	conn->received = 0;
	conn->response.flags = 0;
	conn->idle_hint_s = 0;
	conn->flags &= ~(uint32_t)(CONN_REUSED | CONN_ANSWERING | CONN_FAILED);
}
