/* SPDX-License-Identifier: MIT */
#include "wait_owed.h"

#include <errno.h>

#include "../conn/registrations.h"
#include "../conn/table.h"
#include "../os/copy.h"
#include "../os/epoll.h"
#include "../os/sys.h"
#include "../rescue/held.h"

/* Those that tell once, and whether they have, are the kernel's to see to. */
#define ONCE ((uint32_t)(EPOLLET | EPOLLONESHOT))

uint32_t call_wait_owed_events(const struct conn *conn, uint32_t events)
{
	return held_is_owed(conn) && events & EPOLLIN && events & ONCE ? EPOLLOUT : 0;
}

uint32_t call_wait_owed_seen(struct conn *conn, int epfd, int fd, uint32_t asked, uint32_t events)
{
	uint32_t more = 0;
	if (!__atomic_load_n(&conn->rescue, __ATOMIC_RELAXED) || !conn_lock(conn, fd))
		return events;
	if (held_is_owed(conn))
		more = asked & EPOLLIN;
	if (more)
		conn_registrations_fired(conn, epfd, fd);
	conn_unlock(conn);
	return more ? more | (events & (asked | EPOLLERR | EPOLLHUP)) : events;
}

static bool tells(const struct conn_registration *r, int epfd)
{
	return r->events & EPOLLIN && !(r->events & ONCE) &&
	       (r->epfd == epfd || os_epoll_same(r->epfd, epfd));
}

/* The connection at fd, locked, if it has something to tell on this set; and where it does. */
static struct conn *find(int fd, int epfd, struct conn_registration *found)
{
	struct conn *conn = table_find(fd);
	if (!conn || !__atomic_load_n(&conn->rescue, __ATOMIC_RELAXED) || !conn_lock(conn, fd))
		return NULL;
	for (int i = 0; held_is_owed(conn) && i < conn->registration_count; i++) {
		*found = *conn_registration(conn, i);
		if (found->fd == fd && tells(found, epfd))
			return conn;
	}
	conn_unlock(conn);
	return NULL;
}

bool call_wait_owes(int epfd)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	struct conn_registration found;
	struct conn *conn = NULL;
	for (uint32_t fd = 0; fd < top && !conn; fd++)
		conn = find((int)fd, epfd, &found);
	if (conn)
		conn_unlock(conn);
	return conn;
}

/* One more event, or more in one of the `count` that there are. Returns how many there are then. */
static int add(const struct wait_epoll *wait, int count, const struct conn_registration *r)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = r->data};
	int at = 0;
	while (at < count && wait->events[at].data.u64 != r->data)
		at++;
	if (at == wait->max)
		return count;
	if (at < count)
		event.events |= wait->events[at].events;
	if (!copy_out(&wait->events[at], &event, sizeof(event))) {
		set_errno(EFAULT);
		return -1;
	}
	return at < count ? count : count + 1;
}

int call_wait_owed(const struct wait_epoll *wait)
{
	static const struct timespec now = {0, 0};
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	struct wait_epoll look = *wait;
	struct conn_registration found;
	look.timeout = &now;
	int count = call_wait_epoll(&look, call_wait_epoll_next(&look, &now));
	for (uint32_t fd = 0; fd < top && count >= 0 && count < wait->max; fd++) {
		struct conn *conn = find((int)fd, wait->epfd, &found);
		if (!conn)
			continue;
		count = add(wait, count, &found);
		conn_unlock(conn);
	}
	/* Another thread may have had it meanwhile. */
	return count ? count : call_wait_epoll(wait, call_wait_epoll_next(wait, wait->timeout));
}
