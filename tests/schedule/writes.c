/* SPDX-License-Identifier: MIT */
/* The calls that a program writes with. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "draw.h"
#include "judge.h"
#include "program.h"
#include "trace.h"

enum way { WRITE, SEND, WRITEV, SENDTO, SENDMSG, SENDMMSG, SENDFILE, SPLICE, WAYS };

static const char *const names[WAYS] = {"write",   "send",     "writev",   "sendto",
					"sendmsg", "sendmmsg", "sendfile", "splice"};

struct piece {
	enum way way;
	const char *bytes;
	size_t len;
	int flags;
	int source; /* of sendfile and splice: a file, a pipe */
};

static ssize_t messages(int fd, const struct piece *piece)
{
	size_t half = piece->len / 2;
	struct iovec iov[2] = {{(void *)piece->bytes, half},
			       {(void *)(piece->bytes + half), piece->len - half}};
	struct mmsghdr all[2] = {{.msg_hdr = {.msg_iov = &iov[0], .msg_iovlen = 1}},
				 {.msg_hdr = {.msg_iov = &iov[1], .msg_iovlen = 1}}};
	bool both = half && draw(2);
	if (!both)
		iov[0].iov_len = piece->len;
	int done = preload_sendmmsg(fd, all, both ? 2 : 1, piece->flags);
	ssize_t sum = done;
	for (int i = 0; i < done; i++)
		sum += (ssize_t)all[i].msg_len - 1;
	return sum;
}

static ssize_t make(int fd, const struct piece *piece)
{
	size_t half = draw(2) ? piece->len / 2 : 0;
	struct iovec iov[2] = {{(void *)piece->bytes, half},
			       {(void *)(piece->bytes + half), piece->len - half}};
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
	switch (piece->way) {
	case WRITE:
		return preload_write(fd, piece->bytes, piece->len);
	case SEND:
		return preload_send(fd, piece->bytes, piece->len, piece->flags);
	case WRITEV:
		return preload_writev(fd, iov, 2);
	case SENDTO:
		return preload_sendto(fd, piece->bytes, piece->len, piece->flags, NULL, 0);
	case SENDMSG:
		return preload_sendmsg(fd, &message, piece->flags);
	case SENDMMSG:
		return messages(fd, piece);
	case SENDFILE:
		return draw(2) ? preload_sendfile(fd, piece->source, NULL, piece->len)
			       : preload_sendfile64(fd, piece->source, NULL, piece->len);
	default:
		return preload_splice(piece->source, NULL, fd, NULL, piece->len, 0);
	}
}

/* The bytes, in a file or a pipe. Returns its number, the other end in *also; or negative. */
static int source_of(const struct piece *piece, int *also)
{
	int ends[2];
	*also = -1;
	thread_step();
	if (piece->way == SENDFILE) {
		int fd = fd_new(object_new(IS_FILE), 0, true);
		if (fd >= 0)
			bytes_add(&object_at(fd)->bytes, piece->bytes, (uint32_t)piece->len);
		return fd;
	}
	if (pipe_new(ends) < 0)
		return -1;
	bytes_add(&object_at(ends[0])->bytes, piece->bytes, (uint32_t)piece->len);
	*also = ends[1];
	return ends[0];
}

static void close_source(int fd)
{
	if (fd < 0)
		return;
	call_begin("close", NULL, fd, 0);
	call_end(preload_close(fd));
}

/* One call for up to len bytes. */
static ssize_t write_some(struct link *link, const char *bytes, size_t len)
{
	struct piece piece = {
	    .way = (enum way)DRAW_OF(WRITE, SEND, WRITE, SEND, WRITEV, SENDTO, SENDMSG, SENDMMSG,
				     SENDFILE, SPLICE),
	    .bytes = bytes,
	    .len = len,
	    .flags = MSG_NOSIGNAL * (int)draw(2),
	    .source = -1,
	};
	int also = -1;
	if (piece.way == SENDFILE || piece.way == SPLICE) {
		piece.source = source_of(&piece, &also);
		if (piece.source < 0)
			piece.way = WRITE;
	}
	bool takes_flags = piece.way == SEND || (piece.way >= SENDTO && piece.way <= SENDMMSG);
	bool dont_wait = takes_flags && draw(8) == 7;
	if (dont_wait)
		piece.flags |= MSG_DONTWAIT;
	ssize_t result = -1;
	if (link_usable(link)) {
		int fd = link->copy >= 0 && draw(2) ? link->copy : link->fd;
		call_begin(names[piece.way], link, fd,
			   link->nonblocking || dont_wait ? 0 : link->send_limit_ms);
		thread_current->call.raises = !(takes_flags && piece.flags & MSG_NOSIGNAL);
		thread_current->call.writes = true;
		link->writing++;
		thread_current->call.several = piece.way == SENDMMSG;
		result = make(fd, &piece);
		int error = call_error();
		if (result > 0)
			link->told += (uint32_t)result;
		call_end(result);
		thread_current->error = error;
	}
	int error = call_error();
	close_source(piece.source);
	close_source(also);
	thread_current->error = error;
	return result;
}

/* Where a program would cut what it has to write: behind a head, at the end of a request. */
static size_t cut(const struct link *link)
{
	size_t at = 0, left = link->stream.len - link->told;
	uint32_t how = draw(6);
	/* Pieces that just fill the buffer, so that the next one waits with no byte of it taken. */
	const struct object *thing = object_at(link->fd);
	if (world.set.theme == THEME_CLOSES && thing && thing->kind == IS_SOCKET && how != 3) {
		size_t room = socket_room(thing);
		return room && room < left ? room : left;
	}
	for (uint32_t i = 0; i < link->request_count && how < 3; i++) {
		const struct request *request = link->requests[i];
		size_t head = at + request->head_len, end = at + request->len;
		if (how == 2 && head > link->told)
			return head - link->told;
		if (end > link->told)
			return end - link->told;
		at = end;
	}
	return how == 5 ? 1 + draw((uint32_t)left) : left;
}

void link_write(struct link *link)
{
	uint32_t tries = 0;
	while (link_usable(link) && link->told < link->stream.len && tries++ < 200) {
		ssize_t result = write_some(link, link->stream.at + link->told, cut(link));
		if (result >= 0)
			continue;
		if (call_error() == EAGAIN)
			link_wait(link, EPOLLOUT);
		else if (call_error() != EINTR)
			link->failed = true;
	}
	if (tries >= 200)
		link->failed = true;
}
