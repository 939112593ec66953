/* SPDX-License-Identifier: MIT */
/* The simulated libc behind the preload: its functions make the simulated kernel's calls. */
#include "libc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>

#include "call.h"
#include "thread.h"

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	thread_step();
	long result = call_kernel(number, a, b, c, d, e, f);
	call_trace(number, a, b, c, result);
	thread_step();
	if (result >= 0)
		return result;
	thread_current->error = (int)-result;
	return -1;
}

#define CALL(n, a, b, c, d, e, f)                                                                  \
	call(SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

int sim_socket(int domain, int type, int protocol)
{
	return (int)CALL(socket, domain, type, protocol, 0, 0, 0);
}

int sim_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)CALL(bind, fd, addr, len, 0, 0, 0);
}

int sim_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)CALL(connect, fd, addr, len, 0, 0, 0);
}

ssize_t sim_send(int fd, const void *buf, size_t len, int flags)
{
	return CALL(sendto, fd, buf, len, flags, 0, 0);
}

ssize_t sim_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
		   socklen_t addr_len)
{
	return CALL(sendto, fd, buf, len, flags, addr, addr_len);
}

ssize_t sim_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return CALL(sendmsg, fd, message, flags, 0, 0, 0);
}

ssize_t sim_write(int fd, const void *buf, size_t len)
{
	return CALL(write, fd, buf, len, 0, 0, 0);
}

ssize_t sim_writev(int fd, const struct iovec *iov, int count)
{
	return CALL(writev, fd, iov, count, 0, 0, 0);
}

ssize_t sim_recv(int fd, void *buf, size_t len, int flags)
{
	return CALL(recvfrom, fd, buf, len, flags, 0, 0);
}

ssize_t sim_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
		     socklen_t *addr_len)
{
	return CALL(recvfrom, fd, buf, len, flags, addr, addr_len);
}

ssize_t sim_recvmsg(int fd, struct msghdr *message, int flags)
{
	return CALL(recvmsg, fd, message, flags, 0, 0, 0);
}

ssize_t sim_read(int fd, void *buf, size_t len)
{
	return CALL(read, fd, buf, len, 0, 0, 0);
}

ssize_t sim_readv(int fd, const struct iovec *iov, int count)
{
	return CALL(readv, fd, iov, count, 0, 0, 0);
}

int sim_close(int fd)
{
	return (int)CALL(close, fd, 0, 0, 0, 0, 0);
}

int sim_close_range(unsigned first, unsigned last, int flags)
{
	return (int)CALL(close_range, first, last, flags, 0, 0, 0);
}

int sim_shutdown(int fd, int how)
{
	return (int)CALL(shutdown, fd, how, 0, 0, 0, 0);
}

int sim_dup(int fd)
{
	return (int)CALL(dup, fd, 0, 0, 0, 0, 0);
}

int sim_dup2(int fd, int to)
{
	if (fd == to)
		return (int)CALL(fcntl, fd, F_GETFD, 0, 0, 0, 0) < 0 ? -1 : to;
	return (int)CALL(dup3, fd, to, 0, 0, 0, 0);
}

int sim_dup3(int fd, int to, int flags)
{
	return (int)CALL(dup3, fd, to, flags, 0, 0, 0);
}

int sim_fcntl(int fd, int command, void *arg)
{
	return (int)CALL(fcntl, fd, command, arg, 0, 0, 0);
}

int sim_fcntl64(int fd, int command, void *arg)
{
	return (int)CALL(fcntl, fd, command, arg, 0, 0, 0);
}

int sim_ioctl(int fd, unsigned long request, void *arg)
{
	return (int)CALL(ioctl, fd, request, arg, 0, 0, 0);
}

int sim_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)CALL(getsockopt, fd, level, name, value, len, 0);
}

int sim_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)CALL(setsockopt, fd, level, name, value, len, 0);
}

int sim_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)CALL(getpeername, fd, addr, len, 0, 0, 0);
}

int sim_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)CALL(getsockname, fd, addr, len, 0, 0, 0);
}

static struct timespec *time_of_ms(int ms, struct timespec *room)
{
	*room = (struct timespec){ms / 1000, ms % 1000 * 1000000L};
	return ms < 0 ? NULL : room;
}

int sim_poll(struct pollfd *fds, nfds_t len, int timeout)
{
	struct timespec room;
	return (int)CALL(ppoll, fds, len, time_of_ms(timeout, &room), 0, 0, 0);
}

int sim_ppoll(struct pollfd *fds, nfds_t len, const struct timespec *timeout, const sigset_t *mask)
{
	return (int)CALL(ppoll, fds, len, timeout, mask, 0, 0);
}

int sim_select(int len, fd_set *readable, fd_set *writable, fd_set *special,
	       struct timeval *timeout)
{
	struct timespec room = {0};
	if (timeout)
		room = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000};
	return (int)CALL(pselect6, len, readable, writable, special, timeout ? &room : NULL, 0);
}

int sim_pselect(int len, fd_set *readable, fd_set *writable, fd_set *special,
		const struct timespec *timeout, const sigset_t *mask)
{
	return (int)CALL(pselect6, len, readable, writable, special, timeout, mask);
}

int sim_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return (int)CALL(epoll_ctl, epfd, op, fd, event, 0, 0);
}

int sim_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	return (int)CALL(epoll_pwait, epfd, events, max, timeout, 0, 0);
}

int sim_epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout,
		    const sigset_t *mask)
{
	return (int)CALL(epoll_pwait, epfd, events, max, timeout, mask, 0);
}

int sim_epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		     const sigset_t *mask)
{
	return (int)CALL(epoll_pwait2, epfd, events, max, timeout, mask, 0);
}

int sim_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	return (int)CALL(sendmmsg, fd, messages, count, flags, 0, 0);
}

int sim_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		 struct timespec *timeout)
{
	return (int)CALL(recvmmsg, fd, messages, count, flags, timeout, 0);
}

ssize_t sim_sendfile(int out, int in, off_t *offset, size_t len)
{
	return CALL(sendfile, out, in, offset, len, 0, 0);
}

ssize_t sim_sendfile64(int out, int in, off_t *offset, size_t len)
{
	return CALL(sendfile, out, in, offset, len, 0, 0);
}

ssize_t sim_splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t len, unsigned flags)
{
	return CALL(splice, in, in_offset, out, out_offset, len, flags);
}
