/* SPDX-License-Identifier: MIT */
/*
 * What a call of the program's is made on. A number says that only until the connection is
 * unlocked: another thread may close it, and it may be a file by the time that the call has waited.
 * So a call carries the connection as it found it, and once it has waited it works on a descriptor
 * of its own, which is the one verified way back.
 */
#ifndef REDIAL_CONN_HANDLE_H
#define REDIAL_CONN_HANDLE_H

#include <stdbool.h>

#include "conn.h"

struct handle {
	struct conn *conn;
	int fd; /* the number that the program's call has */
	union {
		struct {
			uint32_t life; /* conn->life when it was found */
			bool waited; /* the connection was unlocked for a wait: the number counts no
					more */
		};
		uint64_t life_and_waited; /* set at once */
	};
	int error; /* what it has bare if the connection is gone: an errno, or 0 for the end */
	/*
	 * When the call is to wait no longer, by os_now_ms(): all that it waits for together.
	 * UINT64_MAX: never; 0: it has not been asked yet, for it has not waited.
	 */
	uint64_t end_ms;
	uint32_t slice_ms; /* handle_await's next */
	uint64_t cookie;   /* of the socket that handle_socket gave */
};

/* conn was found at fd, and is not locked. `error` is set when the call first waits. */
static inline void handle_find(struct handle *handle, struct conn *conn, int fd)
{
	handle->conn = conn;
	handle->fd = fd;
	handle->life_and_waited = __atomic_load_n(&conn->life, __ATOMIC_RELAXED);
	handle->end_ms = 0;
}

/* The same where conn may be NULL: nothing is known of fd. */
static inline void handle_find_at(struct handle *handle, struct conn *conn, int fd)
{
	handle->conn = NULL;
	handle->fd = fd;
	if (conn)
		handle_find(handle, conn, fd);
}

/*
 * Enters the connection by whichever number it has now; false if it is gone. A call that is under
 * way works on what it began with, though its own number has been closed meanwhile.
 */
bool handle_lock_any(const struct handle *handle);

/* Before the kernel is asked: false if the number is not that connection's any more. */
static inline bool handle_lock(const struct handle *handle)
{
	if (__builtin_expect(handle->waited, 0))
		return handle_lock_any(handle);
	if (!conn_lock(handle->conn, handle->fd))
		return false;
	if (__builtin_expect(handle->conn->life == handle->life, 1))
		return true;
	conn_unlock(handle->conn);
	return false;
}

/* And once it has answered. */
static inline bool handle_lock_answered(const struct handle *handle)
{
	if (__builtin_expect(conn_lock(handle->conn, handle->fd), 1)) {
		if (__builtin_expect(handle->conn->life == handle->life, 1))
			return true;
		conn_unlock(handle->conn);
		return false;
	}
	return handle_lock_any(handle);
}

/*
 * A descriptor of our own (own.h) for the connection's socket, whatever the number becomes; the
 * number itself where the program has no other free. Called with the connection locked and no
 * rescue under way; conn_own_close closes either as it should be. Returns it, or -EBADF if another
 * file lies at the number.
 */
int handle_socket(struct handle *handle);

/*
 * Waits a while for these events of poll's, longer each time, in what is left of the program's time
 * (handle_begin_wait): 1, or 0 for not yet, then handle_let_cancel is due; -EAGAIN when the time is
 * over, -EINTR where a signal ends the program's call. Called without the lock.
 */
int handle_await(struct handle *handle, int socket, short events);

/*
 * After a wait: is it there still? The program may have put something else at a number of ours,
 * which to it was free.
 */
bool handle_has(const struct handle *handle, int socket);

/*
 * A thread that has waited long with that number can be cancelled here: without the number, which
 * nobody would close, unless the connection has lost all others, as it is in the kernel. Returns
 * the number from then on, or -EBADF: look anew. Called without the lock.
 */
int handle_let_cancel(struct handle *handle, int socket);

/* The call begins to wait, for so long at most; UINT64_MAX: without end. */
void handle_begin_wait(struct handle *handle, uint64_t limit_ms);

/* How much of the call's time is left; UINT64_MAX: it has no end. */
uint64_t handle_left_ms(const struct handle *handle);

/*
 * How much of left_ms to wait at the connection's number before that is looked at anew: a thread
 * may close it by a raw system call meanwhile, or take the socket from it in a rescue, and a poll
 * that is under way stays with the old one (select(2)). Long enough for a signal between two of
 * them to be no matter.
 */
static inline uint64_t handle_slice_ms(uint64_t left_ms)
{
	enum { SLICE_MS = 500 };
	return left_ms < SLICE_MS ? left_ms : SLICE_MS;
}

#endif
