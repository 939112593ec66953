/* SPDX-License-Identifier: MIT */
/*
 * fdopen on a tracked socket. libc's streams read and write by calls of libc's own that no preload
 * sees, so the stream is made with fopencookie on top of the hooked calls instead. This is how
 * much old C code speaks HTTP.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../conn/end.h"
#include "../os/real.h"
#include "../conn/table.h"

typedef FILE *open_cookie(void *cookie, const char *mode, cookie_io_functions_t calls);

static int fd_of(void *cookie)
{
	return (int)(intptr_t)cookie;
}

static ssize_t read_stream(void *cookie, char *buf, size_t len)
{
	return read(fd_of(cookie), buf, len);
}

/* A cookie's write returns 0 on error, never less (fopencookie(3)). */
static ssize_t write_stream(void *cookie, const char *buf, size_t len)
{
	size_t written = 0; /* libc's own streams go on after a part as well */
	while (written < len) {
		ssize_t taken = write(fd_of(cookie), buf + written, len - written);
		if (taken < 0)
			break;
		written += (size_t)taken;
	}
	return (ssize_t)written;
}

static int close_stream(void *cookie)
{
	return close(fd_of(cookie));
}

/* Sockets cannot seek; libc asks nevertheless and goes by the error. */
static int seek_stream(void *cookie, off64_t *offset, int whence)
{
	long at = sys3(lseek, fd_of(cookie), *offset, whence);
	if (at < 0) {
		set_errno((int)-at);
		return -1;
	}
	*offset = at;
	return 0;
}

HOOK FILE *fdopen(int fd, const char *mode)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1) || conn == &conn_own)
		return real.fdopen(fd, mode);
	/* Only glibc's FILE lets fileno know the descriptor of such a stream. */
	open_cookie *open_it = (open_cookie *)real_find("fopencookie");
	if (!open_it || !real_find("gnu_get_libc_version")) {
		conn_end_fd(fd, WHY_PASSED);
		return real.fdopen(fd, mode);
	}
	const cookie_io_functions_t calls = {
	    .read = read_stream,
	    .write = write_stream,
	    .seek = seek_stream,
	    .close = close_stream,
	};
	FILE *stream = open_it((void *)(intptr_t)fd, mode, calls);
	if (stream)
		stream->_fileno = fd;
	return stream;
}
