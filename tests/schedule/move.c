/* SPDX-License-Identifier: MIT */
/* Calls that move bytes to and from whatever a number means. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "judge.h"
#include "kernel.h"
#include "thread.h"
#include "trace.h"

static size_t total(const struct data *data)
{
	size_t len = 0;
	for (size_t i = 0; i < data->count; i++)
		len += data->iov[i].iov_len;
	return len;
}

static bool any_bad(const struct data *data)
{
	if (is_bad(data->iov, data->count * sizeof(*data->iov)))
		return true;
	for (size_t i = 0; i < data->count; i++) {
		if (is_bad(data->iov[i].iov_base, data->iov[i].iov_len))
			return true;
	}
	return false;
}

long file_write(struct object *file, const struct data *data)
{
	for (size_t i = 0; i < data->count; i++) {
		judge_elsewhere(file, data->iov[i].iov_base, data->iov[i].iov_len);
		bytes_add(&file->bytes, data->iov[i].iov_base, (uint32_t)data->iov[i].iov_len);
	}
	poll_wake(file, EPOLLIN);
	return (long)total(data);
}

long file_read(struct object *file, const struct data *data)
{
	size_t read = 0;
	for (size_t i = 0; i < data->count; i++) {
		uint32_t left = file->bytes.len - file->at;
		uint32_t piece =
		    data->iov[i].iov_len < left ? (uint32_t)data->iov[i].iov_len : left;
		if (piece)
			memcpy(data->iov[i].iov_base, file->bytes.at + file->at, piece);
		file->at += piece;
		read += piece;
	}
	return (long)read;
}

static long timer_read(struct object *thing, const struct data *data)
{
	uint64_t count = 1;
	if (total(data) < sizeof(count))
		return -EINVAL;
	if (!thing->timer.fired)
		return -EAGAIN;
	memcpy(data->iov[0].iov_base, &count, sizeof(count));
	thing->timer.fired = false;
	return sizeof(count);
}

/* A call that is to move bytes to or from what has this number now. */
struct object *move_begin(int fd, bool out)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return NULL;
	judge_moves(thing);
	object_hold(thing);
	/* What the preload only looks at, for a call that writes, moves nothing of it, nor its log.
	 */
	if (thread_current && thing->kind != IS_LOG && (out || !thread_current->call.writes))
		thread_current->call.moves++;
	return thing;
}

long move_out(struct object *thing, const struct data *data)
{
	if (!thing)
		return -EBADF;
	if (any_bad(data))
		return -EFAULT;
	if (thing->kind == IS_SOCKET)
		return socket_send(thing, data);
	if (thing->kind == IS_LOG)
		return (long)total(data);
	if (!data->as_file)
		return -ENOTSOCK;
	bool takes = thing->kind == IS_FILE || thing->kind == IS_PIPE;
	return takes ? file_write(thing, data) : -EINVAL;
}

long move_in(struct object *thing, const struct data *data)
{
	if (!thing)
		return -EBADF;
	if (any_bad(data))
		return -EFAULT;
	if (thing->kind == IS_SOCKET)
		return socket_receive(thing, data);
	if (!data->as_file)
		return -ENOTSOCK;
	if (thing->kind == IS_FILE)
		return file_read(thing, data);
	if (thing->kind == IS_PIPE)
		return thing->bytes.len > thing->at ? file_read(thing, data) : -EAGAIN;
	return thing->kind == IS_TIMER ? timer_read(thing, data) : -EINVAL;
}

long move_end(struct object *thing, long result)
{
	if (thing)
		object_release(thing);
	return told(result);
}

long move_file(int out, int in, int64_t *offset, size_t len)
{
	struct object *file = object_at(in);
	struct object *to = move_begin(out, true);
	long result;
	if (!file || !to)
		return move_end(to, -EBADF);
	uint32_t at = offset ? (uint32_t)*offset : file->at;
	uint32_t left = file->kind == IS_FILE && at < file->bytes.len ? file->bytes.len - at : 0;
	struct iovec piece = {file->bytes.at + at, len < left ? len : left};
	struct data data = {.iov = &piece, .count = 1, .as_file = true};
	object_hold(file);
	if (file->kind != IS_FILE)
		result = -EINVAL;
	else if (to->kind == IS_SOCKET)
		result = piece.iov_len ? socket_send(to, &data) : 0;
	else
		result =
		    to->kind == IS_FILE || to->kind == IS_PIPE ? file_write(to, &data) : -EINVAL;
	if (result > 0 && offset)
		*offset += result;
	else if (result > 0)
		file->at += (uint32_t)result;
	object_release(file);
	return move_end(to, result);
}

static long from_pipe(struct object *pipe, struct object *to, size_t len, int flags)
{
	uint32_t left = pipe->bytes.len - pipe->at;
	struct iovec piece = {pipe->bytes.at + pipe->at, len < left ? len : left};
	struct data data = {.iov = &piece, .count = 1, .as_file = true, .flags = flags};
	if (!piece.iov_len)
		return -EAGAIN;
	long result = to->kind == IS_SOCKET ? socket_send(to, &data)
		      : to->kind == IS_FILE ? file_write(to, &data)
					    : -EINVAL;
	if (result > 0)
		pipe->at += (uint32_t)result;
	return result;
}

static long to_pipe(struct object *from, struct object *pipe, size_t len, int flags)
{
	char room[4096];
	struct iovec piece = {room, len < sizeof(room) ? len : sizeof(room)};
	struct data data = {.iov = &piece, .count = 1, .as_file = true, .flags = flags};
	if (from->kind != IS_SOCKET)
		return -EINVAL;
	long result = socket_receive(from, &data);
	if (result > 0)
		bytes_add(&pipe->bytes, room, (uint32_t)result);
	return result;
}

long move_splice(int in, int out, size_t len, unsigned flags)
{
	struct object *from = object_at(in), *to = object_at(out);
	int message_flags = flags & 2 ? MSG_DONTWAIT : 0; /* SPLICE_F_NONBLOCK */
	long result;
	if (!from || !to)
		return told(-EBADF);
	object_hold(from);
	object_hold(to);
	judge_moves(from->kind == IS_PIPE ? to : from);
	thread_current->call.moves++;
	if (from->kind == IS_PIPE)
		result = from_pipe(from, to, len, message_flags);
	else if (to->kind == IS_PIPE)
		result = to_pipe(from, to, len, message_flags);
	else
		result = -EINVAL;
	object_release(from);
	object_release(to);
	return told(result);
}

long pipe_new(int ends[2])
{
	/* One thing with two numbers: who reads and who writes is the program's affair. */
	struct object *thing = object_new(IS_PIPE);
	ends[0] = fd_new(thing, 0, false);
	if (ends[0] < 0)
		return ends[0];
	object_hold(thing);
	ends[1] = fd_new(thing, 0, false);
	if (ends[1] < 0)
		fd_close(ends[0]);
	return ends[1] < 0 ? ends[1] : 0;
}
