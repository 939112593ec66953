/* SPDX-License-Identifier: MIT */
#include "sending.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "program.h"

static ssize_t by_write(int fd, const char *bytes, size_t len)
{
	return write(fd, bytes, len);
}

static ssize_t by_writev(int fd, const char *bytes, size_t len)
{
	struct iovec pieces[] = {
	    {NULL, 0}, {(void *)bytes, len / 2}, {(void *)(bytes + len / 2), len - len / 2}};
	return writev(fd, pieces, 3);
}

static ssize_t by_send(int fd, const char *bytes, size_t len)
{
	return send(fd, bytes, len, MSG_NOSIGNAL);
}

static ssize_t by_sendto(int fd, const char *bytes, size_t len)
{
	return sendto(fd, bytes, len, MSG_NOSIGNAL, NULL, 0);
}

static ssize_t by_sendmsg(int fd, const char *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static ssize_t by_sendmmsg(int fd, const char *bytes, size_t len)
{
	struct iovec pieces[] = {{(void *)bytes, len / 2},
				 {(void *)(bytes + len / 2), len - len / 2}};
	struct mmsghdr messages[] = {{.msg_hdr = {.msg_iov = &pieces[0], .msg_iovlen = 1}},
				     {.msg_hdr = {.msg_iov = &pieces[1], .msg_iovlen = 1}}};
	int sent = sendmmsg(fd, messages, 2, MSG_NOSIGNAL);
	if (sent < 1)
		return sent;
	return (ssize_t)messages[0].msg_len + (sent > 1 ? (ssize_t)messages[1].msg_len : 0);
}

static ssize_t by_zerocopy(int fd, const char *bytes, size_t len)
{
	int one = 1;
	setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	return send(fd, bytes, len, MSG_NOSIGNAL | MSG_ZEROCOPY);
}

/* The last byte is urgent, and does not get into the peer's stream. */
static ssize_t by_urgent(int fd, const char *bytes, size_t len)
{
	return send(fd, bytes, len, MSG_NOSIGNAL | MSG_OOB);
}

static ssize_t by_sendfile(int fd, const char *bytes, size_t len)
{
	off_t from = 0;
	int file = memfd_create("body", MFD_CLOEXEC);
	if (write(file, bytes, len) != (ssize_t)len)
		say("no file");
	ssize_t sent = sendfile(fd, file, &from, len);
	int error = errno;
	close(file);
	errno = error;
	return sent;
}

/* By way of a pipe, which keeps what the socket does not take: at most 64 KiB a call. */
static ssize_t by_splice(int fd, const char *bytes, size_t len)
{
	static int ends[2] = {-1, -1};
	static size_t waiting;
	if (ends[0] < 0 && pipe2(ends, O_CLOEXEC))
		say("no pipe");
	if (!waiting) {
		struct iovec piece = {(void *)bytes, len < 65536 ? len : 65536};
		ssize_t in = vmsplice(ends[1], &piece, 1, 0);
		waiting = in > 0 ? (size_t)in : 0;
	}
	ssize_t sent = splice(ends[0], NULL, fd, NULL, waiting, 0);
	waiting -= sent > 0 ? (size_t)sent : 0;
	return sent;
}

const struct call calls[CALLS] = {
    {"write", by_write},       {"writev", by_writev},	  {"send", by_send},
    {"sendto", by_sendto},     {"sendmsg", by_sendmsg},	  {"sendmmsg", by_sendmmsg},
    {"zerocopy", by_zerocopy}, {"sendfile", by_sendfile}, {"splice", by_splice},
    {"urgent", by_urgent},
};

const struct call *call_named(const char *name)
{
	const struct call *call = calls;
	while (strncmp(call->name, name, strlen(call->name)) || name[strlen(call->name)] != ' ')
		call++;
	return call;
}

bool push(int fd, const struct call *call, const char *bytes, size_t len)
{
	enum { WAKES_MAX = 200 };
	int wakes = 0;
	while (len) {
		ssize_t sent = call->make(fd, bytes, len);
		if (sent >= 0) {
			bytes += sent;
			len -= (size_t)sent;
			continue;
		}
		if (errno != EAGAIN) {
			say("%s", error_name(errno));
			return false;
		}
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		if (++wakes > WAKES_MAX || poll(&p, 1, 3000) != 1) {
			say(wakes > WAKES_MAX ? "woken for nothing" : "no room");
			return false;
		}
	}
	return true;
}
