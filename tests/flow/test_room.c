/* SPDX-License-Identifier: MIT */
/* Programs that wait for room to write by epoll while a rescue is under way. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE(ms)                                                                                  \
	"retry = { max_attempts = 6; "                                                             \
	"backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"

enum { LIMIT_MS = 5000, TAG = 0x7654321 };

static const struct mode {
	const char *name;
	uint32_t events;
	bool armed_each_time;
} modes[] = {
    {"out", EPOLLOUT, false},
    {"both", EPOLLIN | EPOLLOUT, false},
    {"out, changed", EPOLLOUT, true},
    {"both, edge", EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, true},
    {"both, one-shot", EPOLLIN | EPOLLOUT | EPOLLONESHOT, true},
};

enum { MODES = sizeof(modes) / sizeof(modes[0]) };

static const struct mode *mode(void)
{
	const struct mode *mode = modes;
	while (strcmp(mode->name, program.arg))
		mode++;
	return mode;
}

static void control(int set, int op, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = TAG};
	if (epoll_ctl(set, op, fd, &event))
		say("epoll_ctl: %s", error_name(errno));
}

/* By each call of the family in turn. */
static int wait_for_events(int set, struct epoll_event *events, int max, int limit_ms)
{
	static int turn;
	struct timespec limit = {limit_ms / 1000, limit_ms % 1000 * 1000000};
	switch (turn++ % 3) {
	case 0:
		return epoll_wait(set, events, max, limit_ms);
	case 1:
		return epoll_pwait(set, events, max, limit_ms, NULL);
	default:
		return epoll_pwait2(set, events, max, &limit, NULL);
	}
}

static bool has_room(int set, int fd)
{
	struct epoll_event events[4];
	if (mode()->armed_each_time)
		control(set, EPOLL_CTL_MOD, fd, mode()->events);
	for (int i = 0; i < 5; i++) {
		int count = wait_for_events(set, events, 4, LIMIT_MS);
		if (count != 1)
			say("%d events", count);
		if (count < 1)
			return false;
		if (events->data.u64 != TAG || events->events & ~(uint32_t)mode()->events)
			say("events %x", events->events);
		if (events->events & EPOLLOUT)
			return true;
	}
	return false;
}

/* On a connection that was found dead, while the first redial is refused. arg: the mode. */
PROGRAM(post_by_epoll)
{
	static const char request[] =
	    "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\norder";
	static const size_t ends[] = {17, 40, sizeof(request) - 6, sizeof(request) - 1};
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = dial();
	bool late = program.way == WAY_LEVEL; /* then the set is only filled during the rescue */
	exchange(fd, "GET", "/1", NULL);
	if (!late)
		control(set, EPOLL_CTL_ADD, fd, mode()->events);
	if (getenv("LD_PRELOAD")[0])
		await_death(fd);
	int other = dial();
	exchange(other, "GET", "/other", NULL);
	hang_up(other);
	for (size_t i = 0, at = 0; i < 4; at = ends[i++]) {
		if (i == 1 && late)
			control(set, EPOLL_CTL_ADD, fd, mode()->events);
		if (i && !has_room(set, fd))
			say("no room for piece %zu", i);
		put(fd, request + at, ends[i] - at);
	}
	control(set, EPOLL_CTL_MOD, fd, EPOLLIN);
	answer(fd);
	hang_up(fd);
}

static void writer_that_waits_by_epoll_finds_room_during_a_rescue(void)
{
	struct flow flow = {.program = "post_by_epoll", .policy = PAUSE(150)};
	for (int i = 0; i < 2 * MODES; i++) {
		flow.arg = modes[i / 2].name;
		flow.way = i % 2 ? WAY_LEVEL : WAY_POLL;
		flow.faults[0] = NULL;
		flow_bare(&flow);
		expect_printed(&flow, "200 /1\n200 /other\n200 /2\n");
		flow.faults[0] = "idle-close@1.1";
		flow.faults[1] = "refuse=1@2.1";
		flow_redial(&flow);
		if (!expect_printed(&flow, "200 /1\nECONNRESET\n200 /2\n"))
			printf(" %s", flow.arg);
		expect_seen(&flow, 1, "path=/2 ", "body=5");
	}
	flow_end(&flow);
}

static int events_within(int set, int ms)
{
	int total = 0;
	long end = now_ms() + ms;
	for (long left = ms; left > 0; left = end - now_ms()) {
		struct epoll_event events[2];
		int count = wait_for_events(set, events, 2, (int)left);
		if (count > 0)
			total += count;
	}
	return total;
}

/* Keeps EPOLLOUT registered though it has nothing to write. */
PROGRAM(idle_writer)
{
	static const char rest[] = " /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	control(set, EPOLL_CTL_ADD, fd, mode()->events & ~(uint32_t)EPOLLONESHOT);
	if (!begin_rescue(fd))
		say("no rescue");
	say("%d at first", events_within(set, 100));
	say("%d later", events_within(set, 100));
	put(fd, "GET", 3);
	say("%d after a write", events_within(set, 100));
	control(set, EPOLL_CTL_MOD, fd, mode()->events);
	say("%d after a change", events_within(set, 100));
	put(fd, rest, sizeof(rest) - 1);
	answer(fd);
	answer(fd);
	hang_up(fd);
}

static void room_is_told_of_once_after_each_write_and_each_change(void)
{
	char printed[200];
	struct flow flow = {.program = "idle_writer",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE(1000)};
	for (int i = 0; i < MODES; i++) {
		flow.arg = modes[i].name;
		snprintf(printed, sizeof(printed),
			 "200 /1\n1 at first\n0 later\n%d after a write\n1 after a change\n"
			 "200 /2\n200 /3\n",
			 !(modes[i].events & EPOLLET));
		flow_redial(&flow);
		if (!expect_printed(&flow, printed))
			printf(" %s", flow.arg);
	}
	flow_end(&flow);
}

static void *wait_in_a_thread(void *set)
{
	struct epoll_event events[2];
	int count = wait_for_events(*(int *)set, events, 2, LIMIT_MS);
	say("%d events, %x", count, count > 0 ? events->events : 0);
	return NULL;
}

/* The wait begins before the program asks for room. */
PROGRAM(waiting_thread)
{
	pthread_t thread;
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	control(set, EPOLL_CTL_ADD, fd, 0);
	if (!begin_rescue(fd))
		say("no rescue");
	long start = now_ms();
	pthread_create(&thread, NULL, wait_in_a_thread, &set);
	nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
	control(set, EPOLL_CTL_MOD, fd, EPOLLOUT);
	pthread_join(thread, NULL);
	say(now_ms() - start < 500 ? "at once" : "late");
	answer(fd);
	hang_up(fd);
}

static void thread_that_waits_already_is_told_of_room(void)
{
	struct flow flow = {.program = "waiting_thread",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE(900)};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n1 events, 4\nat once\n200 /2\n");
	flow_end(&flow);
}

/* What a set says of a connection that has just died. */
PROGRAM(events_of_a_dead_socket)
{
	struct epoll_event event = {0};
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	control(set, EPOLL_CTL_ADD, fd, mode()->events);
	ask(fd, "GET", "/2", NULL);
	await_death(fd);
	wait_for_events(set, &event, 1, LIMIT_MS);
	say("%x that was not asked for", event.events & ~mode()->events);
	say(event.events & mode()->events ? "an event" : "none");
	answer(fd);
	hang_up(fd);
}

static void event_of_a_dead_socket_is_never_one_that_was_not_asked_for(void)
{
	struct flow flow = {
	    .program = "events_of_a_dead_socket", .way = WAY_POLL, .faults = {"reset@1.2"}};
	flow.arg = "out";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n0 that was not asked for\nan event\n200 /2\n");
	flow.arg = "both";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n0 that was not asked for\nan event\n200 /2\n");
	flow_end(&flow);
}

const struct runner_test room_tests[] = {
    T(writer_that_waits_by_epoll_finds_room_during_a_rescue),
    T(room_is_told_of_once_after_each_write_and_each_change),
    T(thread_that_waits_already_is_told_of_room),
    T(event_of_a_dead_socket_is_never_one_that_was_not_asked_for),
    T_END,
};
