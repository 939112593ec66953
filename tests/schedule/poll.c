/* SPDX-License-Identifier: MIT */
/* poll and select: what things say of themselves, and waiting for several. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>

#include "kernel.h"
#include "thread.h"
#include "wire.h"

enum { POLLED_MAX = 16 };

/* As tcp_poll. */
static uint32_t tcp_mask(const struct object *thing)
{
	const struct tcp_socket *tcp = &thing->tcp;
	uint32_t mask = tcp->error ? EPOLLERR : 0;
	if (tcp->state == TCP_DIALING)
		return mask;
	if ((tcp->shut_read && tcp->shut_write) || tcp->state != TCP_UP)
		mask |= EPOLLHUP;
	if (tcp->shut_read)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (socket_unread(thing)) {
		uint32_t least = 1;
		for (uint32_t i = 0; i < tcp->option_count; i++) {
			if (tcp->options[i].level == SOL_SOCKET &&
			    tcp->options[i].name == SO_RCVLOWAT)
				memcpy(&least, tcp->options[i].value, sizeof(least));
		}
		if (socket_unread(thing) >= least)
			mask |= EPOLLIN | EPOLLRDNORM;
	}
	/* Room for a third, as sk_stream_is_writeable asks for; an end takes anything. */
	if (tcp->shut_write || tcp->state != TCP_UP || socket_room(thing) * 3 >= tcp->room)
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

uint32_t poll_mask(const struct object *thing)
{
	switch (thing->kind) {
	case IS_SOCKET:
		return tcp_mask(thing);
	case IS_EPOLL:
		for (uint32_t i = 0; i < thing->epoll.count; i++) {
			const struct item *item = &thing->epoll.items[i];
			uint32_t asked = item->events | EPOLLERR | EPOLLHUP;
			if (item->ready && poll_mask(item->thing) & asked)
				return EPOLLIN | EPOLLRDNORM;
		}
		return 0;
	case IS_TIMER:
		return thing->timer.fired ? EPOLLIN : 0;
	case IS_PIPE:
		return EPOLLOUT | (thing->bytes.len > thing->at ? EPOLLIN : 0u);
	default:
		return EPOLLIN | EPOLLOUT;
	}
}

/*
 * Who waits in poll is woken by the things that he found at first, and looks then at what has their
 * numbers (fs/select.c: do_poll asks to be woken but once).
 */
struct polled {
	size_t len;
	struct object *things[POLLED_MAX];
	uint32_t asked[POLLED_MAX];
	bool woken;
	struct polled *next;
};

static struct polled *waiting;

void poll_reset(void)
{
	waiting = NULL;
}

void poll_tell(const struct object *thing, uint32_t mask)
{
	for (struct polled *polled = waiting; polled; polled = polled->next) {
		for (size_t i = 0; i < polled->len; i++)
			polled->woken |= polled->things[i] == thing && mask & polled->asked[i];
	}
}

static bool is_woken(void *arg)
{
	const struct polled *polled = arg;
	return polled->woken;
}

static long look(struct pollfd *fds, size_t len)
{
	long count = 0;
	for (size_t i = 0; i < len; i++) {
		const struct object *thing = object_at(fds[i].fd);
		uint32_t asked = (uint32_t)fds[i].events | POLLERR | POLLHUP;
		fds[i].revents = fds[i].fd < 0 ? 0
				 : !thing      ? POLLNVAL
					       : (short)(poll_mask(thing) & asked);
		count += fds[i].revents != 0;
	}
	return count;
}

static enum woken wait_for(struct polled *polled, uint64_t until)
{
	polled->next = waiting;
	waiting = polled;
	enum woken woken = thread_wait(is_woken, polled, until, true);
	for (struct polled **at = &waiting; *at; at = &(*at)->next) {
		if (*at == polled) {
			*at = polled->next;
			break;
		}
	}
	return woken;
}

static void note(struct polled *polled, const struct pollfd *fds, size_t len)
{
	polled->len = len;
	for (size_t i = 0; i < len; i++) {
		polled->things[i] = object_at(fds[i].fd);
		polled->asked[i] = (uint32_t)fds[i].events | POLLERR | POLLHUP;
		if (polled->things[i])
			object_hold(polled->things[i]);
	}
}

static void forget(struct polled *polled)
{
	for (size_t i = 0; i < polled->len; i++) {
		if (polled->things[i])
			object_release(polled->things[i]);
	}
}

long poll_wait(struct pollfd *fds, size_t len, uint64_t timeout_ns)
{
	uint64_t until = timeout_ns == NEVER ? NEVER : world.now_ns + timeout_ns;
	struct polled polled = {0};
	enum woken woken = WOKEN;
	if (is_bad(fds, len * sizeof(*fds)))
		return told(-EFAULT);
	long count = look(fds, len);
	if (count || timeout_ns == 0 || len > POLLED_MAX)
		return count;
	note(&polled, fds, len);
	for (; !count && woken == WOKEN; count = look(fds, len)) {
		polled.woken = false;
		woken = wait_for(&polled, until);
	}
	forget(&polled);
	return !count && woken == INTERRUPTED ? told(-EINTR) : count;
}

static bool is_in(int fd, const void *set)
{
	return set && FD_ISSET(fd, (const fd_set *)set);
}

/* The bits of poll that each of the three sets of select stands for (select(2)). */
static const short meanings[3] = {POLLIN | POLLRDNORM | POLLHUP | POLLERR,
				  POLLOUT | POLLWRNORM | POLLERR, POLLPRI};

long poll_select(int len, void *sets[3], uint64_t timeout_ns)
{
	struct pollfd fds[POLLED_MAX];
	size_t used = 0;
	long bits = 0;
	for (int fd = 0; fd < len && fd < FDS_MAX && used < POLLED_MAX; fd++) {
		short asked = 0;
		for (int i = 0; i < 3; i++)
			asked |= is_in(fd, sets[i]) ? meanings[i] & ~(POLLERR | POLLHUP) : 0;
		if (!asked)
			continue;
		if (!object_at(fd))
			return told(-EBADF);
		fds[used++] = (struct pollfd){.fd = fd, .events = asked};
	}
	long count = poll_wait(fds, used, timeout_ns);
	if (count < 0)
		return count;
	for (size_t i = 0; i < used; i++) {
		for (int s = 0; s < 3; s++) {
			if (!is_in(fds[i].fd, sets[s]))
				continue;
			if (fds[i].revents & meanings[s])
				bits++;
			else
				FD_CLR(fds[i].fd, (fd_set *)sets[s]);
		}
	}
	return bits;
}
