/* SPDX-License-Identifier: MIT */
#include "watcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "cancel.h"
#include "real.h"
#include "sys.h"

int os_timer(void)
{
	return (int)sys2(timerfd_create, CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

static int watch(int watcher, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events};
	return (int)sys4(epoll_ctl, watcher, EPOLL_CTL_ADD, fd, &event);
}

int os_watcher(int timer)
{
	int watcher = (int)sys1(epoll_create1, EPOLL_CLOEXEC);
	if (watcher < 0)
		return watcher;
	int error = watch(watcher, timer, EPOLLIN);
	if (error < 0) {
		os_close(watcher);
		return error;
	}
	return watcher;
}

/*
 * A wait that the kernel refuses, for want of memory or by a limit of no descriptors at all
 * (poll(2)): whoever waits looks for himself, a little later.
 */
static int or_nap(int ready)
{
	static const struct timespec nap = {0, 1000000};
	if (ready >= 0 || ready == -EINTR)
		return ready;
	sys2(nanosleep, &nap, 0);
	return 1;
}

/* By poll, which takes nothing from what it looks at. */
int os_wait_for(int fd, short events, uint64_t timeout_ms)
{
	struct pollfd what = {.fd = fd, .events = events};
	const struct timespec limit = {(time_t)(timeout_ms / 1000),
				       (long)(timeout_ms % 1000) * 1000000};
	return or_nap((int)sys6(ppoll, &what, 1, timeout_ms == UINT64_MAX ? 0 : &limit, 0, 0, 0));
}

int os_wait(int fd, uint64_t timeout_ms)
{
	return os_wait_for(fd, POLLIN, timeout_ms);
}

int os_wait_writable(int fd, uint64_t timeout_ms)
{
	return os_wait_for(fd, POLLOUT, timeout_ms);
}

bool os_has_room(int socket)
{
	return os_wait_writable(socket, 0) > 0;
}

int os_wait_for_room(int socket, uint64_t timeout_ms)
{
	if (!os_has_room(socket))
		return os_wait_writable(socket, timeout_ms);
	return os_wait_for(socket, 0, timeout_ms < OS_SCARCE_MS ? timeout_ms : OS_SCARCE_MS);
}

int os_wait_cancellably(int fd, short events, uint64_t timeout_ms)
{
	struct pollfd what = {.fd = fd, .events = events};
	int kept = get_errno();
	int ready = real.poll(&what, 1, timeout_ms < INT32_MAX ? (int)timeout_ms : -1);
	int error = ready < 0 ? -get_errno() : ready;
	set_errno(kept);
	return or_nap(error);
}

void os_timer_set(int timer, uint64_t in_ms)
{
	struct itimerspec when = {
	    .it_value.tv_sec = (time_t)(in_ms / 1000),
	    .it_value.tv_nsec = in_ms ? (long)(in_ms % 1000) * 1000000 : 1, /* 0 disarms */
	};
	/* Nothing else would wake whoever waits for it. */
	for (int tries = 0; tries < 3 && sys4(timerfd_settime, timer, 0, &when, 0) < 0; tries++)
		;
}

int os_watch(int watcher, int fd)
{
	return watch(watcher, fd, EPOLLOUT);
}

int os_watch_anew(int watcher, int fd, bool reply)
{
	os_unwatch(watcher, fd);
	return watch(watcher, fd, reply ? EPOLLIN : EPOLLOUT);
}

void os_watch_for(int watcher, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events};
	sys4(epoll_ctl, watcher, EPOLL_CTL_MOD, fd, &event);
}

void os_leave_watcher(int watcher, int fd)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT};
	if (sys4(epoll_ctl, watcher, EPOLL_CTL_ADD, fd, &event) == -EEXIST)
		sys4(epoll_ctl, watcher, EPOLL_CTL_MOD, fd, &event);
}

void os_unwatch(int watcher, int fd)
{
	struct epoll_event event = {0};
	sys4(epoll_ctl, watcher, EPOLL_CTL_DEL, fd, &event);
}

bool os_is_watcher(int fd, int timer)
{
	struct epoll_event event = {.events = EPOLLIN};
	long error = sys4(epoll_ctl, fd, EPOLL_CTL_ADD, timer, &event);
	if (error == 0) /* an epoll set of the program's, on a number that it closed behind us */
		sys4(epoll_ctl, fd, EPOLL_CTL_DEL, timer, &event);
	return error == -EEXIST;
}

bool os_restarts(void)
{
	enum { SIGNALS = 64, SET_LEN = SIGNALS / 8 };
	for (int number = 1; number <= SIGNALS; number++) {
		/* The kernel's own struct: handler and flags come first on every architecture. */
		struct {
			uintptr_t handler;
			unsigned long flags;
			unsigned long rest[4];
		} action = {0};
		bool caught = sys4(rt_sigaction, number, 0, &action, SET_LEN) == 0 &&
			      action.handler != (uintptr_t)SIG_DFL &&
			      action.handler != (uintptr_t)SIG_IGN;
		if (caught && !(action.flags & SA_RESTART))
			return false;
	}
	return true;
}

void os_cancellation_point(void)
{
	int kept = get_errno();
	real.poll(NULL, 0, 0);
	set_errno(kept);
}

void os_close(int fd)
{
	if (fd < 0)
		return;
	int kept = get_errno();
	UNCANCELLED(real.close(fd));
	set_errno(kept);
}
