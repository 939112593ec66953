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

static bool is_awaited(const struct conn *conn, uint32_t unless)
{
	for (int i = 0; i < conn->registration_count; i++) {
		uint32_t events = conn_registration(conn, i)->events;
		if ((events & EPOLLOUT) && !(events & unless))
			return true;
	}
	return false;
}

void rescue_room_begin(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	rescue->room_told = conn->held_len;
	if (rescue->full || !is_awaited(conn, 0))
		return;
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

bool rescue_room_is_due(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->full || rescue->hushed)
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

bool rescue_room_take(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->full || !rescue->room_steps)
		return false;
	/* Once: a program that has nothing to write now is not to spin until the rescue is over.
	 * And once more for the rescue: the event may have been the fresh socket's as well, and
	 * whoever asked for edges hears of it but once (epoll(7), EPOLLET). */
	rescue->room_steps = 0;
	os_timer_set(rescue->timer, 0);
	return true;
}

void rescue_room_hush(struct conn *conn, bool hush)
{
	struct rescue *rescue = conn->rescue;
	rescue->hushed = hush;
	if (hush)
		rescue_set_timer(rescue, os_now_ms());
	else if (rescue->room_steps)
		os_timer_set(rescue->timer, 0);
}
