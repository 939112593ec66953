/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "../../preload/os/sys.h"
#include "entrypoint.h"

enum { BLOCK = 65536, TRIES = 100 };

static char block[BLOCK];

static long write_block(int fd, size_t len)
{
	for (size_t at = 0; at < len;) {
		long n = sys3(write, fd, block + at, len - at);
		if (n < 0 && n != -EINTR)
			return n;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Negative errno; so of all below. */
static long copy_bytes(int from, int to, unsigned mode)
{
	for (;;) {
		long n = sys3(read, from, block, sizeof(block));
		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (n == 0)
			break;
		n = write_block(to, (size_t)n);
		if (n < 0)
			return n;
	}
	long error = sys2(fchmod, to, mode); /* whatever the umask is */
	return error < 0 ? error : sys1(fsync, to);
}

/* Opens a new file in dir, and leaves its name in `name`: that of the file to be, and a number. */
static long open_temporary(int dir, const char *target, char *name)
{
	unsigned salt = 0; /* not the pid: in a container it comes again after a crash */
	long fd = -EEXIST;
	sys3(getrandom, &salt, sizeof(salt), 1 /* GRND_NONBLOCK */);
	for (unsigned i = 0; i < TRIES && fd == -EEXIST; i++, salt++) {
		char digits[9] = "";
		for (unsigned digit = 0; digit < 8; digit++)
			digits[digit] = "0123456789abcdef"[salt >> digit * 4 & 15];
		if (!join(name, ".", target, ".", digits))
			return -ENAMETOOLONG;
		fd = sys4(openat, dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			  0600);
	}
	return fd;
}

/* Whoever looks finds the old file or the new one, whole; a running program keeps the old one. */
static long put(int dir, const char *target, int from, unsigned mode)
{
	char name[PATH_ROOM];
	long fd = open_temporary(dir, target, name);
	if (fd < 0)
		return fd;
	long error = copy_bytes(from, (int)fd, mode);
	long closed = sys1(close, fd);
	if (error == 0)
		error = closed;
	if (error == 0)
		error = sys4(renameat, dir, name, dir, target);
	if (error < 0)
		sys3(unlinkat, dir, name, 0);
	return error;
}

static bool put_file(int dir, const char *dir_name, const char *target, const char *path,
		     unsigned mode)
{
	long from = sys4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (from < 0) {
		complain(path, ": cannot be read: ", error_text(from));
		return false;
	}
	long error = put(dir, target, (int)from, mode);
	sys1(close, from);
	if (error < 0)
		complain(dir_name, "/", target, ": cannot be written: ", error_text(error));
	return error == 0;
}

static int open_dir(const char *path)
{
	long error = sys3(mkdirat, AT_FDCWD, path, 0755);
	long dir = -1;
	if (error == 0 || error == -EEXIST)
		error = dir = sys4(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (error < 0)
		complain(path, ": ", error_text(error));
	return (int)dir;
}

/* A policy that lies there from before would be taken for ours. */
static enum status check_left(const char *dir)
{
	char left[PATH_ROOM];
	if (!join(left, dir, "/" POLICY_NAME) || !is_file(left))
		return STATUS_OK;
	return check_policy(left, NULL);
}

enum status install(const char *dir, const struct places *places, const char *policy)
{
	int fd = open_dir(dir);
	if (fd < 0)
		return STATUS_NOT_WRITTEN;
	enum status status = policy ? check_policy(policy, NULL) : check_left(dir);
	if (status)
		return status;
	/* The entrypoint last: once it is there, all is. */
	bool done = put_file(fd, dir, LIBRARY_NAME, places->library, 0644) &&
		    (!policy || put_file(fd, dir, POLICY_NAME, policy, 0644)) &&
		    put_file(fd, dir, OWN_NAME, places->self, 0755);
	sys1(close, fd);
	return done ? STATUS_OK : STATUS_NOT_WRITTEN;
}
