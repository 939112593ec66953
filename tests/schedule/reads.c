/* SPDX-License-Identifier: MIT */
/* The calls that a program reads with. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "draw.h"
#include "judge.h"
#include "program.h"

enum way { READ, RECV, READV, RECVFROM, RECVMSG, RECVMMSG, PEEK, READ_CHK, SPLICE, WAYS };

static const char *const names[WAYS] = {"read",		  "recv",	"readv",
					"recvfrom",	  "recvmsg",	"recvmmsg",
					"recv, MSG_PEEK", "__read_chk", "splice"};

static ssize_t splice_in(int fd, char *room, size_t len)
{
	int ends[2];
	thread_step();
	if (pipe_new(ends) < 0)
		return preload_read(fd, room, len);
	ssize_t result = preload_splice(fd, NULL, ends[1], NULL, len, 0);
	int error = call_error();
	struct object *pipe = object_at(ends[0]);
	if (result > 0)
		memcpy(room, pipe->bytes.at, (size_t)result);
	preload_close(ends[0]);
	preload_close(ends[1]);
	thread_current->error = error;
	if (result < 0 && error == EINVAL) /* as for what cannot be spliced: programs then read */
		return preload_read(fd, room, len);
	return result;
}

static ssize_t make(int fd, enum way way, char *room, size_t len, int flags)
{
	size_t half = len / 2;
	struct iovec iov[2] = {{room, half}, {room + half, len - half}};
	struct mmsghdr one = {.msg_hdr = {.msg_iov = iov, .msg_iovlen = 2}};
	switch (way) {
	case READ:
		return preload_read(fd, room, len);
	case READ_CHK:
		return preload_read(fd, room, len);
	case READV:
		return preload_readv(fd, iov, 2);
	case RECVFROM:
		return preload_recvfrom(fd, room, len, flags, NULL, NULL);
	case RECVMSG:
		return preload_recvmsg(fd, &one.msg_hdr, flags);
	case RECVMMSG:
		return preload_recvmmsg(fd, &one, 1, flags, NULL) > 0 ? (ssize_t)one.msg_len : -1;
	case PEEK:
		return preload_recv(fd, room, len, flags | MSG_PEEK);
	case SPLICE:
		return splice_in(fd, room, len);
	default:
		return preload_recv(fd, room, len, flags);
	}
}

static ssize_t read_some(struct link *link)
{
	char room[1024];
	enum way way = (enum way)DRAW_OF(READ, RECV, READ, RECV, READV, RECVFROM, RECVMSG, RECVMMSG,
					 PEEK, READ_CHK, SPLICE);
	size_t len = DRAW_OF(1024, 1024, 1024, 100, 20, 1);
	bool takes_flags = way == RECV || (way >= RECVFROM && way <= PEEK);
	bool peeps = takes_flags && draw(8) == 7;
	uint64_t limit = link->nonblocking ? 0 : link->receive_limit_ms;
	int fd = link->copy >= 0 && draw(2) ? link->copy : link->fd;
	call_begin(names[way], link, fd, limit);
	thread_current->call.peeps = peeps && !link->nonblocking;
	ssize_t result = make(fd, way, room, len, peeps ? MSG_DONTWAIT : 0);
	int error = call_error();
	if (result > 0)
		judge_given(link, room, (size_t)result, way == PEEK);
	if (result == 0)
		link->ended = true;
	call_end(result);
	thread_current->error = error;
	return result;
}

static bool waits_first(const struct link *link)
{
	return !link->nonblocking && link->waits != WAITS_EDGE && draw(4) == 3;
}

void link_read(struct link *link)
{
	uint32_t tries = 0;
	while (link_usable(link) && link->answered < link->request_count && tries++ < 400) {
		if (waits_first(link) && !link_wait(link, EPOLLIN))
			return;
		if (!link_usable(link))
			return;
		ssize_t result = read_some(link);
		if (result >= 0)
			continue;
		if (call_error() == EAGAIN)
			link_wait(link, EPOLLIN);
		else if (call_error() != EINTR)
			link->failed = true;
	}
	if (tries >= 400)
		link->failed = true;
}
