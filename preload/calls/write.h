/* SPDX-License-Identifier: MIT */
/* Writing to a tracked connection, whichever call the program writes with. */
#ifndef REDIAL_CALLS_WRITE_H
#define REDIAL_CALLS_WRITE_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "../conn/conn.h"

/* One call of the program's. */
struct write_call {
	/* The call as the program made it, and the same without SIGPIPE; on this descriptor. */
	ssize_t (*plain)(const struct write_call *call, int fd);
	ssize_t (*quiet)(const struct write_call *call, int fd);
	int fd;
	int flags; /* MSG_*; 0 for write and writev */
	const struct iovec *iov;
	int count;
	const struct msghdr *message; /* sendmsg's */
	const struct sockaddr *addr;  /* sendto's */
	socklen_t addr_len;
};

/*
 * Makes the call on fd, which conn was found at. If the connection is dead and nothing of the
 * request was sent, or what was sent may be sent again, it is redialed behind it. Returns, sets
 * errno and raises SIGPIPE as the plain call does.
 */
__attribute__((noinline)) ssize_t call_write(struct conn *conn, const struct write_call *call);

/*
 * The same for write, which gives one piece of `len` bytes, and for send; the last argument makes
 * the call as the program made it.
 */
typedef ssize_t write_function(const struct write_call *call, int fd);
ssize_t call_write_piece(struct conn *conn, int fd, const void *bytes, size_t len,
			 write_function *plain_write);
ssize_t call_send_piece(struct conn *conn, int fd, const void *bytes, size_t len, int flags,
			write_function *plain_send);

/* write_call.quiet of a call that gives one piece. */
write_function call_quiet_send;

/* The same with an array of pieces that is the program's: any count, in any memory. */
ssize_t call_write_pieces(struct conn *conn, const struct write_call *call);

/*
 * The connection has just been made by the call itself (MSG_FASTOPEN), which put so many of its
 * bytes in: takes note of them.
 */
void call_note_written(struct conn *conn, const struct write_call *call, size_t taken);

#endif
