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

/* As the kernel has it: a bit for each of 64 signals. */
typedef uint64_t signals;

#define BIT(signal) (UINT64_C(1) << ((signal)-1))

/* A write raises these for the thread that makes it: signal(7), setrlimit(2). */
#define OF_WRITES (BIT(SIGPIPE) | BIT(SIGXFSZ))

/*
 * All but those of a thread's own faults. SIGTTOU too, as then a background process may write to
 * its terminal; and the rest, for a handler that jumps out would leave our mask behind.
 */
#define HELD                                                                                       \
	(~(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGSYS)))

/* A line that did not fit whole ends in the middle: the next one begins anew. */
static bool torn;

/* Of a file that may not grow so far a write gets a part, or SIGXFSZ: getrlimit(2). */
static bool may_grow(const struct stat *file, size_t len)
{
	struct rlimit limit;
	return sys4(prlimit64, 0, RLIMIT_FSIZE, 0, &limit) == 0 &&
	       (limit.rlim_cur == RLIM_INFINITY ||
		(uint64_t)file->st_size + len <= (uint64_t)limit.rlim_cur);
}

static bool may_write(int fd, size_t len)
{
	struct stat file;
	if (sys2(fstat, fd, &file) < 0 || S_ISBLK(file.st_mode))
		return false;
	return !S_ISREG(file.st_mode) || may_grow(&file, len);
}

/* Returns how many bytes of the line are written, or a negative errno. */
static long write_line(const char *path, const struct log_line *line)
{
	/* O_NONBLOCK: it may be a FIFO that nobody reads. */
	int fd = (int)sys4(openat, AT_FDCWD, path,
			   O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	if (fd < 0)
		return fd;
	struct iovec pieces[] = {{(void *)"\n", torn}, {(void *)line->text, line->len}};
	long written = may_write(fd, line->len + torn) ? sys3(writev, fd, pieces, 2) : -ENOSPC;
	sys1(close, fd);
	if (written > 0) {
		written -= torn;
		torn = written != (long)line->len;
	}
	return written;
}

/* The signal that this write has raised is not the program's: it waits, as all are held. */
static void take_back(long written)
{
	static const struct timespec at_once = {0, 0};
	signals ours = written == -EPIPE ? BIT(SIGPIPE) : written == -EFBIG ? BIT(SIGXFSZ) : 0;
	if (ours)
		sys4(rt_sigtimedwait, &ours, 0, &at_once, sizeof(ours));
}

static void finish_line(struct log_line *line)
{
	if (line->len == sizeof(line->text))
		line->len--;
	line->text[line->len++] = '\n';
}

bool log_file_append(const char *path, struct log_line *line)
{
	const signals held = HELD;
	signals before, waiting;
	long written = -EAGAIN;
	finish_line(line);
	if (sys4(rt_sigprocmask, SIG_BLOCK, &held, &before, sizeof(held)) < 0)
		return false;
	/* One that waits already is the program's, and could not be told from ours. */
	if (sys2(rt_sigpending, &waiting, sizeof(waiting)) == 0 && !(waiting & OF_WRITES)) {
		written = write_line(path, line);
		take_back(written);
	}
	sys4(rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof(before));
	return written == (long)line->len;
}
