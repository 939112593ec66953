/* SPDX-License-Identifier: MIT */
/*
 * The program's memory read and written by the kernel, which says EFAULT where a load or a store
 * of ours would end the program. A system call each time, so for what is not known (memory.h) and
 * off the usual path. errno is left alone.
 */
#ifndef REDIAL_OS_COPY_H
#define REDIAL_OS_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/*
 * The first `room` bytes behind the first `skip` ones of the program's pieces. Returns how many
 * could be read: fewer than there are if a page is bad. The array itself has to be readable.
 */
size_t copy_gather(void *to, size_t room, const struct iovec *iov, int count, size_t skip);

/* The other way round: fills the program's pieces with len bytes. Returns how many it took. */
size_t copy_scatter(const struct iovec *iov, int count, const void *from, size_t len);

/*
 * Can a byte be written, which can be read? The kernel is asked, once for a page as long as no
 * memory goes.
 */
bool copy_can_write(void *at);

/* Can it be read, as far as can be told? It may be gone a moment later. */
bool copy_can_read(const void *at, size_t len);

/* One piece, the whole of it; false: what is in *to is anything. Known memory costs no call. */
bool copy_in(void *to, const void *from, size_t len);
bool copy_out(void *to, const void *from, size_t len);

#endif
