/* SPDX-License-Identifier: MIT */
/*
 * The bytes that the program writes, and the array that says where they lie: in memory of the
 * program's (os/memory.h), of which only the kernel may find out that it is not there.
 */
#ifndef REDIAL_CALLS_BYTES_H
#define REDIAL_CALLS_BYTES_H

#include <sys/uio.h>

#include "../conn/conn.h"
#include "../os/memory.h"

enum bytes {
	BYTES_RECORDED,
	BYTES_NOT_HTTP,
	BYTES_UNREADABLE, /* not all of them can be had: some may be recorded */
};

/* Can the first len bytes of the pieces be read as they are? */
bool bytes_are_known(const struct iovec *iov, int count, size_t len);

/* Copies the pieces' first bytes, at most `room`. Returns how many could be read. */
size_t bytes_copy(char *to, size_t room, const struct iovec *iov, int count);

/* conn_record, whatever memory they are in. A system call for each piece of what is not known. */
enum bytes bytes_record(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* conn_unrecord, then the same for the first `taken` bytes. false: forget the connection. */
bool bytes_unrecord(struct conn *conn, const struct conn_mark *mark, const struct iovec *iov,
		    int count, size_t taken);

/* The bytes of a call, or an array of pieces, copied if need be. */
struct bytes_brought {
	struct iovec piece; /* the bytes, if they were copied */
	const struct iovec *iov;
	int count;
	void *room;
	int class;
};

/*
 * Sees to it that the bytes, or the array itself, can be read: then brought->iov and count are to
 * be used instead, until bytes_done. Returns 0, or an errno: EFAULT if they are unreadable, ENOMEM
 * if there is no room for a copy, EINVAL for what cannot be the length of an array.
 */
int bytes_bring(struct bytes_brought *brought, const struct iovec *iov, int count, size_t len);
int bytes_bring_array(struct bytes_brought *brought, const struct iovec *iov, int count);
void bytes_done(struct bytes_brought *brought);

#endif
