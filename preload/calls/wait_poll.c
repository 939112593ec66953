/* SPDX-License-Identifier: MIT */
/* poll and ppoll where rescues are under way, or may begin. */
#include <errno.h>

#include "../conn/handle.h"
#include "../conn/pollers.h"
#include "../conn/table.h"
#include "../connect/dial.h"
#include "../os/arena.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../rescue/held.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"
#include "../rescue/room.h"
#include "../rescue/watch.h"
#include "peep.h"
#include "secured_wait.h"
#include "wait.h"

#define ENDS (POLLERR | POLLHUP | POLLRDHUP)
#define READ (POLLIN | POLLRDNORM)

/* What a slot of the program's array is, before a wait. */
enum slot {
	SLOT_PLAIN,
	SLOT_AWAITS, /* an answer that a rescue could bring: the end of its stream is of interest */
	SLOT_TAKES,  /* a rescue takes what the program waits to write */
	SLOT_RESCUE, /* a placeholder lies there */
	SLOT_OWED,   /* there is something to read of which the kernel does not know */
};

struct wait {
	struct pollfd *fds; /* the program's */
	nfds_t len;
	struct pollfd *copy; /* what the kernel gets, len of them, and what each slot is */
	uint8_t *slots;
	struct wait_limit limit;
	const struct wait_poll *call;
	uint64_t gone_ms;
	bool is_now; /* some slot has something to tell: nothing is to be waited for */
	struct pollers polled;
	/* Of the only slot: */
	const struct conn *conn; /* whose epoch that is; NULL: it could not be entered */
	struct handle handle;
	uint32_t epoch;
	bool reads; /* counted as a reader */
};

/*
 * From here on the thread takes no lock before it asks the kernel. Under policies that replace
 * living sockets, or lay them aside, it counts as one that reads: it would go on waiting for what
 * has gone from the number.
 */
static void enter(struct wait *wait, struct conn *conn, const struct pollfd *slot)
{
	bool ends = slot->events & (READ | POLLRDHUP) || dial_is_awaited(conn);
	pollers_enter(&wait->polled, conn, ends);
	if (wait->len != 1)
		return;
	wait->conn = conn;
	wait->epoch = conn->epoch;
	if (conn->care & CARE_READERS) {
		handle_find(&wait->handle, conn, slot->fd);
		wait->reads = rescue_watch_count(conn);
	}
}

static void leave(struct wait *wait)
{
	pollers_leave(&wait->polled);
	if (wait->reads)
		rescue_watch_leave(&wait->handle, wait->epoch);
	wait->reads = false;
}

static enum slot slot_of(struct wait *wait, const struct pollfd *slot)
{
	struct conn *conn = slot->fd < 0 ? NULL : table_find(slot->fd);
	enum slot is = SLOT_PLAIN;
	if (!conn || !pollers_lock(&wait->polled, conn, slot->fd))
		return is;
	/* A watcher tells of an answer, not of hang-ups: those alone are no reason for a watch. */
	if (conn->busy && rescue_is_watched(conn) && !(slot->events & READ))
		rescue_unwatch(conn);
	if (conn->busy && conn->rescue->placed) {
		rescue_room_hush(conn, true);
		is = slot->events & POLLOUT && !conn->rescue->full ? SLOT_TAKES : SLOT_RESCUE;
	} else if (slot->events & READ && held_is_owed(conn)) {
		is = SLOT_OWED;
	} else if (slot->events & READ && rescue_would_begin(conn)) {
		is = SLOT_AWAITS;
	}
	enter(wait, conn, slot);
	conn_unlock(conn);
	return is;
}

static void look_at_all(struct wait *wait)
{
	wait->is_now = false;
	wait->polled.again = false;
	wait->conn = NULL;
	for (nfds_t i = 0; i < wait->len; i++) {
		enum slot slot = slot_of(wait, &wait->fds[i]);
		wait->copy[i] = wait->fds[i];
		wait->slots[i] = (uint8_t)slot;
		if (slot == SLOT_AWAITS)
			wait->copy[i].events |= POLLRDHUP;
		else if (slot == SLOT_TAKES ||
			 slot == SLOT_RESCUE) /* all that comes of a watcher: else it has gone */
			wait->copy[i].events |= POLLIN;
		wait->is_now |= slot == SLOT_TAKES || slot == SLOT_OWED;
	}
}

static void prepare(struct wait *wait)
{
	look_at_all(wait);
	for (int tries = 1; wait->polled.again && tries < POLLERS_TRIES; tries++) {
		pollers_leave(&wait->polled);
		look_at_all(wait);
	}
}

/* Was that the old socket's event, or a placeholder's that another thread has put there since? */
static bool is_of_before(const struct wait *wait, struct conn *conn, int fd)
{
	if (wait->conn != conn)
		return false;
	if (__atomic_load_n(&conn->epoch, __ATOMIC_RELAXED) != wait->epoch)
		return true;
	if (__builtin_expect(!conn->busy, 1) || !conn_lock(conn, fd))
		return false;
	bool is = conn->busy && conn->rescue->placed;
	conn_unlock(conn);
	return is;
}

/* What the program sees of an event of one slot. */
static int told(struct wait *wait, nfds_t i)
{
	const struct pollfd *asked = &wait->fds[i];
	int events = wait->copy[i].revents;
	int seen = events & (asked->events | POLLERR | POLLHUP | POLLNVAL);
	struct conn *conn = asked->fd < 0 ? NULL : table_find(asked->fd);
	enum awaited awaited = AWAITED_EVENT;
	if (!conn)
		return seen;
	if (wait->slots[i] == SLOT_RESCUE)
		awaited = call_await_step(conn, asked->fd);
	else if (wait->slots[i] == SLOT_TAKES)
		return POLLOUT;
	else if (is_of_before(wait, conn, asked->fd))
		return 0;
	else if (events & (POLLERR | POLLHUP) && asked->events & READ &&
		 call_await_is_bytes(conn, asked->fd))
		awaited = AWAITED_READABLE;
	else if (events & ENDS)
		awaited = call_await_end(conn, asked->fd, (uint32_t)events, asked->events & READ,
					 &wait->gone_ms);
	switch (awaited) {
	case AWAITED_READABLE:
		return asked->events & READ ? asked->events & READ : POLLERR | POLLHUP;
	case AWAITED_WRITABLE:
		return asked->events & POLLOUT ? POLLOUT : seen;
	case AWAITED_FAILED:
		return (asked->events & (READ | POLLOUT | POLLRDHUP)) | POLLERR | POLLHUP;
	case AWAITED_NOTHING:
		return 0;
	case AWAITED_EVENT:
		break;
	}
	return wait->slots[i] == SLOT_RESCUE ? 0 : seen;
}

static int tell(struct wait *wait)
{
	int count = 0;
	for (nfds_t i = 0; i < wait->len; i++) {
		int events = 0;
		if (wait->copy[i].revents)
			events = told(wait, i);
		else if (wait->slots[i] == SLOT_TAKES)
			events = POLLOUT;
		if (wait->slots[i] == SLOT_OWED)
			events |= wait->fds[i].events & READ;
		wait->fds[i].revents = (short)events;
		count += events != 0;
	}
	return count;
}

/* The kernel's turn. */
static int wait_counted(struct wait *wait, const struct timespec *left)
{
	int ready = call_wait_next(wait->call, wait->copy, left);
	int kept = get_errno();
	leave(wait);
	set_errno(kept);
	return ready;
}

/* Waits until there is something to tell, an error, or the end of the time. */
static int run(struct wait *wait, int ready)
{
	static const struct timespec now = {0, 0};
	const struct timespec *left = wait->limit.timeout;
	for (;;) {
		if (ready < 0) {
			prepare(wait);
			ready = wait_counted(wait, wait->is_now ? &now : left);
			if (ready < 0)
				return ready;
		}
		int count = tell(wait);
		if (count || !ready)
			return count;
		left = wait_limit_left(&wait->limit, wait->gone_ms);
		ready = -1;
	}
}

int call_wait_next(const struct wait_poll *call, struct pollfd *fds, const struct timespec *timeout)
{
	if (!call->plain)
		return real.ppoll(fds, call->len, timeout, call->mask);
	int64_t ms = timeout ? timeout->tv_sec * 1000LL + timeout->tv_nsec / 1000000 : -1;
	return real.poll(fds, call->len, ms < INT32_MAX ? (int)ms : INT32_MAX);
}

/* Is there one that this thread is not to wait for now? Then none has anything to tell. */
static bool lets_go(const struct wait_poll *call)
{
	bool any = false;
	for (nfds_t i = 0; i < call->len && !any; i++)
		any = secured_lets_go(call->fds[i].fd, call->timeout);
	for (nfds_t i = 0; i < call->len && any; i++)
		call->fds[i].revents = 0;
	return any;
}

/* As poll would have been told it. */
static void begin_peep(const struct timespec *timeout)
{
	bool endless = !timeout || timeout->tv_sec >= INT32_MAX / 1000;
	peep_poll_begins(endless ? -1 : (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000));
}

int call_wait_poll(const struct wait_poll *call, int first)
{
	enum { FEW = 64 };
	nfds_t len = call->len;
	struct pollfd few[FEW];
	uint8_t slots[FEW];
	struct wait wait = {
	    .fds = call->fds,
	    .len = len,
	    .copy = few,
	    .slots = slots,
	    .limit.timeout = call->timeout,
	    .call = call,
	};
	size_t size = len > UINT32_MAX ? SIZE_MAX : len * (sizeof(*few) + 1);
	char *memory = NULL;
	if (rescue_any_placed() && lets_go(call))
		return 0;
	if (len > FEW) {
		memory = size == SIZE_MAX ? NULL : arena_alloc(size);
		if (!memory) /* as many as that, or no memory */
			return first < 0 ? call_wait_next(call, call->fds, call->timeout) : first;
		wait.copy = (struct pollfd *)(void *)memory;
		wait.slots = (uint8_t *)memory + len * sizeof(*few);
	}
	if (first >= 0) {
		prepare(&wait);
		leave(&wait);
		for (nfds_t i = 0; i < len; i++)
			wait.copy[i].revents = call->fds[i].revents;
	}
	begin_peep(call->timeout);
	int count = run(&wait, first);
	peep_poll_ended(count > 0 && len == 1 && call->fds->revents & READ ? call->fds->fd : -1);
	int kept = get_errno();
	for (nfds_t i = 0; i < len; i++) {
		if (wait.slots[i] == SLOT_RESCUE || wait.slots[i] == SLOT_TAKES)
			call_await_no_more(call->fds[i].fd);
	}
	arena_free(memory, size);
	set_errno(kept);
	return count;
}
