/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "../os/sys.h"
#include "held.h"

/* A write raises these for the thread that makes it: signal(7), setrlimit(2). */
#define OF_WRITES (BIT(SIGPIPE) | BIT(SIGXFSZ))

/* A line that did not fit whole ends in the middle: the next one begins anew. */
static bool torn;

/*
 * Of a file that may not grow so far a write gets a part, or SIGXFSZ: getrlimit(2), which more
 * sandboxes allow than prlimit64.
 */
static bool may_grow(const struct stat *file, size_t len, bool *limited)
{
	struct rlimit limit;
	if (sys2(getrlimit, RLIMIT_FSIZE, &limit) < 0)
		return true;
	*limited = limit.rlim_cur != RLIM_INFINITY;
	return !*limited || (uint64_t)file->st_size + len <= (uint64_t)limit.rlim_cur;
}

/* *signals: a write may raise one. */
static bool may_write(int fd, size_t len, bool *signals)
{
	struct stat file;
	*signals = true;
	if (sys2(fstat, fd, &file) < 0 || S_ISBLK(file.st_mode))
		return false;
	return !S_ISREG(file.st_mode) || may_grow(&file, len, signals);
}

static long write_line(int fd, const struct log_line *line)
{
	struct iovec pieces[] = {{(void *)"\n", 1}, {(void *)line->text, line->len}};
	long written = torn ? sys3(writev, fd, pieces, 2) : sys3(write, fd, line->text, line->len);
	if (written <= 0)
		return written;
	written -= torn;
	torn = written != (long)line->len;
	return written;
}

/* A line whose signal is not the program's: it waits, as all are held, and is taken back. */
static long write_quietly(int fd, const struct log_line *line)
{
	static const struct timespec at_once = {0, 0};
	uint64_t waiting;
	/* One that waits already is the program's, and could not be told from ours. */
	if (sys2(rt_sigpending, &waiting, sizeof(waiting)) < 0 || waiting & OF_WRITES)
		return -EAGAIN;
	long written = write_line(fd, line);
	uint64_t ours = written == -EPIPE ? BIT(SIGPIPE) : written == -EFBIG ? BIT(SIGXFSZ) : 0;
	if (ours)
		sys4(rt_sigtimedwait, &ours, 0, &at_once, sizeof(ours));
	return written;
}

/* Returns how many bytes of the line are written, or a negative errno. */
static long append(const char *path, const struct log_line *line)
{
	/* O_NONBLOCK: it may be a FIFO that nobody reads. */
	int fd = (int)sys4(openat, AT_FDCWD, path,
			   O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	bool signals;
	if (fd < 0)
		return fd;
	long written = -ENOSPC;
	if (may_write(fd, line->len + torn, &signals))
		written = signals ? write_quietly(fd, line) : write_line(fd, line);
	sys1(close, fd);
	return written;
}

static void finish_line(struct log_line *line)
{
	if (line->len == sizeof(line->text))
		line->len--;
	line->text[line->len++] = '\n';
}

bool log_file_append(const char *path, struct log_line *line)
{
	const uint64_t held = HELD;
	uint64_t before;
	finish_line(line);
	if (sys4(rt_sigprocmask, SIG_BLOCK, &held, &before, sizeof(held)) < 0)
		return false;
	long written = append(path, line);
	sys4(rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof(before));
	return written == (long)line->len;
}
