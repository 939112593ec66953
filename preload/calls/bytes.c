/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <errno.h>

#include "../os/arena.h"
#include "../os/copy.h"
#include "../os/mem.h"

/* What is copied at once. */
enum { ROOM = 65536 };

bool bytes_are_known(const struct iovec *iov, int count, size_t len)
{
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (piece && !memory_is_known(iov[i].iov_base, piece))
			return false;
		len -= piece;
	}
	return true;
}

size_t bytes_copy(char *to, size_t room, const struct iovec *iov, int count)
{
	size_t filled = 0;
	if (!bytes_are_known(iov, count, room))
		return copy_gather(to, room, iov, count, 0);
	for (int i = 0; i < count && filled < room; i++) {
		size_t left = room - filled;
		size_t piece = iov[i].iov_len < left ? iov[i].iov_len : left;
		memcpy(to + filled, iov[i].iov_base, piece);
		filled += piece;
	}
	return filled;
}

static char *take_room(size_t len, int *class)
{
	*class = arena_class(len < ARENA_BYTES_MIN ? ARENA_BYTES_MIN : len);
	return arena_take(*class);
}

/* Through memory of ours, as much at once as there is room for. */
static __attribute__((noinline)) enum bytes
record_unknown(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	int class;
	size_t size = len < ROOM ? len : ROOM;
	char *room = take_room(size, &class);
	enum bytes result = room ? BYTES_RECORDED : BYTES_NOT_HTTP;
	for (size_t done = 0; done < len && result == BYTES_RECORDED;) {
		size_t piece = conn_blind(conn, len - done);
		if (!piece)
			piece = copy_gather(room, len - done < size ? len - done : size, iov, count,
					    done);
		if (!piece)
			result = BYTES_UNREADABLE;
		else if (!conn_record(conn, &(struct iovec){room, piece}, 1, piece))
			result = BYTES_NOT_HTTP;
		done += piece;
	}
	if (room)
		arena_give(room, class);
	return result;
}

__attribute__((noinline)) enum bytes bytes_record(struct conn *conn, const struct iovec *iov,
						  int count, size_t len)
{
	if (!bytes_are_known(iov, count, len))
		return record_unknown(conn, iov, count, len);
	return conn_record(conn, iov, count, len) ? BYTES_RECORDED : BYTES_NOT_HTTP;
}

bool bytes_unrecord(struct conn *conn, const struct conn_mark *mark, const struct iovec *iov,
		    int count, size_t taken)
{
	return conn_unrecord(conn, mark) && bytes_record(conn, iov, count, taken) == BYTES_RECORDED;
}

static int bring(struct bytes_brought *brought, const struct iovec *from, int count, size_t len)
{
	brought->room = take_room(len, &brought->class);
	if (!brought->room)
		return ENOMEM;
	if (copy_gather(brought->room, len, from, count, 0) == len)
		return 0;
	bytes_done(brought);
	return EFAULT;
}

int bytes_bring(struct bytes_brought *brought, const struct iovec *iov, int count, size_t len)
{
	*brought = (struct bytes_brought){.iov = iov, .count = count};
	if (bytes_are_known(iov, count, len))
		return 0;
	int error = bring(brought, iov, count, len);
	brought->piece = (struct iovec){brought->room, len};
	brought->iov = &brought->piece;
	brought->count = 1;
	return error;
}

int bytes_bring_array(struct bytes_brought *brought, const struct iovec *iov, int count)
{
	enum { PIECES_MAX = 1024 }; /* IOV_MAX */
	size_t len = (size_t)count * sizeof(*iov);
	const struct iovec array = {(void *)iov, len};
	*brought = (struct bytes_brought){.iov = iov, .count = count};
	if (count < 0 || count > PIECES_MAX)
		return EINVAL;
	if (!len || memory_is_known(iov, len))
		return 0;
	int error = bring(brought, &array, 1, len);
	brought->iov = brought->room;
	return error;
}

void bytes_done(struct bytes_brought *brought)
{
	if (brought->room)
		arena_give(brought->room, brought->class);
	brought->room = NULL;
}
