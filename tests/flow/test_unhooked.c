/* SPDX-License-Identifier: MIT */
/*
 * preload/hooks/unhooked.def says of some calls that they need no hook, since a placeholder answers
 * them as a socket does. Does the kernel at hand see to that?
 */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "flow.h"

#define U(name, why) {#name, why},
static const struct unhooked {
	const char *name, *why;
} unhooked[] = {
#include "../../preload/hooks/unhooked.def"
};
#undef U

static char bytes[128];
static struct iovec piece = {bytes, 1};
static struct timespec times[2];
static struct itimerspec timer;
static sigset_t signals;
static struct aiocb block;

static long async_sync(int fd)
{
	block = (struct aiocb){.aio_fildes = fd};
	const struct aiocb *const all[] = {&block};
	if (aio_fsync(O_SYNC, &block))
		return -1;
	aio_suspend(all, 1, NULL);
	errno = aio_error(&block);
	return aio_return(&block);
}

/* What is -1, or an errno itself, or a number that is to be the same. */
#define CALLS(X)                                                                                   \
	X(pread, pread(fd, bytes, 1, 0))                                                           \
	X(preadv, preadv(fd, &piece, 1, 0))                                                        \
	X(pwrite, pwrite(fd, bytes, 1, 0))                                                         \
	X(pwritev, pwritev(fd, &piece, 1, 0))                                                      \
	X(fsync, fsync(fd))                                                                        \
	X(fdatasync, fdatasync(fd))                                                                \
	X(syncfs, syncfs(fd))                                                                      \
	X(sync_file_range, sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE))                       \
	X(ftruncate, ftruncate(fd, 0))                                                             \
	X(fallocate, fallocate(fd, 0, 0, 1))                                                       \
	X(posix_fallocate, posix_fallocate(fd, 0, 1))                                              \
	X(posix_fadvise, posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL))                               \
	X(readahead, readahead(fd, 0, 1))                                                          \
	X(copy_file_range, copy_file_range(fd, NULL, fd, NULL, 1, 0))                              \
	X(tee, tee(fd, ends[1], 1, SPLICE_F_NONBLOCK))                                             \
	X(tee, tee(ends[0], fd, 1, SPLICE_F_NONBLOCK))                                             \
	X(vmsplice, vmsplice(fd, &piece, 1, SPLICE_F_NONBLOCK))                                    \
	X(fchdir, fchdir(fd))                                                                      \
	X(getdents64, syscall(SYS_getdents64, fd, bytes, sizeof(bytes)))                           \
	X(openat, openat(fd, "x", O_RDONLY))                                                       \
	X(mkdirat, mkdirat(fd, "x", 0700))                                                         \
	X(mknodat, mknodat(fd, "x", S_IFIFO, 0))                                                   \
	X(unlinkat, unlinkat(fd, "x", 0))                                                          \
	X(renameat, renameat(fd, "x", fd, "y"))                                                    \
	X(symlinkat, symlinkat("x", fd, "x"))                                                      \
	X(readlinkat, readlinkat(fd, "x", bytes, sizeof(bytes)))                                   \
	X(readlinkat, readlinkat(fd, "", bytes, sizeof(bytes)))                                    \
	X(linkat, linkat(fd, "x", fd, "y", 0))                                                     \
	X(linkat, linkat(fd, "", AT_FDCWD, "/tmp/x", AT_EMPTY_PATH))                               \
	X(faccessat, faccessat(fd, "x", R_OK, 0))                                                  \
	X(fchmodat, fchmodat(fd, "x", 0700, 0))                                                    \
	X(fchmodat, fchmodat(fd, "", 0700, 0))                                                     \
	X(fchownat, fchownat(fd, "x", 0, 0, 0))                                                    \
	X(utimensat, utimensat(fd, "x", times, 0))                                                 \
	X(name_to_handle_at, name_to_handle_at(fd, "x", (void *)bytes, &number, 0))                \
	X(fanotify_mark, fanotify_mark(fd, 0, 0, 0, "/"))                                          \
	X(inotify_add_watch, inotify_add_watch(fd, "/", IN_CREATE))                                \
	X(inotify_rm_watch, inotify_rm_watch(fd, 1))                                               \
	X(timerfd_gettime, timerfd_gettime(fd, &timer))                                            \
	X(timerfd_settime, timerfd_settime(fd, 0, &timer, NULL))                                   \
	X(signalfd, signalfd(fd, &signals, 0))                                                     \
	X(setns, syscall(SYS_setns, fd, 0))                                                        \
	X(pidfd_getfd, syscall(SYS_pidfd_getfd, fd, 0, 0))                                         \
	X(pidfd_send_signal, syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0))                       \
	X(process_madvise, syscall(SYS_process_madvise, fd, NULL, 0, 0, 0))                        \
	X(fsconfig, syscall(SYS_fsconfig, fd, 0, NULL, NULL, 0))                                   \
	X(fsmount, syscall(SYS_fsmount, fd, 0, 0))                                                 \
	X(move_mount, syscall(SYS_move_mount, fd, "x", fd, "y", 0))                                \
	X(open_tree, syscall(SYS_open_tree, fd, "x", 0))                                           \
	X(grantpt, grantpt(fd))                                                                    \
	X(unlockpt, unlockpt(fd))                                                                  \
	X(flock, flock(fd, LOCK_EX))                                                               \
	X(lockf, lockf(fd, F_TLOCK, 1))                                                            \
	X(fpathconf, fpathconf(fd, _PC_PIPE_BUF))                                                  \
	X(fpathconf, fpathconf(fd, _PC_NAME_MAX))                                                  \
	X(fsetxattr, fsetxattr(fd, "user.x", "", 0, 0))                                            \
	X(fremovexattr, fremovexattr(fd, "user.x"))                                                \
	X(aio_fsync, async_sync(fd))

static void say_what_it_says(int fd, char *text, const char *name)
{
	int ends[2], number = 0;
	pipe2(ends, O_NONBLOCK | O_CLOEXEC);
	*text = '\0';
	errno = 0;
#define X(call, result)                                                                            \
	if (!strcmp(#call, name)) {                                                                \
		long answer = (long)(result);                                                      \
		sprintf(text + strlen(text), "%ld %s; ", answer,                                   \
			answer < 0 ? error_name(errno) : "");                                      \
	}
	CALLS(X)
#undef X
	close(ends[0]);
	close(ends[1]);
}

static const char *const tried[] = {
#define X(call, result) #call,
    CALLS(X)
#undef X
};

static void calls_without_a_hook_say_the_same_of_socket_and_placeholder(void)
{
	char of_socket[200], of_placeholder[200];
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int placeholder = epoll_create1(EPOLL_CLOEXEC);
		say_what_it_says(socket_fd, of_socket, tried[i]);
		say_what_it_says(placeholder, of_placeholder, tried[i]);
		if (!runner_expect_text(tried[i], of_socket, of_placeholder))
			printf("\n    by %s", tried[i]);
		close(socket_fd);
		close(placeholder);
	}
}

/* The 64 of a name, as that of a system on which off_t was narrower, makes no other call. */
static bool is_tried(const char *name)
{
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		size_t len = strlen(tried[i]);
		if (!strncmp(name, tried[i], len) && (!name[len] || !strcmp(name + len, "64")))
			return true;
	}
	return false;
}

/* Neighbours of those above, by the same check of the kernel's. */
static bool is_like_others(const char *name)
{
	static const char *const like[] = {
	    "__pread_chk",   "__pread64_chk",	 "fdopendir",
	    "getdirentries", "getdirentries64",	 "scandirat",
	    "scandirat64",   "mkfifoat",	 "renameat2",
	    "futimesat",     "process_mrelease", "fspick",
	    "pidfd_getpid",  "mount_setattr",	 "posix_spawn_file_actions_addfchdir_np"};
	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]); i++) {
		if (!strcmp(name, like[i]))
			return true;
	}
	return false;
}

static void each_call_that_is_said_to_is_tried(void)
{
	for (size_t i = 0; i < sizeof(unhooked) / sizeof(unhooked[0]); i++) {
		const struct unhooked *call = &unhooked[i];
		if (!strstr(call->why, " of either") || strstr(call->why, "fails of") ||
		    is_tried(call->name) || is_like_others(call->name))
			continue;
		printf("\n    %s", call->name);
		CU_FAIL("is not tried");
	}
}

const struct runner_test unhooked_tests[] = {
    T(calls_without_a_hook_say_the_same_of_socket_and_placeholder),
    T(each_call_that_is_said_to_is_tried),
    T_END,
};
