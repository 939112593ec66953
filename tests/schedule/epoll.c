/* SPDX-License-Identifier: MIT */
/* epoll sets and timers: level, edge and one-shot, one set inside another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/timerfd.h>

#include "kernel.h"
#include "thread.h"
#include "trace.h"

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif

#define BEHAVIOUR ((uint32_t)(EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE | EPOLLWAKEUP))

uint64_t next_timer_ns = NEVER;

void poll_wake(struct object *thing, uint32_t mask)
{
	poll_tell(thing, mask);
	for (struct object *set = objects; set; set = set->next) {
		bool any = false;
		if (set->kind != IS_EPOLL || set == thing)
			continue;
		for (uint32_t i = 0; i < set->epoll.count; i++) {
			struct item *item = &set->epoll.items[i];
			if (item->thing != thing || !(item->events & ~BEHAVIOUR) ||
			    !(mask & (item->events | EPOLLERR | EPOLLHUP)))
				continue;
			item->ready = any = true;
		}
		if (any)
			poll_wake(set, EPOLLIN);
	}
}

long epoll_new(int flags)
{
	int error = fault("epoll_create", EMFILE, ENOMEM);
	if (error)
		return told(error);
	return told(fd_new(object_new(IS_EPOLL), 0, flags & EPOLL_CLOEXEC));
}

static struct item *find(struct object *set, int fd, const struct object *thing)
{
	for (uint32_t i = 0; i < set->epoll.count; i++) {
		if (set->epoll.items[i].fd == fd && set->epoll.items[i].thing == thing)
			return &set->epoll.items[i];
	}
	return NULL;
}

static void drop(struct object *set, struct item *item)
{
	*item = set->epoll.items[--set->epoll.count];
	set->epoll.spare++;
}

void epoll_forget(struct object *thing)
{
	for (struct object *set = objects; set; set = set->next) {
		if (set->kind != IS_EPOLL)
			continue;
		for (uint32_t i = set->epoll.count; i-- > 0;) {
			if (set->epoll.items[i].thing == thing)
				drop(set, &set->epoll.items[i]);
		}
	}
}

/* As ep_insert and ep_modify: what is there already is an event. */
static void look(struct object *set, struct item *item)
{
	uint32_t asked = item->events | EPOLLERR | EPOLLHUP;
	item->ready = item->events & ~BEHAVIOUR && poll_mask(item->thing) & asked;
	if (item->ready)
		poll_wake(set, EPOLLIN);
}

long epoll_change(int epfd, int op, int fd, const struct epoll_event *event)
{
	struct object *set = object_at(epfd), *thing = object_at(fd);
	if (!set || !thing)
		return told(-EBADF);
	if (thing->kind == IS_FILE)
		return told(-EPERM);
	if (set->kind != IS_EPOLL || set == thing)
		return told(-EINVAL);
	if (op != EPOLL_CTL_DEL && is_bad(event, sizeof(*event)))
		return told(-EFAULT);
	if (op == EPOLL_CTL_ADD && event->events & EPOLLEXCLUSIVE && thing->kind == IS_EPOLL)
		return told(-EINVAL);
	struct item *item = find(set, fd, thing);
	if (op == EPOLL_CTL_ADD ? item != NULL : item == NULL)
		return told(item ? -EEXIST : -ENOENT);
	if (op == EPOLL_CTL_DEL) {
		drop(set, item);
		return 0;
	}
	if (!item) {
		/* What a removal has given back is still at hand. */
		bool spare = set->epoll.spare && set->epoll.spare--;
		int error = spare ? 0 : fault("epoll_ctl", ENOMEM, ENOMEM);
		if (error || set->epoll.count == ITEMS_MAX)
			return told(error ? error : -ENOSPC);
		item = &set->epoll.items[set->epoll.count++];
	}
	*item = (struct item){fd, thing, event->events, event->data.u64, false};
	look(set, item);
	return 0;
}

static int collect(struct object *set, struct epoll_event *events, int max)
{
	int count = 0;
	for (uint32_t i = 0; i < set->epoll.count && count < max; i++) {
		struct item *item = &set->epoll.items[i];
		uint32_t asked = item->events | EPOLLERR | EPOLLHUP;
		uint32_t found = item->ready ? poll_mask(item->thing) & asked & ~BEHAVIOUR : 0;
		item->ready = found && !(item->events & EPOLLET);
		if (!found)
			continue;
		events[count].events = found;
		events[count++].data.u64 = item->data;
		if (item->events & EPOLLONESHOT) {
			item->events &= BEHAVIOUR;
			item->ready = false;
		}
	}
	return count;
}

static bool has_events(void *arg)
{
	return poll_mask(arg) != 0;
}

long epoll_collect(int epfd, struct epoll_event *events, int max, uint64_t timeout_ns)
{
	struct object *set = object_at(epfd);
	uint64_t until = timeout_ns == NEVER ? NEVER : world.now_ns + timeout_ns;
	int count;
	if (!set)
		return told(-EBADF);
	if (set->kind != IS_EPOLL || max <= 0)
		return told(-EINVAL);
	object_hold(set);
	for (;;) {
		count = collect(set, events, max);
		if (count || timeout_ns == 0)
			break;
		enum woken woken = thread_wait(has_events, set, until, true);
		if (woken == INTERRUPTED)
			count = -EINTR;
		if (woken != WOKEN)
			break;
	}
	object_release(set);
	return told(count);
}

size_t epoll_text(int epfd, char *text, size_t room)
{
	const struct object *set = object_at(epfd);
	size_t len = (size_t)snprintf(text, room, "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t1\n");
	for (uint32_t i = 0; set && set->kind == IS_EPOLL && i < set->epoll.count; i++) {
		const struct item *item = &set->epoll.items[i];
		len += (size_t)snprintf(text + len, room - len,
					"tfd: %8d events: %8x data: %16llx  pos:0 ino:1 sdev:8\n",
					item->fd, item->events, (unsigned long long)item->data);
	}
	return len;
}

long timer_new(int flags)
{
	int error = fault("timerfd_create", EMFILE, ENOMEM);
	if (error)
		return told(error);
	struct object *thing = object_new(IS_TIMER);
	thing->timer.at_ns = NEVER;
	thing->flags = flags & TFD_NONBLOCK;
	return told(fd_new(thing, 0, flags & TFD_CLOEXEC));
}

long timer_set(int fd, int flags, const void *value)
{
	struct object *thing = object_at(fd);
	const struct itimerspec *when = value;
	if (!thing)
		return told(-EBADF);
	if (thing->kind != IS_TIMER || flags)
		return told(-EINVAL);
	uint64_t in =
	    (uint64_t)when->it_value.tv_sec * 1000000000 + (uint64_t)when->it_value.tv_nsec;
	trace("  timer in %.6f ms", (double)in / 1e6);
	thing->timer.fired = false;
	thing->timer.at_ns = in ? world.now_ns + in : NEVER;
	if (thing->timer.at_ns < next_timer_ns)
		next_timer_ns = thing->timer.at_ns;
	return 0;
}

void timers_fire(void)
{
	next_timer_ns = NEVER;
	for (struct object *thing = objects; thing; thing = thing->next) {
		if (thing->kind != IS_TIMER)
			continue;
		if (thing->timer.at_ns <= world.now_ns) {
			thing->timer.at_ns = NEVER;
			thing->timer.fired = true;
			poll_wake(thing, EPOLLIN);
		} else if (thing->timer.at_ns < next_timer_ns) {
			next_timer_ns = thing->timer.at_ns;
		}
	}
}
