/* SPDX-License-Identifier: MIT */
#include "stand_in.h"

#include <errno.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "mem.h"
#include "sys.h"

bool stand_in_name(const char *name, char plain[STAND_IN_NAME_MAX])
{
	static const char fork_of_a_handler[] = "_Fork";
	size_t len = text_len(name, STAND_IN_NAME_MAX);
	if (text_equal(name, fork_of_a_handler)) {
		memcpy(plain, "fork", sizeof("fork"));
		return true;
	}
	for (size_t i = 0; i + 1 < len && len < STAND_IN_NAME_MAX; i++) {
		if (name[i] != '6' || name[i + 1] != '4')
			continue;
		memcpy(plain, name, i);
		memcpy(plain + i, name + i + 2, len - i - 1); /* with its NUL */
		return true;
	}
	return false;
}

static long told(long result)
{
	if (result >= 0)
		return result;
	set_errno((int)-result);
	return -1;
}

static int stat_fd(int fd, struct stat *file)
{
	return (int)told(sys2(fstat, fd, file));
}

static int stat_at(int fd, const char *path, struct stat *file, int flags)
{
	return (int)told(sys4(newfstatat, fd, path, file, flags));
}

static int stat_fd_as(int version, int fd, struct stat *file)
{
	(void)version; /* there is one on the machines that sys.h knows */
	return stat_fd(fd, file);
}

static int stat_at_as(int version, int fd, const char *path, struct stat *file, int flags)
{
	(void)version;
	return stat_at(fd, path, file, flags);
}

static int stat_more(int fd, const char *path, int flags, unsigned mask, struct statx *file)
{
	return (int)told(sys6(statx, fd, path, flags, mask, file, 0));
}

/* Where registers have 64 bits the offset goes in one of them, and the next one stays empty. */
static ssize_t read_at(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	return told(sys6(preadv2, fd, iov, count, at, 0, flags));
}

static ssize_t write_at(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	return told(sys6(pwritev2, fd, iov, count, at, 0, flags));
}

static int exec_at(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)told(sys6(execveat, fd, path, argv, envp, flags, 0));
}

/* These return an errno. */
static int spawn_nothing(int *child, const char *path, const posix_spawn_file_actions_t *actions,
			 const posix_spawnattr_t *attributes, char *const argv[],
			 char *const envp[])
{
	(void)child, (void)path, (void)actions, (void)attributes, (void)argv, (void)envp;
	return ENOSYS;
}

/* By comparison, not from a table: addresses in one would have to be relocated at each start. */
void *stand_in(const char *name)
{
#define FOR(call, function)                                                                        \
	if (text_equal(name, call))                                                                \
	return (void *)function
	FOR("fstat", stat_fd);
	FOR("fstatat", stat_at);
	FOR("__fxstat", stat_fd_as);
	FOR("__fxstatat", stat_at_as);
	FOR("statx", stat_more);
	FOR("preadv2", read_at);
	FOR("pwritev2", write_at);
	FOR("execveat", exec_at);
	FOR("pidfd_spawn", spawn_nothing);
	FOR("pidfd_spawnp", spawn_nothing);
#undef FOR
	return NULL;
}
