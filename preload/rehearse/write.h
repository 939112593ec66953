/* SPDX-License-Identifier: MIT */
/* What is written to a connection, before and after the kernel has it. */
#ifndef REDIAL_REHEARSE_WRITE_H
#define REDIAL_REHEARSE_WRITE_H

#include <stdbool.h>
#include <sys/uio.h>

#include "seat.h"

/* One write on its way to the kernel. */
struct writing {
	int fd;
	const struct iovec *iov;
	int count;
	size_t len;	  /* of all pieces */
	bool followed;	  /* the rest of this counts */
	bool armed;	  /* the fault that the request is planned for is to be made */
	struct http1 was; /* the request before it */
	bool was_writing;
};

/* Takes note of the bytes before they go out, and makes the fault that is due before them. */
void write_begins(struct writing *writing);

/* The kernel has taken so many of them, or -1; makes the fault that is due after them. */
void write_ends(struct writing *writing, ssize_t result);

#endif
