/* SPDX-License-Identifier: MIT */
/*
 * untracked N: N times each hooked call on descriptors that are none of redial's business, each
 * kind in a function of its own, so that callgrind can tell them apart (--dump-after=loop_*). A
 * tracked socket is there as well: the table of descriptors exists, as in a program under redial.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "bench.h"

static int null_fd, event_fd, epoll_fd, pair[2];
static char byte[8];
static struct iovec piece = {byte, 1};
static struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
static struct epoll_event event = {.events = EPOLLIN}, found;
static struct pollfd polled = {.events = POLLIN};
static struct timeval at_once;
static struct stat file;
static struct statx filex;
static int option;
static socklen_t option_len = sizeof(option);

/* By a call that is not hooked: what a close costs is another loop's. */
static long past_close(int fd)
{
	return syscall(SYS_close, fd);
}

#define LOOPS(X)                                                                                   \
	X(read, read(null_fd, byte, 1))                                                            \
	X(readv, readv(null_fd, &piece, 1))                                                        \
	X(write, write(null_fd, byte, 1))                                                          \
	X(writev, writev(null_fd, &piece, 1))                                                      \
	X(send, send(pair[0], byte, 1, MSG_DONTWAIT))                                              \
	X(recv, recv(pair[1], byte, 1, MSG_DONTWAIT))                                              \
	X(sendto, sendto(pair[0], byte, 1, MSG_DONTWAIT, NULL, 0))                                 \
	X(recvfrom, recvfrom(pair[1], byte, 1, MSG_DONTWAIT, NULL, NULL))                          \
	X(sendmsg, sendmsg(pair[0], &message, MSG_DONTWAIT))                                       \
	X(recvmsg, recvmsg(pair[1], &message, MSG_DONTWAIT))                                       \
	X(epoll_ctl, epoll_ctl(epoll_fd, EPOLL_CTL_MOD, event_fd, &event))                         \
	X(epoll_wait, epoll_wait(epoll_fd, &found, 1, 0))                                          \
	X(poll, poll(&polled, 1, 0))                                                               \
	X(select, select(event_fd + 1, NULL, NULL, NULL, &at_once))                                \
	X(getsockopt, getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &option, &option_len))              \
	X(ioctl, ioctl(pair[0], FIONREAD, &option))                                                \
	X(fcntl, fcntl(null_fd, F_GETFD))                                                          \
	X(fstat, fstat(null_fd, &file))                                                            \
	X(fstatat, fstatat(AT_FDCWD, "/", &file, 0))                                               \
	X(statx, statx(AT_FDCWD, "/", 0, STATX_MODE, &filex))                                      \
	X(lseek, lseek(null_fd, 0, SEEK_CUR))                                                      \
	X(isatty, isatty(null_fd))                                                                 \
	X(dup, past_close(dup(null_fd)))                                                           \
	X(accept, accept(null_fd, NULL, NULL))                                                     \
	X(preadv2, preadv2(null_fd, &piece, 1, 0, 0))                                              \
	X(close, close(eventfd(0, 0)))

#define X(name, call)                                                                              \
	__attribute__((noinline)) static void loop_##name(long n)                                  \
	{                                                                                          \
		for (long i = 0; i < n; i++) {                                                     \
			long result = (long)(call);                                                \
			(void)result;                                                              \
		}                                                                                  \
	}
LOOPS(X)
#undef X

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1;
	int tracked = socket(AF_INET, SOCK_STREAM, 0);

	null_fd = open("/dev/null", O_RDWR);
	event_fd = eventfd(0, 0);
	polled.fd = event_fd;
	epoll_fd = epoll_create1(0);
	if (tracked < 0 || null_fd < 0 || event_fd < 0 || epoll_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event_fd, &event) < 0)
		die("untracked");
#define X(name, call) loop_##name(1); /* binds the symbol */
	LOOPS(X)
#undef X
#define X(name, call) loop_##name(n);
	LOOPS(X)
#undef X
	return 0;
}
