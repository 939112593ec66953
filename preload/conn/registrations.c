/* SPDX-License-Identifier: MIT */
#include "registrations.h"

#include <sys/epoll.h>

#include "../os/epoll.h"

static bool is_known(const struct conn *conn, int epfd, int fd)
{
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn->registrations[i].epfd == epfd && conn->registrations[i].fd == fd)
			return true;
	}
	return false;
}

void conn_registrations_find(struct conn *conn)
{
	for (int i = 0; i < OS_EPOLL_SETS; i++) {
		int epfd = os_epoll_set(i);
		uint32_t events;
		uint64_t data;
		if (epfd < 0 || is_known(conn, epfd, conn->fd) ||
		    conn->registration_count == CONN_REGISTRATIONS_MAX ||
		    !os_epoll_registered(epfd, conn->fd, &events, &data))
			continue;
		conn->registrations[conn->registration_count++] =
		    (struct conn_registration){epfd, conn->fd, events, data};
	}
}

void conn_registrations_take(struct conn *conn)
{
	int kept = 0;
	for (int i = 0; i < conn->registration_count; i++) {
		struct conn_registration *r = &conn->registrations[i];
		uint32_t now;
		uint64_t data;
		/* Only the kernel knows whether a one-shot registration has fired. */
		if ((r->events & EPOLLONESHOT) &&
		    os_epoll_registered(r->epfd, r->fd, &now, &data) &&
		    !(now & ~os_epoll_private_bits))
			r->events &= os_epoll_private_bits;
		/* Deleted, not left to dup3: with a dup of the old socket alive it would stay. */
		if (os_epoll_control(r->epfd, EPOLL_CTL_DEL, r->fd, 0, 0) == 0)
			conn->registrations[kept++] = *r;
	}
	conn->registration_count = (uint8_t)kept;
}

int conn_registrations_put(struct conn *conn, bool placeholder)
{
	int result = 0;
	for (int i = 0; i < conn->registration_count; i++) {
		const struct conn_registration *r = &conn->registrations[i];
		uint32_t events = placeholder ? os_watcher_events(r->events) : r->events;
		int error = os_epoll_control(r->epfd, EPOLL_CTL_ADD, r->fd, events, r->data);
		if (error && !result)
			result = error;
	}
	return result;
}
