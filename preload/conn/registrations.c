/* SPDX-License-Identifier: MIT */
#include "registrations.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

#include "../os/epoll.h"
#include "../os/sys.h"
#include "table.h"

uint32_t conn_registration_events(int fd, uint32_t events, uint64_t data)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	bool is_told = (int)(uint32_t)data == fd || top <= CONN_SEARCH_MAX;
	/* The kernel takes few other bits beside this one (epoll_ctl(2)). */
	bool widens = events & EPOLLIN && !(events & EPOLLEXCLUSIVE) && is_told;
	return widens ? events | EPOLLRDHUP : events;
}

static bool is_known(const struct conn *conn, int epfd, int fd)
{
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn_registration(conn, i)->epfd == epfd &&
		    conn_registration(conn, i)->fd == fd)
			return true;
	}
	return false;
}

void conn_registrations_find_in(struct conn *conn, int epfd)
{
	uint32_t events;
	uint64_t data;
	if (is_known(conn, epfd, conn->fd) || conn->registration_count == CONN_REGISTRATIONS_MAX ||
	    !os_epoll_registered(epfd, conn->fd, &events, &data))
		return;
	struct conn_registration *found = conn_add_registration(conn);
	if (found)
		*found = (struct conn_registration){epfd, conn->fd, events, data};
}

void conn_registrations_find(struct conn *conn)
{
	for (int i = 0; i < OS_EPOLL_SETS; i++) {
		if (os_epoll_set(i) >= 0)
			conn_registrations_find_in(conn, os_epoll_set(i));
	}
}

/*
 * A registration that the kernel would not take back: it is not there, but the program's all the
 * same, and goes with the next thing at the number. A bit that no event has (epoll_ctl(2)).
 */
enum { OUT = 1u << 27 };

/* Is it to be put back? Not where the set has gone, or has it no more (epoll_ctl(2)). */
static bool is_taken(const struct conn_registration *r)
{
	if (r->events & OUT)
		return true;
	int error = os_epoll_control(r->epfd, EPOLL_CTL_DEL, r->fd, 0, 0);
	return error != -EBADF && error != -ENOENT && error != -EINVAL;
}

void conn_registrations_take(struct conn *conn)
{
	int kept = 0;
	for (int i = 0; i < conn->registration_count; i++) {
		struct conn_registration *r = conn_registration(conn, i);
		uint32_t now;
		uint64_t data;
		/* Only the kernel knows whether a one-shot registration has fired. */
		if ((r->events & EPOLLONESHOT) &&
		    os_epoll_registered(r->epfd, r->fd, &now, &data) &&
		    !(now & ~os_epoll_private_bits))
			r->events &= os_epoll_private_bits;
		/* Deleted, not left to dup3: with a dup of the old socket alive it would stay. */
		if (is_taken(r))
			*conn_registration(conn, kept++) = *r;
	}
	conn->registration_count = (uint8_t)kept;
}

/*
 * What the program waits on is to be there again: memory comes back, and a place that was given up
 * a moment ago may be another thread's only for another moment.
 */
enum { ADD_TRIES = 3 };

static int add(const struct conn_registration *r, uint32_t events, int tries)
{
	static const struct timespec nap = {0, 1000000};
	int error;
	while ((error = os_epoll_control(r->epfd, EPOLL_CTL_ADD, r->fd, events, r->data)) &&
	       tries-- > 0)
		sys2(nanosleep, &nap, 0);
	return error;
}

int conn_registrations_put(struct conn *conn, bool placeholder)
{
	int result = 0;
	for (int i = 0; i < conn->registration_count; i++) {
		struct conn_registration *r = conn_registration(conn, i);
		r->events &= ~(uint32_t)(OUT | CONN_WIDENED);
		uint32_t events = placeholder ? os_watcher_events(r->events)
					      : conn_registration_events(r->fd, r->events, r->data);
		int error = add(r, events, placeholder ? 0 : ADD_TRIES);
		if (!error)
			continue;
		r->events |= OUT;
		result = result ? result : error;
	}
	return result;
}

void conn_registrations_fired(struct conn *conn, int epfd, int fd)
{
	for (int i = 0; i < conn->registration_count; i++) {
		struct conn_registration *r = conn_registration(conn, i);
		if (r->epfd == epfd && r->fd == fd && r->events & EPOLLONESHOT)
			r->events &= ~(uint32_t)CONN_WIDENED;
	}
}

void conn_registrations_narrow(struct conn *conn)
{
	for (int i = 0; i < conn->registration_count; i++) {
		struct conn_registration *r = conn_registration(conn, i);
		if (r->events & CONN_WIDENED)
			conn_registrations_arm(conn, r->epfd, r->fd, r->events, false);
	}
}

void conn_registrations_arm(struct conn *conn, int epfd, int fd, uint32_t events, bool placeholder)
{
	events &= ~(uint32_t)CONN_WIDENED;
	for (int i = 0; i < conn->registration_count; i++) {
		struct conn_registration *r = conn_registration(conn, i);
		if (r->epfd != epfd || r->fd != fd)
			continue;
		r->events = events;
		os_epoll_control(epfd, EPOLL_CTL_MOD, fd,
				 placeholder ? os_watcher_events(events)
					     : conn_registration_events(fd, events, r->data),
				 r->data);
	}
}

/* Is one of the sets that the program waits on by calls that we see that of this number? */
bool conn_set_is_waited_on(int epfd)
{
	for (int i = 0; i < OS_EPOLL_SETS; i++) {
		if (os_epoll_set(i) == epfd)
			return true;
	}
	for (int i = 0; i < OS_EPOLL_SETS; i++) {
		if (os_epoll_set(i) >= 0 && os_epoll_same(os_epoll_set(i), epfd))
			return true;
	}
	return false;
}

bool conn_may_be_waited_for(const struct conn *conn)
{
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn_set_is_waited_on(conn_registration(conn, i)->epfd))
			return true;
	}
	return !conn->registration_count;
}

bool conn_wait_is_seen(struct conn *conn)
{
	/* A poll or select, of whatever, since the request was written. */
	if (conn->waits != os_waits)
		return true;
	if (!conn->registration_count)
		conn_registrations_find(conn);
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn_set_is_waited_on(conn_registration(conn, i)->epfd))
			return true;
	}
	/* Answers came, though no wait on the set was seen. Before the first one nobody can tell.
	 */
	return conn->registration_count ? !(conn->flags & CONN_SERVED)
					: !os_epoll_any_may_have(conn->fd);
}
