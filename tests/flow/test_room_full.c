/* SPDX-License-Identifier: MIT */
/*
 * A rescue that takes no more bytes, for they are too many to be held, says EAGAIN: whoever waits
 * for room then is woken when there is some, not again and again before, and hears of the rest of
 * its descriptors as ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

/* The first redial is refused, the second one comes after half a second. */
#define PATIENT "retry = { backoff = { base_ms = 500; max_ms = 500; jitter = \"none\"; }; };"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

enum { BODY_LEN = 100000, WAKES_MAX = 6, EDGE = EPOLLET, ONESHOT = EPOLLONESHOT };

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

/* What there is at the connection and at the pipe: POLLIN and POLLOUT of the one, << 16. */
enum { AT_PIPE = 1 << 16 };

static int by_poll(int fd, int pipe, int events, int limit_ms)
{
	struct pollfd p[] = {{.fd = fd, .events = (short)events}, {.fd = pipe, .events = POLLIN}};
	if (poll(p, 2, limit_ms) < 0)
		say("poll: %s", error_name(errno));
	return p[0].revents | (p[1].revents ? AT_PIPE : 0);
}

static int by_ppoll(int fd, int pipe, int events, int limit_ms)
{
	struct timespec limit = {limit_ms / 1000, limit_ms % 1000 * 1000000L};
	struct pollfd p[] = {{.fd = pipe, .events = POLLIN}, {.fd = fd, .events = (short)events}};
	if (ppoll(p, 2, &limit, NULL) < 0)
		say("ppoll: %s", error_name(errno));
	return p[1].revents | (p[0].revents ? AT_PIPE : 0);
}

static int from_sets(int fd, int pipe, fd_set *in, fd_set *out)
{
	return (FD_ISSET(fd, in) ? POLLIN : 0) | (FD_ISSET(fd, out) ? POLLOUT : 0) |
	       (FD_ISSET(pipe, in) ? AT_PIPE : 0);
}

static void fill_sets(int fd, int pipe, int events, fd_set *in, fd_set *out)
{
	FD_ZERO(in);
	FD_ZERO(out);
	FD_SET(pipe, in);
	if (events & POLLIN)
		FD_SET(fd, in);
	if (events & POLLOUT)
		FD_SET(fd, out);
}

static int by_select(int fd, int pipe, int events, int limit_ms)
{
	struct timeval limit = {limit_ms / 1000, limit_ms % 1000 * 1000L};
	fd_set in, out;
	fill_sets(fd, pipe, events, &in, &out);
	if (select((fd > pipe ? fd : pipe) + 1, &in, &out, NULL, &limit) < 0)
		say("select: %s", error_name(errno));
	return from_sets(fd, pipe, &in, &out);
}

static int by_pselect(int fd, int pipe, int events, int limit_ms)
{
	struct timespec limit = {limit_ms / 1000, limit_ms % 1000 * 1000000L};
	fd_set in, out;
	fill_sets(fd, pipe, events, &in, &out);
	if (pselect((fd > pipe ? fd : pipe) + 1, &in, &out, NULL, &limit, NULL) < 0)
		say("pselect: %s", error_name(errno));
	return from_sets(fd, pipe, &in, &out);
}

static int set = -1;

static int by_epoll(int fd, int pipe, int events, int limit_ms)
{
	struct epoll_event told[2];
	int seen = 0, count = epoll_wait(set, told, 2, limit_ms);
	if (count < 0)
		say("epoll_wait: %s", error_name(errno));
	for (int i = 0; i < count; i++) {
		if (told[i].data.fd == pipe)
			seen |= AT_PIPE;
		else
			seen |= (int)told[i].events & events;
		if (told[i].data.fd == fd && told[i].events & ~(uint32_t)events)
			say("not asked for: %x", told[i].events);
	}
	return seen;
}

static const struct wait {
	const char *name;
	int (*make)(int fd, int pipe, int events, int limit_ms);
	uint32_t flags; /* of the registration */
} waits[] = {
    {"poll", by_poll, 0},	    {"ppoll", by_ppoll, 0}, {"select", by_select, 0},
    {"pselect", by_pselect, 0},	    {"level", by_epoll, 0}, {"edge", by_epoll, EDGE},
    {"oneshot", by_epoll, ONESHOT},
};

enum { WAITS = sizeof(waits) / sizeof(waits[0]) };

static void arm(int op, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	if (set >= 0 && epoll_ctl(set, op, fd, &event))
		say("epoll_ctl: %s", error_name(errno));
}

static void *write_later(void *pipe)
{
	rest(200);
	if (write(*(int *)pipe, "x", 1) != 1)
		say("no pipe");
	return NULL;
}

/* arg: "HOW in" or "HOW out". */
PROGRAM(waits_for_room)
{
	static char body[BODY_LEN];
	char head[100], byte;
	pthread_t writer;
	const struct wait *wait = waits;
	int ends[2], wakes = 0, events = strstr(program.arg, " in") ? POLLIN | POLLOUT : POLLOUT;
	size_t sent = 0;
	while (strncmp(wait->name, program.arg, strlen(wait->name)))
		wait++;
	signal(SIGPIPE, SIG_IGN);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (pipe(ends))
		return;
	if (wait->make == by_epoll)
		set = epoll_create1(0);
	arm(EPOLL_CTL_ADD, ends[0], EPOLLIN);
	arm(EPOLL_CTL_ADD, fd, (uint32_t)events | wait->flags);
	int len = snprintf(head, sizeof(head),
			   "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_LEN);
	put(fd, head, (size_t)len);
	pthread_create(&writer, NULL, write_later, &ends[1]);
	long began = now_ms();
	/* By then the time of one wait has gone, and the pipe has had its say. */
	while (sent < BODY_LEN && now_ms() < began + 3000) {
		ssize_t n = send(fd, body + sent, BODY_LEN - sent, MSG_NOSIGNAL);
		if (n >= 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno != EAGAIN) {
			say("%s", error_name(errno));
			break;
		}
		if (wait->flags & ONESHOT)
			arm(EPOLL_CTL_MOD, fd, (uint32_t)events | wait->flags);
		for (int told = 0; !told && now_ms() < began + 3000;) {
			long before = now_ms();
			told = wait->make(fd, ends[0], events, 150);
			if (!told && now_ms() - before < 140)
				say("no event after %ld ms", now_ms() - before);
			if (told & AT_PIPE && read(ends[0], &byte, 1) == 1)
				say("pipe %s", now_ms() - began < 400 ? "in time" : "late");
			if (told & (POLLIN | POLLOUT))
				wakes++;
			told &= POLLOUT | POLLIN;
		}
	}
	say("%zu bytes, %s", sent, wakes <= WAKES_MAX ? "few wakes" : "many wakes");
	pthread_join(writer, NULL);
	while (recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN)
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 3000);
	answer(fd);
	hang_up(fd);
}

static void let_in_later(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_refuse(peer);
	peer_say(fd, ok);
	peer_close(fd);
	rest(300);
	peer_listen(peer);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_count(peer, fd, BODY_LEN);
	peer_say(fd, ok);
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void who_waits_for_room_is_woken_when_there_is_some(void)
{
	char arg[20];
	struct flow flow = {
	    .program = "waits_for_room", .peer = let_in_later, .policy = PATIENT, .arg = arg};
	for (int i = 0; i < 2 * WAITS; i++) {
		snprintf(arg, sizeof(arg), "%s %s", waits[i / 2].name, i % 2 ? "in" : "out");
		flow_redial(&flow);
		if (!expect_printed(&flow, "200\npipe in time\n100000 bytes, few wakes\n200\n"))
			printf(" %s", arg);
	}
	flow_end(&flow);
}

/* From here on no socket takes as much by one call, as where tcp_mem is used up (tcp(7)). */
static void let_nothing_large_be_sent(void)
{
	enum { NUMBER = offsetof(struct seccomp_data, nr) };
	enum { LEN = offsetof(struct seccomp_data, args) + 2 * sizeof(uint64_t) };
	struct sock_filter lines[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LEN),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, BODY_LEN / 2, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(lines) / sizeof(*lines), lines};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		say("no filter: %s", error_name(errno));
}

static long busy_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

PROGRAM(writes_without_memory)
{
	enum { WAITS_MS = 1500, BUSY_MS_MAX = 150 };
	static char request[BODY_LEN] = "POST /2 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
	struct timeval limit = {WAITS_MS / 1000, WAITS_MS % 1000 * 1000};
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	let_nothing_large_be_sent();
	long began = now_ms(), busy = busy_ms();
	ssize_t n = write(fd, request, sizeof(request));
	const char *said = n < 0 ? error_name(errno) : "some";
	bool waited = now_ms() - began >= WAITS_MS - 20;
	busy = busy_ms() - busy;
	say("%s%s, busy for %ld ms", said, waited ? " in time" : " too early",
	    busy > BUSY_MS_MAX ? busy : 0);
}

static void write_that_no_memory_is_there_for_waits_at_rest(void)
{
	struct flow flow = {
	    .program = "writes_without_memory", .peer = let_in_later, .policy = PATIENT};
	flow_redial(&flow);
	expect_printed(&flow, "200\nEAGAIN in time, busy for 0 ms\n");
	flow_end(&flow);
}

const struct runner_test room_full_tests[] = {
    T(who_waits_for_room_is_woken_when_there_is_some),
    T(write_that_no_memory_is_there_for_waits_at_rest),
    T_END,
};
