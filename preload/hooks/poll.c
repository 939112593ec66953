/* SPDX-License-Identifier: MIT */
/*
 * Waiting needs no help from us, but for one habit: some programs act on an error or hang-up event
 * by closing the socket, without reading from it. Where the socket is one that a read would rescue,
 * they are told that it is readable, and nothing else. Events without such bits, all of them as
 * long as nothing fails, cost a look at each and no more.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "../calls/placeholder.h"
#include "../process/config.h"
#include "../conn/conn.h"
#include "../calls/peep.h"
#include "../calls/room.h"
#include "../connect/dial.h"
#include "../wire/socket.h"
#include "../os/copy.h"
#include "../os/epoll.h"
#include "../os/real.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/room.h"
#include "../rescue/watch.h"
#include "../conn/table.h"

#define EPOLL_ENDS ((uint32_t)(EPOLLERR | EPOLLHUP | EPOLLRDHUP))
#define POLL_ENDS  (POLLERR | POLLHUP | POLLRDHUP)

/* Past it a search by event data would cost more than the habit is worth. */
enum { SEARCH_MAX = 4096 };

/*
 * What the program is to see of events (poll's bits, which are epoll's) that tell of an end, if it
 * asked for those: not the end, where the call that follows would begin a rescue.
 */
static uint32_t soften(struct conn *conn, int fd, uint32_t events, uint32_t asked)
{
	uint32_t left = events & ~EPOLL_ENDS;
	if (!conn || !conn_lock(conn, fd))
		return events;
	/* With something to read the end is news: edge-triggered readers hear of it only once. */
	if (rescue_would_begin(conn) && !wire_has_unread(fd))
		left |= asked & EPOLLIN;
	else if (config.policy->uses & POLICY_USES_CONNECT && dial_would_rescue(conn))
		left = asked & EPOLLOUT; /* how a connect tells that it is through (connect(2)) */
	else
		left = 0;
	conn_unlock(conn);
	return left ? left : events;
}

/* What conn is registered for in epfd with this data; 0 if it is not. */
static uint32_t registered(const struct conn *conn, int epfd, uint64_t data)
{
	for (int i = 0; conn && i < conn->registration_count; i++) {
		if (conn->registrations[i].epfd == epfd && conn->registrations[i].data == data)
			return conn->registrations[i].events;
	}
	return 0;
}

/* The connection whose registration in epfd carries this data: most put the descriptor in it. */
static struct conn *find_by_data(int epfd, uint64_t data, uint32_t *events)
{
	struct conn *conn = table_find((int)(uint32_t)data);
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	if ((*events = registered(conn, epfd, data)))
		return conn;
	for (uint32_t fd = 0; fd < top && top <= SEARCH_MAX; fd++) {
		conn = table_find((int)fd);
		if ((*events = registered(conn, epfd, data)))
			return conn;
	}
	return NULL;
}

static TRACKED int soften_epoll(int epfd, struct epoll_event *events, int count)
{
	if (rescue_room_awaited())
		rescue_room_tell(epfd, events, count);
	for (int i = 0; i < count && table.near; i++) {
		uint32_t asked;
		if (!(events[i].events & EPOLL_ENDS))
			continue;
		struct conn *conn = find_by_data(epfd, events[i].data.u64, &asked);
		if (conn)
			events[i].events = soften(conn, conn->fd, events[i].events, asked);
	}
	return count;
}

/* What a program sees of the events that a wait gave. */
static inline int tell_epoll(int epfd, struct epoll_event *events, int count)
{
	uint32_t seen = 0;
	for (int i = 0; i < count; i++)
		seen |= events[i].events;
	if (__builtin_expect(!(seen & EPOLL_ENDS) && !rescue_room_awaited(), 1))
		return count;
	return soften_epoll(epfd, events, count);
}

static void soften_slot(struct pollfd *slot)
{
	if (__builtin_expect(slot->revents & POLL_ENDS, 0))
		slot->revents = (short)soften(table_find(slot->fd), slot->fd,
					      (uint32_t)slot->revents, (uint32_t)slot->events);
}

static TRACKED int soften_slots(struct pollfd *fds, nfds_t len, int count)
{
	peep_poll_ended(len == 1 ? fds->fd : -1);
	for (nfds_t i = 0; i < len && table.near; i++)
		soften_slot(&fds[i]);
	return count;
}

/* Most programs that poll a socket poll it alone. */
static inline int soften_poll(struct pollfd *fds, nfds_t len, int count)
{
	int told = -1;
	if (count > 0) {
		if (__builtin_expect(len != 1 || fds->revents & POLL_ENDS, 0))
			return soften_slots(fds, len, count);
		told = fds->fd;
	}
	peep_poll_ended(told);
	return count;
}

/* What a program that waits for room to write at this slot is told. */
static enum room room_at(const struct pollfd *slot)
{
	return slot->events & POLLOUT ? call_room_at(slot->fd) : ROOM_UNKNOWN;
}

/*
 * A watcher tells of an answer, not of hang-ups: a program that waits for those alone is not one
 * that a request which is merely watched could be repeated for.
 */
static void end_watches(const struct pollfd *fds, nfds_t len)
{
	for (nfds_t i = 0; i < len; i++) {
		struct conn *conn = fds[i].fd < 0 || fds[i].events & (POLLIN | POLLRDNORM)
					? NULL
					: table_find(fds[i].fd);
		if (!conn || !__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) ||
		    !conn_lock(conn, fds[i].fd))
			continue;
		if (rescue_is_watched(conn))
			rescue_unwatch(conn);
		conn_unlock(conn);
	}
}

/*
 * During a rescue send takes what it is given, but a watcher is never writable: a program that asks
 * before each write, as Python does under a timeout, would wait for it in vain.
 */
static bool has_room(const struct pollfd *fds, nfds_t len, enum room room)
{
	for (nfds_t i = 0; i < len; i++) {
		if (room_at(&fds[i]) == room)
			return true;
	}
	return false;
}

static int add_takers(struct pollfd *fds, nfds_t len, int count)
{
	for (nfds_t i = 0; i < len && count >= 0; i++) {
		if (room_at(&fds[i]) != ROOM_TAKES)
			continue;
		count += !fds[i].revents;
		fds[i].revents |= POLLOUT;
	}
	return count;
}

/* false if that is a socket of the program's, where a set of ours lies. */
static TRACKED bool note_set(int epfd)
{
	struct conn *conn = call_find_busy(epfd);
	if (conn) {
		conn_unlock(conn);
		set_errno(EINVAL);
		return false;
	}
	int last = __atomic_exchange_n(&os_last_epoll_set, epfd, __ATOMIC_RELAXED);
	os_note_epoll_set(epfd);
	if (last == -1)
		rescue_sweep();
	return true;
}

/* Before a wait: a rescue may have to look for registrations in this set. */
static inline bool note(int epfd)
{
	return __builtin_expect(epfd == __atomic_load_n(&os_last_epoll_set, __ATOMIC_RELAXED), 1) ||
	       note_set(epfd);
}

HOOK int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	if (!note(epfd))
		return -1;
	return tell_epoll(epfd, events, real.epoll_wait(epfd, events, max, timeout));
}

HOOK int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout,
		     const sigset_t *mask)
{
	if (!note(epfd))
		return -1;
	return tell_epoll(epfd, events, real.epoll_pwait(epfd, events, max, timeout, mask));
}

HOOK int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		      const sigset_t *mask)
{
	if (!note(epfd))
		return -1;
	return tell_epoll(epfd, events, real.epoll_pwait2(epfd, events, max, timeout, mask));
}

static TRACKED int ppoll_beside_rescues(struct pollfd *fds, nfds_t len,
					const struct timespec *timeout, const sigset_t *mask)
{
	static const struct timespec now = {0, 0};
	if (len > INT32_MAX || !copy_can_read(fds, len * sizeof(*fds))) /* it will be refused */
		return real.ppoll(fds, len, timeout, mask);
	end_watches(fds, len);
	if (has_room(fds, len, ROOM_TAKES))
		return add_takers(fds, len,
				  soften_poll(fds, len, real.ppoll(fds, len, &now, mask)));
	bool full = has_room(fds, len, ROOM_FULL);
	return soften_poll(fds, len,
			   full ? call_room_poll(fds, len, timeout, mask)
				: real.ppoll(fds, len, timeout, mask));
}

static TRACKED int poll_beside_rescues(struct pollfd *fds, nfds_t len, int timeout)
{
	const struct timespec limit = {timeout / 1000, timeout % 1000 * 1000000L};
	return ppoll_beside_rescues(fds, len, timeout < 0 ? NULL : &limit, NULL);
}

HOOK int poll(struct pollfd *fds, nfds_t len, int timeout)
{
	peep_poll_begins(timeout);
	if (__builtin_expect(rescue_any_placed(), 0))
		return poll_beside_rescues(fds, len, timeout);
	return soften_poll(fds, len, real.poll(fds, len, timeout));
}

/* As poll would have been told it. */
static TRACKED void note_timeout(const struct timespec *timeout)
{
	bool endless = !timeout || timeout->tv_sec >= INT32_MAX / 1000;
	peep_poll_begins(endless ? -1 : (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000));
}

HOOK int ppoll(struct pollfd *fds, nfds_t len, const struct timespec *timeout, const sigset_t *mask)
{
	int count;
	if (__builtin_expect(rescue_any_placed(), 0))
		count = ppoll_beside_rescues(fds, len, timeout, mask);
	else
		count = soften_poll(fds, len, real.ppoll(fds, len, timeout, mask));
	if (count == 1 && len == 1)
		note_timeout(timeout);
	return count;
}

/*
 * What glibc's <poll.h> makes of poll and ppoll under _FORTIFY_SOURCE. They end the program if
 * there is no room for len: leave that to the real ones.
 */
int __poll_chk(struct pollfd *fds, nfds_t len, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t len, const struct timespec *timeout,
		const sigset_t *mask, size_t room);

HOOK int __poll_chk(struct pollfd *fds, nfds_t len, int timeout, size_t room)
{
	if (__builtin_expect(room / sizeof(*fds) < len, 0))
		return real.__poll_chk(fds, len, timeout, room);
	return poll(fds, len, timeout);
}

HOOK int __ppoll_chk(struct pollfd *fds, nfds_t len, const struct timespec *timeout,
		     const sigset_t *mask, size_t room)
{
	if (__builtin_expect(room / sizeof(*fds) < len, 0))
		return real.__ppoll_chk(fds, len, timeout, mask, room);
	return ppoll(fds, len, timeout, mask);
}
