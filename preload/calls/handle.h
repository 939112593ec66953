/* SPDX-License-Identifier: MIT */
/*
 * What a call of the program's is made on. A number says that only until the connection is
 * unlocked: another thread may close it, and it may be a file by the time that the call has waited.
 * So a call carries the connection as it found it, and once it has waited it works on a descriptor
 * of its own, which is the one verified way back.
 */
#ifndef REDIAL_CALLS_HANDLE_H
#define REDIAL_CALLS_HANDLE_H

#include <stdbool.h>

#include "../conn/conn.h"

struct handle {
	struct conn *conn;
	int fd;	       /* the number that the program's call has */
	uint32_t life; /* conn->life when it was found */
	bool waited;   /* the connection was unlocked for a wait: the number counts no more */
	int error;     /* what it has bare if the connection is gone: an errno, or 0 for the end */
};

/* conn was found at fd, and is not locked. `error` is set when the call first waits. */
static inline void handle_find(struct handle *handle, struct conn *conn, int fd)
{
	handle->conn = conn;
	handle->fd = fd;
	handle->life = __atomic_load_n(&conn->life, __ATOMIC_RELAXED);
	handle->waited = false;
}

/* Enters the connection; false if the number is not that connection's any more. */
static inline bool handle_lock(const struct handle *handle)
{
	if (!conn_lock(handle->conn, handle->fd))
		return false;
	if (__builtin_expect(handle->conn->life == handle->life, 1))
		return true;
	conn_unlock(handle->conn);
	return false;
}

/*
 * A descriptor of our own (conn/own.h) for the connection's socket, whatever the number becomes.
 * Called with the connection locked and no rescue under way. Returns it, or a negative errno:
 * -EBADF if another file lies at the number.
 */
int handle_socket(const struct handle *handle);

#endif
