/* SPDX-License-Identifier: MIT */
#include "room.h"

#include "../os/clock.h"
#include "../os/watcher.h"
#include "../conn/table.h"

/*
 * How many steps of a rescue may go by until its program waits. Not more: one that waits past the
 * hooks never says that it has heard, and would be woken again and again.
 */
enum { STEPS = 4 };

/* Rescues that a program awaits room from, more or less. */
static uint32_t awaited;

bool rescue_room_awaited(void)
{
	return __atomic_load_n(&awaited, __ATOMIC_RELAXED);
}

void rescue_room_forget(void)
{
	__atomic_store_n(&awaited, 0, __ATOMIC_RELAXED);
}

static bool is_awaited(const struct conn *conn, uint32_t unless)
{
	for (int i = 0; i < conn->registration_count; i++) {
		uint32_t events = conn->registrations[i].events;
		if ((events & EPOLLOUT) && !(events & unless))
			return true;
	}
	return false;
}

static void set_awaited(struct rescue *rescue, bool is)
{
	if (rescue->room_awaited == is)
		return;
	rescue->room_awaited = is;
	__atomic_add_fetch(&awaited, is ? 1u : -1u, __ATOMIC_RELAXED);
}

void rescue_room_begin(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	rescue->room_told = conn->held_len;
	if (!is_awaited(conn, 0))
		return;
	if (rescue->full) {
		set_awaited(rescue, true);
		return;
	}
	set_awaited(rescue, true);
	rescue->room_steps = STEPS;
	os_timer_set(rescue->timer, 0);
}

void rescue_is_full(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	rescue->full = true;
	rescue->room_steps = 0;
	if (rescue->placed)
		rescue_set_timer(rescue, os_now_ms());
}

void rescue_room_end(struct rescue *rescue)
{
	set_awaited(rescue, false);
}

bool rescue_room_is_due(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->full)
		return false;
	bool written = rescue->room_told != conn->held_len;
	rescue->room_told = conn->held_len;
	if (written && is_awaited(conn, EPOLLET | EPOLLONESHOT))
		rescue->room_steps = STEPS;
	if (!rescue->room_steps)
		return false;
	rescue->room_steps--;
	return true;
}

static bool translate(const struct conn_registration *r, struct epoll_event *events, int count)
{
	bool found = false;
	for (int i = 0; i < count; i++) {
		if (events[i].data.u64 != r->data || !(events[i].events & EPOLLIN))
			continue;
		events[i].events &= ~(uint32_t)EPOLLIN;
		events[i].events |= r->events & (EPOLLIN | EPOLLOUT);
		found = true;
	}
	return found;
}

static void tell(struct conn *conn, int epfd, struct epoll_event *events, int count)
{
	struct rescue *rescue = conn->rescue;
	bool heard = false;
	for (int i = 0; i < conn->registration_count; i++) {
		const struct conn_registration *r = &conn->registrations[i];
		if (r->epfd == epfd && (r->events & EPOLLOUT))
			heard |= translate(r, events, count);
	}
	if (!heard || !rescue->room_steps)
		return;
	/* Once: a program that has nothing to write now is not to spin until the rescue is over. */
	rescue->room_steps = 0;
	rescue_set_timer(rescue, os_now_ms());
}

void rescue_room_tell(int epfd, struct epoll_event *events, int count)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || !__atomic_load_n(&conn->busy, __ATOMIC_RELAXED) ||
		    !conn_lock(conn, (int)fd))
			continue;
		if (conn->busy && conn->rescue->placed && conn->fd == (int)fd)
			tell(conn, epfd, events, count);
		conn_unlock(conn);
	}
}
