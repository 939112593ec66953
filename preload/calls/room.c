/* SPDX-License-Identifier: MIT */
#include "room.h"

#include <errno.h>
#include <limits.h>

#include "../conn/end.h"
#include "../conn/table.h"
#include "../os/arena.h"
#include "../os/clock.h"
#include "../os/copy.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"

enum room call_room_at(int fd)
{
	struct conn *conn = fd < 0 ? NULL : table_find(fd);
	enum room room = ROOM_UNKNOWN;
	if (!conn || !__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) || !conn_lock(conn, fd))
		return room;
	if (conn->busy)
		room = conn->rescue->full ? ROOM_FULL : ROOM_TAKES;
	conn_unlock(conn);
	return room;
}

/* Takes the rescue at fd as far as it can go now. */
static void step(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || !conn_lock(conn, fd))
		return;
	if (conn->busy && rescue_step(conn) == RESCUE_LOST)
		conn_end(conn, WHY_LOST);
	else
		conn_unlock(conn);
}

/* A wait's end by the clock, and what is left of it. */
struct limit {
	uint64_t end_ms; /* UINT64_MAX: there is none */
	struct timespec left;
};

static void begin(struct limit *limit, const struct timespec *timeout)
{
	limit->end_ms = UINT64_MAX;
	if (!timeout)
		return;
	limit->left = *timeout;
	uint64_t seconds = (uint64_t)timeout->tv_sec;
	if (seconds < INT32_MAX)
		limit->end_ms =
		    os_now_ms() + seconds * 1000 + (uint64_t)(timeout->tv_nsec + 999999) / 1000000;
}

static const struct timespec *left(const struct limit *limit)
{
	return limit->end_ms == UINT64_MAX ? NULL : &limit->left;
}

static void go_on(struct limit *limit)
{
	if (limit->end_ms == UINT64_MAX)
		return;
	uint64_t now = os_now_ms();
	uint64_t ms = limit->end_ms > now ? limit->end_ms - now : 0;
	limit->left = (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
}

static const struct timespec at_once = {0, 0};

/* Descriptors that need no memory but the stack. */
enum { FEW = 64 };

/* One wait, until anything is ready or a rescue can go on. Returns ppoll's result. */
static int poll_once(const struct pollfd *fds, struct pollfd *copy, nfds_t len,
		     const struct timespec *timeout, const sigset_t *mask)
{
	for (nfds_t i = 0; i < len; i++) {
		copy[i] = fds[i];
		if (fds[i].events & POLLOUT && call_room_at(fds[i].fd) == ROOM_FULL)
			copy[i].events |= POLLIN;
	}
	int ready = real.ppoll(copy, len, timeout, mask);
	for (nfds_t i = 0; i < len && ready > 0; i++) {
		if (copy[i].revents && call_room_at(copy[i].fd) == ROOM_FULL)
			step(copy[i].fd);
	}
	return ready;
}

int call_room_poll(struct pollfd *fds, nfds_t len, const struct timespec *timeout,
		   const sigset_t *mask)
{
	struct limit limit;
	struct pollfd few[FEW];
	size_t size = len > FEW && len <= INT_MAX ? len * sizeof(*fds) : 0;
	struct pollfd *copy = len <= FEW ? few : size ? arena_alloc(size) : NULL;
	if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0)) /* it will be refused */
		return real.ppoll(fds, len, timeout, mask);
	if (!copy) /* as many as that, or no memory: the next call looks again */
		return real.ppoll(fds, len, &at_once, mask);
	int ready;
	for (begin(&limit, timeout);; go_on(&limit)) {
		ready = poll_once(fds, copy, len, left(&limit), mask);
		if (ready > 0)
			ready = real.ppoll(fds, len, &at_once, mask);
		else
			break;
		if (ready)
			break;
	}
	if (!ready) /* the kernel fills the program's array */
		ready = real.ppoll(fds, len, &at_once, mask);
	arena_free(size ? copy : NULL, size);
	return ready;
}

enum { WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

/* A set of the kernel's own, which may be larger than an fd_set. */
struct copies {
	size_t size; /* bytes of one set */
	char *sets[3];
	char *memory;
};

static size_t size_of_set(int len)
{
	return (size_t)(len + WORD_BITS - 1) / WORD_BITS * sizeof(unsigned long);
}

bool call_room_can_read(const fd_set *set, int len)
{
	return !set || copy_can_read(set, size_of_set(len));
}

static void copy_set(char *to, const fd_set *from, size_t size)
{
	if (from)
		memcpy(to, from, size);
	else
		memset(to, 0, size);
}

static fd_set *as_set(char *set)
{
	return (fd_set *)(void *)set;
}

static void copy_sets(const struct copies *copies, const struct room_sets *sets)
{
	copy_set(copies->sets[0], sets->readable, copies->size);
	copy_set(copies->sets[1], sets->writable, copies->size);
	copy_set(copies->sets[2], sets->special, copies->size);
}

static bool give_back(const struct copies *copies, const struct room_sets *sets)
{
	fd_set *const program[] = {sets->readable, sets->writable, sets->special};
	for (int i = 0; i < 3; i++) {
		if (program[i] && !copy_out(program[i], copies->sets[i], copies->size))
			return false;
	}
	return true;
}

static int select_copies(const struct copies *copies, const struct room_sets *sets,
			 const struct timespec *timeout, const sigset_t *mask)
{
	return real.pselect(sets->len, as_set(copies->sets[0]), as_set(copies->sets[1]),
			    as_set(copies->sets[2]), timeout, mask);
}

static int select_once(const struct copies *copies, const struct room_sets *sets, const int *full,
		       int full_count, const struct timespec *timeout, const sigset_t *mask)
{
	copy_sets(copies, sets);
	unsigned long *readable = (unsigned long *)(void *)copies->sets[0];
	for (int i = 0; i < full_count; i++)
		readable[full[i] / WORD_BITS] |= 1ul << full[i] % WORD_BITS;
	int ready = select_copies(copies, sets, timeout, mask);
	for (int i = 0; i < full_count && ready > 0; i++) {
		if (readable[full[i] / WORD_BITS] >> full[i] % WORD_BITS & 1)
			step(full[i]);
	}
	return ready;
}

int call_room_select(const struct room_sets *sets, const int *full, int full_count,
		     const struct timespec *timeout, const sigset_t *mask)
{
	struct limit limit;
	struct copies copies;
	copies.size = size_of_set(sets->len);
	bool readable = call_room_can_read(sets->readable, sets->len) &&
			call_room_can_read(sets->writable, sets->len) &&
			call_room_can_read(sets->special, sets->len);
	copies.memory = readable ? arena_alloc(3 * copies.size) : NULL;
	if (!copies.memory)
		return real.pselect(sets->len, sets->readable, sets->writable, sets->special,
				    &at_once, mask);
	for (int i = 0; i < 3; i++)
		copies.sets[i] = copies.memory + (size_t)i * copies.size;
	int ready;
	for (begin(&limit, timeout);; go_on(&limit)) {
		ready = select_once(&copies, sets, full, full_count, left(&limit), mask);
		if (ready <= 0)
			break;
		copy_sets(&copies, sets);
		ready = select_copies(&copies, sets, &at_once, mask);
		if (ready)
			break;
	}
	if (ready == 0)
		memset(copies.memory, 0, 3 * copies.size);
	bool given = ready < 0 || give_back(&copies, sets);
	arena_free(copies.memory, 3 * copies.size);
	if (!given)
		set_errno(EFAULT);
	return given ? ready : -1;
}
