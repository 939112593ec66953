/* SPDX-License-Identifier: MIT */
/* The program's own epoll sets: a rescue has to put their registrations back. */
#include <errno.h>
#include <sys/epoll.h>

#include "../calls/placeholder.h"
#include "../calls/wait_owed.h"
#include "../conn/end.h"
#include "../conn/registrations.h"
#include "../os/copy.h"
#include "../os/epoll.h"
#include "../os/real.h"
#include "../rescue/dial.h"
#include "../rescue/place.h"
#include "../rescue/room.h"
#include "../conn/table.h"

static struct conn_registration *find(struct conn *conn, int epfd, int fd)
{
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn_registration(conn, i)->epfd == epfd &&
		    conn_registration(conn, i)->fd == fd)
			return conn_registration(conn, i);
	}
	return NULL;
}

/* `more`: what else the kernel was asked for. */
static void note(struct conn *conn, int epfd, int op, int fd, const struct epoll_event *event,
		 uint32_t more)
{
	struct conn_registration *known = find(conn, epfd, fd);
	if (op == EPOLL_CTL_DEL) {
		if (known)
			*known = *conn_registration(conn, --conn->registration_count);
		return;
	}
	if (!known) {
		known = conn_add_registration(conn);
		if (!known) {
			conn->flags |= CONN_CROWDED;
			return;
		}
		conn->flags &= ~(uint32_t)CONN_SERVED;
	}
	*known = (struct conn_registration){epfd, fd, event->events, event->data.u64};
	if (more & ~event->events)
		known->events |= CONN_WIDENED;
}

static TRACKED int epoll_ctl_tracked(int epfd, int op, int fd, struct epoll_event *event)
{
	struct conn *conn = call_find_busy(epfd);
	if (conn) { /* a socket is no set, though ours lies there */
		conn_unlock(conn);
		set_errno(EINVAL);
		return -1;
	}
	conn = table_find(fd);
	if (!conn || !conn_lock(conn, fd))
		return real.epoll_ctl(epfd, op, fd, event);
	/* Of a connect that is tried again nobody might hear there. */
	if (op == EPOLL_CTL_ADD && conn->busy && conn->rescue->placed &&
	    rescue_is_dial(conn->rescue) && !conn_set_is_waited_on(epfd) &&
	    !rescue_dial_pass(conn)) {
		conn_end(conn, WHY_PASSED);
		return real.epoll_ctl(epfd, op, fd, event);
	}
	struct epoll_event other = {0};
	bool changed = op != EPOLL_CTL_DEL && copy_in(&other, event, sizeof(other));
	bool watched = changed && conn->busy && conn->rescue->placed;
	if (changed) /* the socket to come gets what the program asked for */
		other.events = watched ? os_watcher_events(other.events)
				       : conn_registration_events(fd, other.events, other.data.u64);
	uint32_t more = changed ? call_wait_owed_events(conn, other.events) : 0;
	other.events |= more;
	int result = real.epoll_ctl(epfd, op, fd, changed ? &other : event);
	if (result == 0)
		note(conn, epfd, op, fd, event, more);
	if (result == 0 && watched && event->events & EPOLLOUT)
		rescue_room_begin(conn);
	/* It may be libuv's last word before it closes past the hooks: look before the next wait.
	 */
	if (conn->busy && op == EPOLL_CTL_DEL)
		__atomic_store_n(&os_last_epoll_set, -1, __ATOMIC_RELAXED);
	conn_unlock(conn);
	return result;
}

HOOK int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	/* One test for fd and for a placeholder at epfd, in as few instructions as there may be. */
	uintptr_t tracked = 0;
	if ((uint32_t)fd < table.near)
		tracked = (uintptr_t)table_find(fd) | rescue_count_placed();
	return __builtin_expect(!tracked, 1) ? real.epoll_ctl(epfd, op, fd, event)
					     : epoll_ctl_tracked(epfd, op, fd, event);
}
