/* SPDX-License-Identifier: MIT */
/*
 * Waiting needs no help from us while nothing fails: events without a bit that tells of an end cost
 * a look at each and no more. Where one does, or a rescue is under way: calls/wait.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "../calls/peep.h"
#include "../calls/placeholder.h"
#include "../calls/secured_wait.h"
#include "../calls/wait.h"
#include "../calls/wait_epoll.h"
#include "../calls/wait_owed.h"
#include "../conn/table.h"
#include "../os/copy.h"
#include "../os/epoll.h"
#include "../os/memory.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../rescue/hear.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"

#define EPOLL_ENDS ((uint32_t)(EPOLLERR | EPOLLHUP | EPOLLRDHUP))
#define POLL_ENDS  (POLLERR | POLLHUP | POLLRDHUP)

enum { PAGE_LOG2 = 12, PAGE = 1 << PAGE_LOG2 };

/* A wait of the program's, as it was called. */
struct epoll_call {
	struct epoll_event *events;
	const sigset_t *mask;
	const struct timespec *timeout; /* epoll_pwait2's */
	int epfd;
	int max;
	int timeout_ms;
};

static struct timespec in_timespec(int ms)
{
	return (struct timespec){ms / 1000, ms % 1000 * 1000000L};
}

/* As those behind us take it; the limit is room for its time. */
static struct wait_epoll in_general(const struct epoll_call *call, struct timespec *limit)
{
	*limit = in_timespec(call->timeout_ms);
	return (struct wait_epoll){
	    .epfd = call->epfd,
	    .events = call->events,
	    .max = call->max,
	    .timeout = call->timeout_ms < 0 ? call->timeout : limit,
	    .mask = call->mask,
	};
}

static TRACKED int tell_epoll(const struct epoll_call *call, int count)
{
	struct timespec limit;
	const struct wait_epoll wait = in_general(call, &limit);
	return table.near ? call_wait_epoll(&wait, count) : count;
}

/* What a program sees of the events that a wait gave. */
static inline int tell(const struct epoll_call *call, int count)
{
	uint32_t seen = 0;
	for (int i = 0; i < count; i++)
		seen |= call->events[i].events;
	if (__builtin_expect(!(seen & EPOLL_ENDS) && !rescue_any_placed(), 1))
		return count;
	return tell_epoll(call, count);
}

/* After a poll of several descriptors: does any event tell of an end of a tracked one? */
static TRACKED bool has_end(const struct pollfd *fds, nfds_t len)
{
	for (nfds_t i = 0; i < len; i++) {
		if (fds[i].revents & POLL_ENDS && table_find(fds[i].fd))
			return true;
	}
	return false;
}

/*
 * Is the only descriptor tracked? Then the end of its stream is asked for besides. That takes a
 * look at the array before the kernel has had one.
 */
static inline bool is_tracked(const struct pollfd *fds)
{
	/* glibc's <poll.h> says that poll only writes to them. */
	__asm__("" : "+r"(fds));
	return table_find(fds->fd);
}

/* Mostly it is a variable of our caller's: in the page that we are running on. */
static inline __attribute__((always_inline)) bool is_on_our_page(const struct pollfd *fds,
								 nfds_t len)
{
	uintptr_t page = (uintptr_t)__builtin_frame_address(0) >> PAGE_LOG2;
	return len == 1 && (uintptr_t)fds >> PAGE_LOG2 == page &&
	       ((uintptr_t)(fds + 1) - 1) >> PAGE_LOG2 == page;
}

static bool is_one_tracked(const struct pollfd *fds, nfds_t len)
{
	if (len != 1 || !table.near)
		return false;
	if (is_on_our_page(fds, len))
		return is_tracked(fds);
	if (!memory_is_known(fds, sizeof(*fds)))
		return false;
	__atomic_store_n(&memory_recent, (uintptr_t)fds, __ATOMIC_RELAXED);
	return is_tracked(fds);
}

static inline bool is_ended(const struct pollfd *fds, nfds_t len, int count)
{
	return count > 0 && table.near && has_end(fds, len);
}

/* What becomes of a wait that is not made as it was called. */
enum note {
	NOTED,	 /* it is made */
	REFUSED, /* with this errno: that is a socket of the program's, where a set of ours lies */
	LETS_GO, /* it is over at once: calls/secured_wait.h */
	OWES,	 /* it has something to tell that the kernel does not know of */
};

static TRACKED enum note note_set(int epfd)
{
	struct conn *conn = call_find_busy(epfd);
	if (conn) {
		conn_unlock(conn);
		set_errno(EINVAL);
		return REFUSED;
	}
	int last = __atomic_exchange_n(&os_last_epoll_set, epfd, __ATOMIC_RELAXED);
	os_note_epoll_set(epfd);
	if (last == -1) {
		rescue_sweep();
		rescue_hear(epfd);
	}
	if (!rescue_any_expected())
		return NOTED;
	/* Another thread's wait may have come first. */
	__atomic_store_n(&os_last_epoll_set, -1, __ATOMIC_RELAXED);
	if (secured_lets_go_of_set(epfd, NULL))
		return LETS_GO;
	return call_wait_owes(epfd) ? OWES : NOTED;
}

/* Before a wait: a rescue may have to look for registrations in this set. */
static inline enum note note(int epfd)
{
	return __builtin_expect(epfd == __atomic_load_n(&os_last_epoll_set, __ATOMIC_RELAXED), 1)
		   ? NOTED
		   : note_set(epfd);
}

static TRACKED int make_otherwise(const struct epoll_call *call, enum note note)
{
	struct timespec limit;
	const struct wait_epoll wait = in_general(call, &limit);
	if (note == OWES)
		return call_wait_owed(&wait);
	if (note == LETS_GO) /* told how long it would have waited */
		secured_lets_go_of_set(call->epfd, wait.timeout);
	return note == LETS_GO ? 0 : -1;
}

HOOK int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout)
{
	struct epoll_call call = {
	    .events = events, .epfd = epfd, .max = max, .timeout_ms = timeout};
	enum note noted = note(epfd);
	if (__builtin_expect(noted != NOTED, 0))
		return make_otherwise(&call, noted);
	return tell(&call, real.epoll_wait(epfd, events, max, timeout));
}

HOOK int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout,
		     const sigset_t *mask)
{
	struct epoll_call call = {
	    .events = events, .mask = mask, .epfd = epfd, .max = max, .timeout_ms = timeout};
	enum note noted = note(epfd);
	if (__builtin_expect(noted != NOTED, 0))
		return make_otherwise(&call, noted);
	return tell(&call, real.epoll_pwait(epfd, events, max, timeout, mask));
}

HOOK int epoll_pwait2(int epfd, struct epoll_event *events, int max, const struct timespec *timeout,
		      const sigset_t *mask)
{
	struct epoll_call call = {.events = events,
				  .mask = mask,
				  .timeout = timeout,
				  .epfd = epfd,
				  .max = max,
				  .timeout_ms = -1};
	enum note noted = note(epfd);
	if (__builtin_expect(noted != NOTED, 0))
		return make_otherwise(&call, noted);
	return tell(&call, real.epoll_pwait2(epfd, events, max, timeout, mask));
}

/* Can an array that is readable be told of events? */
static bool can_be_told(struct pollfd *fds, nfds_t len)
{
	for (nfds_t i = 0; i < len; i += PAGE / sizeof(*fds)) {
		if (!copy_can_write(&fds[i].revents))
			return false;
	}
	return copy_can_write(&fds[len - 1].revents);
}

/* Its timeout: a copy of ours, or NULL. */
static int look_after(const struct wait_poll *call, int first)
{
	struct pollfd *fds = call->fds;
	nfds_t len = call->len;
	const struct timespec *timeout = call->timeout;
	bool is_good = len && len <= INT32_MAX &&
		       (first >= 0 || is_on_our_page(fds, len) ||
			(copy_can_read(fds, len * sizeof(*fds)) && can_be_told(fds, len)));
	if (!is_good)
		return first < 0 ? call_wait_next(call, fds, timeout) : first;
	return call_wait_poll(call, first);
}

static TRACKED int ppoll_looked_after(struct pollfd *fds, nfds_t len,
				      const struct timespec *timeout, const sigset_t *mask,
				      int first)
{
	struct timespec limit;
	if (timeout && !copy_in(&limit, timeout, sizeof(limit)))
		return first < 0 ? real.ppoll(fds, len, timeout, mask) : first;
	const struct wait_poll call = {fds, len, timeout ? &limit : NULL, mask, false};
	return look_after(&call, first);
}

static TRACKED int poll_looked_after(struct pollfd *fds, nfds_t len, int timeout, int first)
{
	const struct timespec limit = {timeout / 1000, timeout % 1000 * 1000000L};
	const struct wait_poll call = {fds, len, timeout < 0 ? NULL : &limit, NULL, true};
	return look_after(&call, first);
}

static TRACKED int poll_others(struct pollfd *fds, nfds_t len, int timeout)
{
	if (rescue_any_placed() || is_one_tracked(fds, len))
		return poll_looked_after(fds, len, timeout, -1);
	int count = real.poll(fds, len, timeout);
	return __builtin_expect(is_ended(fds, len, count), 0)
		   ? poll_looked_after(fds, len, timeout, count)
		   : count;
}

HOOK int poll(struct pollfd *fds, nfds_t len, int timeout)
{
	os_waits++;
	if (__builtin_expect(rescue_any_placed() || len != 1 || (uintptr_t)fds != memory_recent ||
				 is_tracked(fds),
			     0))
		return poll_others(fds, len, timeout);
	return real.poll(fds, len, timeout);
}

static TRACKED int ppoll_others(struct pollfd *fds, nfds_t len, const struct timespec *timeout,
				const sigset_t *mask)
{
	if (rescue_any_placed() || is_one_tracked(fds, len))
		return ppoll_looked_after(fds, len, timeout, mask, -1);
	int count = real.ppoll(fds, len, timeout, mask);
	return __builtin_expect(is_ended(fds, len, count), 0)
		   ? ppoll_looked_after(fds, len, timeout, mask, count)
		   : count;
}

HOOK int ppoll(struct pollfd *fds, nfds_t len, const struct timespec *timeout, const sigset_t *mask)
{
	os_waits++;
	if (__builtin_expect(rescue_any_placed() || len != 1 || (uintptr_t)fds != memory_recent ||
				 is_tracked(fds),
			     0))
		return ppoll_others(fds, len, timeout, mask);
	return real.ppoll(fds, len, timeout, mask);
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
