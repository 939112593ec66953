/* SPDX-License-Identifier: MIT */
/* Reading from a tracked connection, whichever call the program reads with. */
#ifndef REDIAL_CALLS_READ_H
#define REDIAL_CALLS_READ_H

#include <sys/types.h>
#include <sys/uio.h>

#include "../conn/conn.h"

/* One call of the program's. */
struct read_call {
	/* Makes the call as the program meant it, on this descriptor. */
	ssize_t (*real)(const struct read_call *call, int fd);
	int fd;
	int flags; /* MSG_*; 0 for read and readv */
	const struct iovec *iov;
	int count;
	/* What recvmsg and recvfrom take besides, passed on as it is. */
	struct msghdr *message;
	struct sockaddr *addr;
	socklen_t *addr_len;
};

/*
 * Makes the call on fd, which conn was found at. A dead connection whose unanswered requests may
 * be sent again is redialed behind it. Returns, and sets errno, as the real call does.
 */
__attribute__((noinline)) ssize_t call_read(struct conn *conn, const struct read_call *call);

/*
 * The same for read, of `len` bytes, not 0, and for recv; the last argument makes the call. Within
 * a hook they would have it save its registers for every descriptor.
 */
typedef ssize_t read_function(const struct read_call *call, int fd);
ssize_t call_read_piece(struct conn *conn, int fd, void *buf, size_t len, read_function *real_read);
ssize_t call_recv_piece(struct conn *conn, int fd, void *buf, size_t len, int flags,
			read_function *real_recv);

/* The same with an array of pieces that is the program's: any count, in any memory. */
ssize_t call_read_pieces(struct conn *conn, const struct read_call *call);

#endif
