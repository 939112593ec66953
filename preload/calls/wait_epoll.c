/* SPDX-License-Identifier: MIT */
#include "wait_epoll.h"

#include <limits.h>

#include "../conn/registrations.h"
#include "../conn/table.h"
#include "../connect/dial.h"
#include "../os/epoll.h"
#include "../os/real.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"
#include "../rescue/room.h"
#include "wait.h"
#include "wait_owed.h"

#define ENDS ((uint32_t)(EPOLLERR | EPOLLHUP | EPOLLRDHUP))

/* A registration that an event may be of. */
struct found {
	struct conn *conn;
	int fd;
	int epfd; /* the number that it was made by */
	uint32_t asked;
};

static bool is_of(const struct conn *conn, int epfd, uint64_t data, bool by_file,
		  struct found *found)
{
	for (int i = 0; conn && i < conn->registration_count; i++) {
		const struct conn_registration *r = conn_registration(conn, i);
		if (r->data != data || !(by_file ? os_epoll_same(r->epfd, epfd) : r->epfd == epfd))
			continue;
		*found = (struct found){(struct conn *)conn, r->fd, r->epfd, r->events};
		return true;
	}
	return false;
}

/* Most put the descriptor in the data. */
static bool find(int epfd, uint64_t data, struct found *found)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	if (is_of(table_find((int)(uint32_t)data), epfd, data, false, found))
		return true;
	/* A set may be waited on by another number than things were registered by (mio, tokio). */
	for (int by_file = 0; by_file < 2; by_file++) {
		for (uint32_t fd = 0; fd < top && top <= CONN_SEARCH_MAX; fd++) {
			if (is_of(table_find((int)fd), epfd, data, by_file, found))
				return true;
		}
	}
	return false;
}

/* As find; a connect's registration that was made past the hooks is looked for. */
static bool find_any(int epfd, const struct epoll_event *event, struct found *found)
{
	int fd = (int)(uint32_t)event->data.u64;
	if (find(epfd, event->data.u64, found))
		return true;
	struct conn *conn = event->events & ENDS ? table_find(fd) : NULL;
	if (!conn || !conn_lock(conn, fd))
		return false;
	if (!conn->registration_count && dial_is_awaited(conn))
		conn_registrations_find_in(conn, epfd);
	conn_unlock(conn);
	return find(epfd, event->data.u64, found);
}

/* The event is kept from the program: a registration for one shot is to have it still. */
static void keep_armed(const struct found *found)
{
	struct conn *conn = found->conn;
	if (!(found->asked & EPOLLONESHOT) || !conn_lock(conn, found->fd))
		return;
	bool placed = conn->busy && conn->rescue->placed;
	conn_registrations_arm(conn, found->epfd, found->fd, found->asked, placed);
	conn_unlock(conn);
}

/* A placeholder's event: is it to tell of room to write? */
static bool tells_of_room(const struct found *found)
{
	struct conn *conn = found->conn;
	if (!(found->asked & EPOLLOUT) || !conn_lock(conn, found->fd))
		return false;
	bool room = conn->busy && conn->rescue->placed && rescue_room_take(conn);
	conn_unlock(conn);
	return room;
}

static bool is_placed(const struct found *found)
{
	struct conn *conn = found->conn;
	if (!__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) || !conn_lock(conn, found->fd))
		return false;
	bool placed = conn->busy && conn->rescue->placed;
	conn_unlock(conn);
	return placed;
}

/*
 * Is it the edge that comes of registering the new socket? The program, whose request is out, has
 * heard of room long ago.
 */
static bool is_edge_of_ours(const struct found *found, uint32_t events)
{
	struct conn *conn = found->conn;
	if (events != EPOLLOUT || !(found->asked & EPOLLET) || !conn_lock(conn, found->fd))
		return false;
	bool ours = !conn->busy && conn->rescue && conn->rescue->phase == PHASE_AWAITING &&
		    !conn->rescue->full && conn_waiting(conn) && !conn_is_writing(conn);
	conn_unlock(conn);
	return ours;
}

/* What the program sees of one event; 0: nothing. */
static uint32_t told(const struct wait_epoll *wait, const struct epoll_event *event,
		     uint64_t *gone_ms)
{
	struct found found;
	uint32_t events = event->events;
	enum awaited awaited = AWAITED_EVENT;
	if (!find_any(wait->epfd, event, &found))
		return events;
	if (rescue_any_expected())
		events = call_wait_owed_seen(found.conn, found.epfd, found.fd, found.asked, events);
	if (is_placed(&found)) {
		if (tells_of_room(&found))
			return EPOLLOUT;
		awaited = call_await_step(found.conn, found.fd);
	} else if (events & ENDS && !(found.asked & EPOLLET) && found.asked & EPOLLIN &&
		   call_await_is_bytes(found.conn, found.fd)) {
		awaited = AWAITED_READABLE;
	} else if (events & ENDS) {
		awaited =
		    call_await_end(found.conn, found.fd, events, found.asked & EPOLLIN, gone_ms);
	} else if (is_edge_of_ours(&found, events)) {
		return 0;
	}
	uint32_t unasked = EPOLLRDHUP & ~found.asked;
	switch (awaited) {
	case AWAITED_READABLE:
		return found.asked & EPOLLIN ? EPOLLIN : events & ~unasked;
	case AWAITED_WRITABLE:
		return found.asked & EPOLLOUT ? EPOLLOUT : events & ~unasked;
	case AWAITED_FAILED:
		return (found.asked & (EPOLLIN | EPOLLOUT | EPOLLRDHUP)) | EPOLLERR | EPOLLHUP;
	case AWAITED_NOTHING:
		keep_armed(&found);
		return 0;
	case AWAITED_EVENT:
		break;
	}
	return events & ~unasked;
}

/* `anew`: a rescue has kept the wait going. */
static int tell(const struct wait_epoll *wait, int count, uint64_t *gone_ms, bool anew)
{
	int left = 0;
	for (int i = 0; i < count; i++) {
		uint32_t events = wait->events[i].events;
		if (events & ENDS || anew || rescue_any_placed())
			events = told(wait, &wait->events[i], gone_ms);
		if (!events)
			continue;
		wait->events[left] = wait->events[i];
		wait->events[left++].events = events;
	}
	return left;
}

int call_wait_epoll_next(const struct wait_epoll *wait, const struct timespec *time)
{
	uint64_t ms =
	    time ? (uint64_t)time->tv_sec * 1000 + (uint64_t)(time->tv_nsec + 999999) / 1000000 : 0;
	int limit = !time ? -1 : ms < INT_MAX ? (int)ms : INT_MAX;
	return real.epoll_pwait(wait->epfd, wait->events, wait->max, limit, wait->mask);
}

int call_wait_epoll(const struct wait_epoll *wait, int count)
{
	struct wait_limit limit = {.timeout = wait->timeout};
	uint64_t gone_ms = 0;
	for (bool anew = false; count > 0; anew = true) {
		int left = tell(wait, count, &gone_ms, anew);
		if (left)
			return left;
		const struct timespec *time = wait_limit_left(&limit, gone_ms);
		count = call_wait_epoll_next(wait, time);
	}
	return count;
}
