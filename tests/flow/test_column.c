/* SPDX-License-Identifier: MIT */
/*
 * What each hooked call says in the middle of a rescue, when a placeholder lies at its descriptor:
 * the same as of a connection that lives and waits for its answer (preload/hooks/words.def).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE "retry = { backoff = { base_ms = 400; max_ms = 400; jitter = \"none\"; }; };"

/* What a libc before 2.33, or _FORTIFY_SOURCE, makes of some. */
int __fxstat(int version, int fd, struct stat *file);
int __fxstat64(int version, int fd, struct stat64 *file);
int __fxstatat(int version, int fd, const char *path, struct stat *file, int flags);
int __fxstatat64(int version, int fd, const char *path, struct stat64 *file, int flags);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
		       socklen_t *addr_len);

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
		const sigset_t *mask, size_t room);

#ifdef __x86_64__
enum { STAT_VERSION = 1 };
#else
enum { STAT_VERSION = 0 };
#endif

static struct stat file;
static struct stat64 file64;
static struct statx filex;
static struct statfs fs;
static struct statfs64 fs64;
static struct statvfs vfs;
static struct statvfs64 vfs64;
static struct termios terminal;
static struct sockaddr_in address;
static struct f_owner_ex owner = {.type = F_OWNER_PID};
static socklen_t len;
static int number;
static char bytes[256];
static int set;
static struct epoll_event event = {.events = EPOLLIN};
static const struct timespec at_once;
static struct pollfd slots[2];
static struct iovec pieces[2] = {{bytes, 8}, {bytes + 8, 8}};
static struct iovec empty[2] = {{bytes, 0}, {bytes, 0}};
static struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
static struct msghdr nothing = {.msg_iov = empty, .msg_iovlen = 2};

enum { COPY = 40 }; /* a number that is free */

static fd_set *set_of(int fd)
{
	static fd_set sets[2];
	static int turn;
	fd_set *next = &sets[turn++ % 2];
	FD_ZERO(next);
	FD_SET(fd, next);
	return next;
}

/* Closes it. */
static int is_socket(int fd)
{
	int mode = fstat(fd, &file) ? -1 : (int)file.st_mode;
	return close(fd) ? -1 : S_ISSOCK(mode);
}

/* A row: the word, the call, and what is told of it: a number, and errno where that is -1. */
#define CALLS(X)                                                                                   \
	X(forward, fstat, fstat(fd, &file) ? -1 : (int)file.st_mode)                               \
	X(forward, fstat64, fstat64(fd, &file64) ? -1 : (int)file64.st_mode)                       \
	X(forward, fstatat, fstatat(fd, "", &file, AT_EMPTY_PATH) ? -1 : (int)file.st_mode)        \
	X(forward, fstatat64,                                                                      \
	  fstatat64(fd, "", &file64, AT_EMPTY_PATH) ? -1 : (int)file64.st_mode)                    \
	X(forward, __fxstat, __fxstat(STAT_VERSION, fd, &file) ? -1 : (int)file.st_mode)           \
	X(forward, __fxstat64, __fxstat64(STAT_VERSION, fd, &file64) ? -1 : (int)file64.st_mode)   \
	X(forward, __fxstatat,                                                                     \
	  __fxstatat(STAT_VERSION, fd, "", &file, AT_EMPTY_PATH) ? -1 : (int)file.st_mode)         \
	X(forward, __fxstatat64,                                                                   \
	  __fxstatat64(STAT_VERSION, fd, "", &file64, AT_EMPTY_PATH) ? -1 : (int)file64.st_mode)   \
	X(forward, statx, statx(fd, "", AT_EMPTY_PATH, STATX_MODE, &filex) ? -1 : filex.stx_mode)  \
	X(forward, fstatfs, fstatfs(fd, &fs) ? -1 : (int)fs.f_type)                                \
	X(forward, fstatfs64, fstatfs64(fd, &fs64) ? -1 : (int)fs64.f_type)                        \
	X(forward, fstatvfs, fstatvfs(fd, &vfs) ? -1 : (int)vfs.f_bsize)                           \
	X(forward, fstatvfs64, fstatvfs64(fd, &vfs64) ? -1 : (int)vfs64.f_bsize)                   \
	X(forward, isfdtype, isfdtype(fd, S_IFSOCK))                                               \
	X(forward, isatty, isatty(fd) ? 1 : -1)                                                    \
	X(forward, tcgetattr, tcgetattr(fd, &terminal))                                            \
	X(forward, lseek, (int)lseek(fd, 0, SEEK_CUR))                                             \
	X(forward, lseek64, (int)lseek64(fd, 0, SEEK_CUR))                                         \
	X(forward, sockatmark, sockatmark(fd))                                                     \
	X(forward, fchmod, fchmod(fd, 0777))                                                       \
	X(forward, fchown, fchown(fd, (uid_t)-1, (gid_t)-1))                                       \
	X(forward, futimens, futimens(fd, NULL))                                                   \
	X(forward, futimes, futimes(fd, NULL))                                                     \
	X(forward, fgetxattr, (int)fgetxattr(fd, "system.sockprotoname", bytes, sizeof(bytes)))    \
	X(forward, flistxattr, (int)flistxattr(fd, bytes, sizeof(bytes)))                          \
	X(option, getsockopt,                                                                      \
	  (len = sizeof(number),                                                                   \
	   getsockopt(fd, SOL_SOCKET, SO_TYPE, &number, &len) ? -1 : number))                      \
	X(option, setsockopt, setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &number, sizeof(number)))   \
	X(option, getpeername,                                                                     \
	  (len = sizeof(address),                                                                  \
	   getpeername(fd, (struct sockaddr *)&address, &len) ? -1 : (int)len))                    \
	X(option, getsockname,                                                                     \
	  (len = sizeof(address),                                                                  \
	   getsockname(fd, (struct sockaddr *)&address, &len) ? -1 : (int)len))                    \
	X(option, ioctl, ioctl(fd, TCGETS, &terminal))                                             \
	X(option, ioctl, ioctl(fd, FIONREAD, &number) ? -1 : number)                               \
	X(option, ioctl, ioctl(fd, FIONCLEX) ? -1 : fcntl(fd, F_GETFD))                            \
	X(option, ioctl, ioctl(fd, FIOCLEX) ? -1 : fcntl(fd, F_GETFD))                             \
	X(option, ioctl, ioctl(fd, FIOSETOWN, &(int){0}))                                          \
	X(option, ioctl, ioctl(fd, FIOASYNC, &(int){0}))                                           \
	X(option, fcntl, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK))                            \
	X(option, fcntl, fcntl(fd, F_GETFD))                                                       \
	X(option, fcntl, fcntl(fd, F_SETFD, 0) ? -1 : fcntl(fd, F_GETFD))                          \
	X(option, fcntl, fcntl(fd, F_SETFD, FD_CLOEXEC) ? -1 : fcntl(fd, F_GETFD))                 \
	X(option, fcntl, fcntl(fd, F_SETOWN, getpid()) ? -1 : fcntl(fd, F_GETOWN) == getpid())     \
	X(option, fcntl, fcntl(fd, F_SETSIG, SIGUSR1) ? -1 : fcntl(fd, F_GETSIG))                  \
	X(option, fcntl, fcntl(fd, F_GETOWN_EX, &owner) ? -1 : owner.pid == getpid())              \
	X(option, fcntl, fcntl(fd, F_SETLEASE, F_RDLCK))                                           \
	X(option, fcntl, fcntl(fd, F_GETPIPE_SZ))                                                  \
	X(option, fcntl64, fcntl64(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK))                        \
	X(hold, write, (int)write(fd, "", 0))                                                      \
	X(hold, writev, (int)writev(fd, empty, 2))                                                 \
	X(hold, pwritev2, (int)pwritev2(fd, empty, 2, -1, 0))                                      \
	X(hold, pwritev2, (int)pwritev2(fd, pieces, 2, 5, 0))                                      \
	X(hold, pwritev64v2, (int)pwritev64v2(fd, empty, 2, -1, RWF_NOWAIT))                       \
	X(hold, send, (int)send(fd, "", 0, 0))                                                     \
	X(hold, sendto, (int)sendto(fd, "", 0, MSG_DONTWAIT, NULL, 0))                             \
	X(hold, sendmsg, (int)sendmsg(fd, &nothing, 0))                                            \
	X(drive, read, (int)read(fd, bytes, 0))                                                    \
	X(drive, read, (int)read(fd, bytes, 1))                                                    \
	X(drive, readv, (int)readv(fd, empty, 2))                                                  \
	X(drive, readv, (int)readv(fd, pieces, 2))                                                 \
	X(drive, preadv2, (int)preadv2(fd, empty, 2, -1, 0))                                       \
	X(drive, preadv2, (int)preadv2(fd, pieces, 2, -1, 0))                                      \
	X(drive, preadv2, (int)preadv2(fd, pieces, 2, 5, 0))                                       \
	X(drive, preadv64v2, (int)preadv64v2(fd, pieces, 2, -1, RWF_NOWAIT))                       \
	X(drive, recv, (int)recv(fd, bytes, 0, 0))                                                 \
	X(drive, recv, (int)recv(fd, bytes, 1, MSG_PEEK))                                          \
	X(drive, recv, (int)recv(fd, bytes, 1, MSG_ERRQUEUE))                                      \
	X(drive, recvfrom, (int)recvfrom(fd, bytes, 1, 0, NULL, NULL))                             \
	X(drive, recvmsg, (int)recvmsg(fd, &message, 0))                                           \
	X(drive, recvmsg, (int)recvmsg(fd, &nothing, MSG_ERRQUEUE))                                \
	X(drive, __read_chk, (int)__read_chk(fd, bytes, 1, sizeof(bytes)))                         \
	X(drive, __recv_chk, (int)__recv_chk(fd, bytes, 1, sizeof(bytes), 0))                      \
	X(drive, __recvfrom_chk, (int)__recvfrom_chk(fd, bytes, 1, sizeof(bytes), 0, NULL, NULL))  \
	X(after, sendmmsg, sendmmsg(fd, NULL, 0, 0))                                               \
	X(after, recvmmsg, recvmmsg(fd, NULL, 0, 0, NULL))                                         \
	X(wait, epoll_wait, epoll_wait(fd, &event, 1, 0))                                          \
	X(wait, epoll_ctl, epoll_ctl(fd, EPOLL_CTL_ADD, STDOUT_FILENO, &event))                    \
	X(wait, epoll_wait, epoll_wait(set, &event, 1, 0))                                         \
	X(wait, epoll_pwait, epoll_pwait(set, &event, 1, 0, NULL))                                 \
	X(wait, epoll_pwait2, epoll_pwait2(set, &event, 1, &at_once, NULL))                        \
	X(wait, poll, poll(slots, 1, 0))                                                           \
	X(wait, poll, poll(slots, 2, 0))                                                           \
	X(wait, ppoll, ppoll(slots, 2, &at_once, NULL))                                            \
	X(wait, __poll_chk, __poll_chk(slots, 2, 0, sizeof(slots)))                                \
	X(wait, __ppoll_chk, __ppoll_chk(slots, 2, &at_once, NULL, sizeof(slots)))                 \
	X(wait, select, select(fd + 1, set_of(fd), NULL, set_of(fd), &(struct timeval){0}))        \
	X(wait, select, select(fd + 1, NULL, set_of(fd), NULL, &(struct timeval){0}))              \
	X(wait, pselect, pselect(fd + 1, NULL, set_of(fd), NULL, &at_once, NULL))                  \
	X(follow, dup, is_socket(dup(fd)))                                                         \
	X(follow, dup2, is_socket(dup2(fd, COPY)))                                                 \
	X(follow, dup3, is_socket(dup3(fd, COPY, O_CLOEXEC)))                                      \
	X(option, fcntl, is_socket(fcntl(fd, F_DUPFD, COPY)))                                      \
	X(option, fcntl, is_socket(fcntl(fd, F_DUPFD_CLOEXEC, COPY)))                              \
	X(follow, close, close(dup2(fd, COPY)))                                                    \
	X(follow, close_range, close_range((unsigned)dup2(fd, COPY), COPY, 0))                     \
	X(follow, close_range,                                                                     \
	  fcntl(fd, F_SETFD, 0) | close_range((unsigned)fd, (unsigned)fd, CLOSE_RANGE_CLOEXEC))    \
	X(option, fcntl, fcntl(fd, F_GETFD))                                                       \
	X(follow, closefrom, (closefrom(dup2(fd, COPY)), fcntl(COPY, F_GETFD)))                    \
	X(hold, shutdown, shutdown(fd, SHUT_WR))

static void tell(const char *word, const char *name, int result)
{
	say("%s %s: %d%s%s", word, name, result, result == -1 ? " " : "",
	    result == -1 ? error_name(errno) : "");
}

/* arg: "live" where nothing fails, and the answer takes its time. */
PROGRAM(make_each_call)
{
	int fd = dial();
	set = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	slots[0] = (struct pollfd){.fd = fd, .events = POLLIN | POLLPRI};
	slots[1] = (struct pollfd){.fd = fd, .events = POLLOUT};
	exchange(fd, "GET", "/1", NULL);
	if (!strcmp(program.arg, "live"))
		ask(fd, "GET", "/2", NULL);
	else if (!begin_rescue(fd))
		return;
#define X(word, name, result) tell(#word, #name, result);
	CALLS(X)
#undef X
	answer(fd);
	say("owner %d, signal %d", fcntl(fd, F_GETOWN) == getpid(), fcntl(fd, F_GETSIG));
}

static void each_call_says_in_a_rescue_what_it_says_of_a_live_socket(void)
{
	struct flow flow = {.program = "make_each_call",
			    .arg = "live",
			    .way = WAY_POLL,
			    .faults = {"delay=300@1.2"},
			    .policy = PAUSE};
	flow_bare(&flow);
	char *bare = strdup(flow.result.out);
	CU_ASSERT_PTR_NOT_NULL(strstr(bare, "\n200 /2\n"));
	flow.arg = "";
	flow.faults[0] = "shed=1@1.2";
	flow_redial(&flow);
	expect_printed(&flow, bare);
	expect_seen(&flow, 2, "path=/2 ", NULL);
	free(bare);
	flow_end(&flow);
}

#define REQUEST "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"

int __dprintf_chk(int fd, int flag, const char *format, ...);
int __vdprintf_chk(int fd, int flag, const char *format, va_list args);

static int by_vdprintf(int fd, bool checked, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int result = checked ? __vdprintf_chk(fd, 1, format, args) : vdprintf(fd, format, args);
	va_end(args);
	return result;
}

static int by_sendmsg(int fd, struct iovec *piece)
{
	struct msghdr one = {.msg_iov = piece, .msg_iovlen = 1};
	return (int)sendmsg(fd, &one, 0);
}

static int by_stream(int fd, const char *text)
{
	FILE *stream = fdopen(fd, "r+");
	int result = stream && fputs(text, stream) >= 0 && !fflush(stream) ? (int)strlen(text) : -1;
	return stream && fileno(stream) != fd ? -2 : result;
}

/* Calls that write another request: piece has it. */
#define WRITES(X)                                                                                  \
	X(hold, write, (int)write(fd, piece.iov_base, piece.iov_len))                              \
	X(hold, writev, (int)writev(fd, &piece, 1))                                                \
	X(hold, pwritev2, (int)pwritev2(fd, &piece, 1, -1, 0))                                     \
	X(hold, pwritev64v2, (int)pwritev64v2(fd, &piece, 1, -1, RWF_NOWAIT))                      \
	X(hold, send, (int)send(fd, piece.iov_base, piece.iov_len, 0))                             \
	X(hold, sendto, (int)sendto(fd, piece.iov_base, piece.iov_len, 0, NULL, 0))                \
	X(hold, sendmsg, by_sendmsg(fd, &piece))                                                   \
	X(stream, dprintf, dprintf(fd, "GET /%d HTTP/1.1\r\nHost: %s\r\n\r\n", 3, "x"))            \
	X(stream, vdprintf, by_vdprintf(fd, false, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", 3))      \
	X(stream, __dprintf_chk, __dprintf_chk(fd, 1, "%s", (char *)piece.iov_base))               \
	X(stream, __vdprintf_chk, by_vdprintf(fd, true, "%s", (char *)piece.iov_base))             \
	X(stream, fdopen, by_stream(fd, piece.iov_base))

static const struct {
	const char *name;
} writes[] = {
#define X(word, name, result) {#name},
    WRITES(X)
#undef X
};

PROGRAM(write_in_a_rescue)
{
	struct iovec piece = {REQUEST, strlen(REQUEST)};
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
#define X(word, name, result)                                                                      \
	if (!strcmp(program.arg, #name))                                                           \
		say("%d of %zu", result, piece.iov_len);
	WRITES(X)
#undef X
	answer(fd);
	answer(fd);
}

static void what_each_call_writes_in_a_rescue_is_sent_after_it(void)
{
	struct flow flow = {.program = "write_in_a_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE};
	char printed[100];
	snprintf(printed, sizeof(printed), "200 /1\n%zu of %zu\n200 /2\n200 /3\n", strlen(REQUEST),
		 strlen(REQUEST));
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		flow.arg = writes[i].name;
		flow_redial(&flow);
		if (!expect_printed(&flow, printed))
			printf("\n    by %s", flow.arg);
		expect_seen(&flow, 1, "path=/3 ", NULL);
	}
	flow_end(&flow);
}

const struct runner_test column_tests[] = {
    T(each_call_says_in_a_rescue_what_it_says_of_a_live_socket),
    T(what_each_call_writes_in_a_rescue_is_sent_after_it),
    T_END,
};
