/* SPDX-License-Identifier: MIT */
/* The calls that move bytes where the tracker does not see them. */
#include <errno.h>
#include <sys/stat.h>

#include "../calls/child.h"
#include "../calls/placeholder.h"
#include "../calls/transfer.h"
#include "../conn/table.h"
#include "../os/copy.h"
#include "../os/real.h"
#include "../rescue/place.h"
#include "../os/sys.h"
#include "../os/watcher.h"

struct sendmmsg_call {
	struct write_call call; /* the first: its address is this struct's */
	struct mmsghdr *messages;
	unsigned count;
	int flags;
};

static ssize_t plain_sendmmsg(const struct write_call *call, int fd)
{
	const struct sendmmsg_call *own = (const struct sendmmsg_call *)call;
	return real.sendmmsg(fd, own->messages, own->count, own->flags);
}

/* No message is none to wait for: what a socket says of that, if a placeholder is there. */
static bool is_nothing(int fd, unsigned count)
{
	return !count && call_is_busy(fd);
}

static TRACKED int sendmmsg_tracked(struct conn *conn, int fd, struct mmsghdr *messages,
				    unsigned count, int flags)
{
	const struct sendmmsg_call own = {
	    .call = {.plain = plain_sendmmsg, .fd = fd, .flags = flags, .count = SENDING_UNSEEN},
	    .messages = messages,
	    .count = count,
	    .flags = flags,
	};
	return is_nothing(fd, count) ? 0 : (int)call_write_unseen(conn, &own.call);
}

HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	if (__builtin_expect(!table.near, 1))
		return real.sendmmsg(fd, messages, count, flags);
	struct conn *conn = table_find(fd);
	if (conn || rescue_any_placed()) /* see sendmsg */
		call_hand_on_messages(messages, count);
	if (conn)
		return sendmmsg_tracked(conn, fd, messages, count, flags);
	int sent = real.sendmmsg(fd, messages, count, flags);
	for (int i = 0; i < sent; i++) {
		if (messages[i].msg_hdr.msg_controllen)
			call_hand_on_rights(&messages[i].msg_hdr);
	}
	return sent;
}

/*
 * From a socket whose bytes, or whose end, the program is first given by redial: by reading, and
 * writing to the pipe what it takes.
 */
static ssize_t splice_owed(int in, int out, size_t len, unsigned flags)
{
	char bytes[4096];
	struct stat pipe;
	bool waits = !(flags & SPLICE_F_NONBLOCK);
	if (sys2(fstat, out, &pipe) < 0 || !S_ISFIFO(pipe.st_mode)) {
		set_errno(EINVAL);
		return -1;
	}
	if (!waits && os_wait_writable(out, 0) == 0) {
		set_errno(EAGAIN);
		return -1;
	}
	ssize_t seen = recv(in, bytes, len < sizeof(bytes) ? len : sizeof(bytes),
			    MSG_PEEK | (waits ? 0 : MSG_DONTWAIT));
	ssize_t put = seen > 0 ? real.write(out, bytes, (size_t)seen) : seen;
	return put > 0 ? recv(in, bytes, (size_t)put, 0) : put;
}

struct sendfile_call {
	struct write_call call;
	ssize_t (*real)(int out, int in, off_t *offset, size_t len);
	int in;
	off_t *offset;
	size_t len;
};

static ssize_t plain_sendfile(const struct write_call *call, int fd)
{
	const struct sendfile_call *own = (const struct sendfile_call *)call;
	return own->real(fd, own->in, own->offset, own->len);
}

/* Since Linux 5.12 what goes into a pipe may come from a socket. */
static TRACKED ssize_t sendfile_tracked(int out, const struct sendfile_call *what)
{
	struct conn *from = table_find(what->in), *to = table_find(out);
	struct sendfile_call own = *what;
	if (from && !own.offset && call_read_unseen(from, own.in) == UNSEEN_OWED)
		return splice_owed(own.in, out, own.len, 0);
	own.call = (struct write_call){.plain = plain_sendfile, .fd = out, .count = SENDING_UNSEEN};
	return to ? call_write_unseen(to, &own.call) : plain_sendfile(&own.call, out);
}

HOOK ssize_t sendfile(int out, int in, off_t *offset, size_t len)
{
	if (__builtin_expect(!table_find(out) && !table_find(in), 1))
		return real.sendfile(out, in, offset, len);
	return sendfile_tracked(
	    out,
	    &(struct sendfile_call){.real = real.sendfile, .in = in, .offset = offset, .len = len});
}

HOOK ssize_t sendfile64(int out, int in, off_t *offset, size_t len)
{
	if (__builtin_expect(!table_find(out) && !table_find(in), 1))
		return real.sendfile64(out, in, offset, len);
	return sendfile_tracked(
	    out, &(struct sendfile_call){
		     .real = real.sendfile64, .in = in, .offset = offset, .len = len});
}

struct splice_call {
	struct write_call call;
	int in;
	off_t *in_offset;
	off_t *out_offset;
	size_t len;
	unsigned flags;
};

static ssize_t plain_splice(const struct write_call *call, int fd)
{
	const struct splice_call *own = (const struct splice_call *)call;
	return real.splice(own->in, own->in_offset, fd, own->out_offset, own->len, own->flags);
}

static TRACKED ssize_t splice_tracked(int in, off_t *in_offset, int out, off_t *out_offset,
				      size_t len, unsigned flags)
{
	struct conn *from = table_find(in), *to = table_find(out);
	if (from && !in_offset && !out_offset && call_read_unseen(from, in) == UNSEEN_OWED)
		return splice_owed(in, out, len, flags);
	const struct splice_call own = {
	    .call = {.plain = plain_splice,
		     .fd = out,
		     .flags = flags & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0,
		     .count = SENDING_UNSEEN},
	    .in = in,
	    .in_offset = in_offset,
	    .out_offset = out_offset,
	    .len = len,
	    .flags = flags,
	};
	return to ? call_write_unseen(to, &own.call) : plain_splice(&own.call, out);
}

HOOK ssize_t splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t len,
		    unsigned flags)
{
	return __builtin_expect(!table_find(in) && !table_find(out), 1)
		   ? real.splice(in, in_offset, out, out_offset, len, flags)
		   : splice_tracked(in, in_offset, out, out_offset, len, flags);
}

static TRACKED int recvmmsg_tracked(struct conn *conn, int fd, struct mmsghdr *messages,
				    unsigned count, int flags, struct timespec *timeout)
{
	if (is_nothing(fd, count))
		return 0;
	if (!count || call_read_unseen(conn, fd) == UNSEEN_GO_ON)
		return real.recvmmsg(fd, messages, count, flags, timeout);
	/* One message of those that may come. */
	ssize_t got = recvmsg(fd, &messages->msg_hdr, flags);
	if (got < 0)
		return -1;
	unsigned len = (unsigned)got;
	copy_out(&messages->msg_len, &len, sizeof(len)); /* if that fails, got is lost bare too */
	return 1;
}

HOOK int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		  struct timespec *timeout)
{
	struct conn *conn = table_find(fd);
	return __builtin_expect(!conn, 1)
		   ? real.recvmmsg(fd, messages, count, flags, timeout)
		   : recvmmsg_tracked(conn, fd, messages, count, flags, timeout);
}
