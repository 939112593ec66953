/* SPDX-License-Identifier: MIT */
/* Descriptors: which number means what, and the calls that are about numbers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "draw.h"
#include "judge.h"
#include "kernel.h"
#include "thread.h"
#include "trace.h"

static struct {
	struct object *thing;
	bool cloexec;
} fds[FDS_MAX];

struct object *objects;

void kernel_reset(void)
{
	memset(fds, 0, sizeof(fds));
	objects = NULL;
	poll_reset();
	next_timer_ns = NEVER;
}

long told(long result)
{
	if (result < 0 && result > -192)
		world.errors[-result / 64] |= UINT64_C(1) << (-result % 64);
	return result;
}

const char *fault_never = "";

int fault(const char *what, int error, int other)
{
	if (strcmp(what, fault_never) == 0)
		return 0;
	if (world.ending || !draw_chance(world.set.fault_rate))
		return 0;
	error = draw(2) ? other : error;
	trace("  (%s fails: %s)", what, strerrorname_np(error));
	return -error;
}

bool is_bad(const void *memory, size_t len)
{
	return len && (uintptr_t)memory < 65536;
}

struct object *object_new(enum kind kind)
{
	struct object *thing = world_alloc(sizeof(*thing));
	thing->kind = kind;
	thing->refs = 1;
	thing->id = ++world.last_id;
	thing->next = objects;
	objects = thing;
	return thing;
}

void object_hold(struct object *thing)
{
	thing->refs++;
}

void object_release(struct object *thing)
{
	if (--thing->refs)
		return;
	epoll_forget(thing);
	if (thing->kind == IS_SOCKET)
		socket_end(thing);
	for (struct object **at = &objects; *at; at = &(*at)->next) {
		if (*at == thing) {
			*at = thing->next;
			break;
		}
	}
}

struct object *object_at(int fd)
{
	return (unsigned)fd < FDS_MAX ? fds[fd].thing : NULL;
}

uint32_t fd_count(void)
{
	uint32_t count = 0;
	for (int fd = 0; fd < FDS_MAX; fd++)
		count += fds[fd].thing != NULL;
	return count;
}

/* The lowest free number from `from` on, for a new thing whose one reference it takes over. */
int fd_new(struct object *thing, int from, bool cloexec)
{
	for (int fd = from; fd < FDS_MAX; fd++) {
		if (fds[fd].thing)
			continue;
		fds[fd].thing = thing;
		fds[fd].cloexec = cloexec;
		return fd;
	}
	object_release(thing);
	return -EMFILE;
}

long fd_close(int fd)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return -EBADF;
	fds[fd].thing = NULL;
	object_release(thing);
	return 0;
}

long fd_close_range(unsigned first, unsigned last, int flags)
{
	if (first > last)
		return -EINVAL;
	for (unsigned fd = first; fd < FDS_MAX && fd <= last; fd++) {
		if ((unsigned)flags & 4) /* CLOSE_RANGE_CLOEXEC */
			fds[fd].cloexec = true;
		else if (fds[fd].thing)
			fd_close((int)fd);
	}
	return 0;
}

long fd_dup(int fd, int from, bool cloexec)
{
	struct object *thing = object_at(fd);
	int error = thing ? fault("dup", EMFILE, EMFILE) : -EBADF;
	if (error)
		return error;
	object_hold(thing);
	return fd_new(thing, from, cloexec);
}

long fd_dup_to(int fd, int to, int flags, bool same_is_fine)
{
	struct object *thing = object_at(fd);
	if (!thing || (unsigned)to >= FDS_MAX)
		return -EBADF;
	if (fd == to)
		return same_is_fine ? fd : -EINVAL;
	int error = fds[to].thing ? 0 : fault("dup3", EMFILE, EMFILE);
	if (error)
		return error;
	object_hold(thing);
	struct object *old = fds[to].thing;
	fds[to].thing = thing;
	fds[to].cloexec = flags & O_CLOEXEC;
	if (old)
		object_release(old);
	return to;
}

long fd_control(int fd, int command, long arg)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return -EBADF;
	switch (command) {
	case F_GETFD:
		return fds[fd].cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		fds[fd].cloexec = arg & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return O_RDWR | thing->flags;
	case F_SETFL:
		thing->flags = (int)arg & (O_NONBLOCK | O_ASYNC);
		return 0;
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return fd_dup(fd, (int)arg, command == F_DUPFD_CLOEXEC);
	case F_GETOWN:
	case F_SETOWN:
	case 10: /* F_SETSIG */
	case 11: /* F_GETSIG */
	case 15: /* F_SETOWN_EX */
		return 0;
	case 16: /* F_GETOWN_EX: type and number */
		memset((void *)arg, 0, 8);
		return 0;
	default:
		return -EINVAL;
	}
}

long fd_ioctl(int fd, unsigned long request, void *arg)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return -EBADF;
	switch (request) {
	case FIOCLEX:
	case FIONCLEX:
		fds[fd].cloexec = request == FIOCLEX;
		return 0;
	case FIONBIO:
		thing->flags = *(int *)arg ? thing->flags | O_NONBLOCK : thing->flags & ~O_NONBLOCK;
		return 0;
	case FIONREAD:
		if (thing->kind == IS_SOCKET)
			*(int *)arg = (int)socket_unread(thing);
		else if (thing->kind == IS_FILE || thing->kind == IS_PIPE)
			*(int *)arg = (int)(thing->bytes.len - thing->at);
		else
			return -ENOTTY;
		return 0;
	default:
		return thing->kind == IS_SOCKET && request == TIOCOUTQ ? (*(int *)arg = 0)
								       : -ENOTTY;
	}
}

long fd_stat(int fd, void *result)
{
	struct object *thing = object_at(fd);
	struct stat *stat = result;
	if (!thing)
		return -EBADF;
	memset(stat, 0, sizeof(*stat));
	stat->st_ino = thing->id;
	stat->st_mode = thing->kind == IS_SOCKET || thing->kind == IS_LOG ? S_IFSOCK | 0777
			: thing->kind == IS_FILE			  ? S_IFREG | 0600
			: thing->kind == IS_PIPE			  ? S_IFIFO | 0600
									  : 0600;
	return 0;
}

int fd_first(void)
{
	int fd = 0;
	while (fd < FDS_MAX && !fds[fd].thing)
		fd++;
	return fd < FDS_MAX ? fd : -1;
}
