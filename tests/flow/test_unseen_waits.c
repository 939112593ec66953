/* SPDX-License-Identifier: MIT */
/* Epoll sets that have another number where they are waited on, and waits that nobody sees. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

enum { LIMIT_MS = 5000, SILENCE_MS = 60 };

/* As mio has them. */
#define WANTED ((uint32_t)(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))

/* A loop: the number that it waits on, and the one that it registers by. */
struct loop {
	int waits, registers, outer;
	bool raw;
};

static int wait_raw(int set, struct epoll_event *event, int ms)
{
	return (int)syscall(SYS_epoll_pwait, set, event, 1, ms, NULL, 8);
}

static int look(const struct loop *loop, struct epoll_event *event, int ms)
{
	return loop->raw ? wait_raw(loop->waits, event, ms) : epoll_wait(loop->waits, event, 1, ms);
}

/*
 * "nested": the set is in another one, and only that is waited on for long. It may be told of
 * something there that is nothing by the time of the look, as loops in loops know.
 */
static int turn(const struct loop *loop, struct epoll_event *event, int ms)
{
	int found = 0;

	if (loop->outer < 0)
		return look(loop, event, ms);
	for (int turns = 0; !found && turns < 1000; turns++) {
		if (epoll_wait(loop->outer, event, 1, ms) != 1)
			return 0;
		found = look(loop, event, 0);
	}
	return found;
}

static struct loop make_loop(void)
{
	struct loop loop = {.waits = epoll_create1(EPOLL_CLOEXEC), .outer = -1};

	loop.registers = loop.waits;
	loop.raw = !strcmp(program.arg, "raw");
	if (!strcmp(program.arg, "dup"))
		loop.registers = dup(loop.waits);
	if (!strcmp(program.arg, "dupfd"))
		loop.registers = fcntl(loop.waits, F_DUPFD_CLOEXEC, 100);
	if (!strcmp(program.arg, "nested")) {
		struct epoll_event inner = {.events = EPOLLIN};

		loop.outer = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(loop.outer, EPOLL_CTL_ADD, loop.waits, &inner);
	}
	return loop;
}

static void put_in(const struct loop *loop, int op, int fd)
{
	struct epoll_event event = {.events = WANTED, .data.u64 = 0x1234567890 + (uint64_t)fd};

	if (!strcmp(program.arg, "oneshot"))
		event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
	if (!strcmp(program.arg, "exclusive"))
		event.events = EPOLLIN | EPOLLEXCLUSIVE;
	if (epoll_ctl(loop->registers, op, fd, &event))
		say("epoll_ctl: %s", error_name(errno));
}

/* Reads once when told to; an end that it hears of is the end. */
static bool await_answer(const struct loop *loop, int fd)
{
	char text[4096];
	ssize_t got = -1;

	errno = ETIME;
	for (struct epoll_event event; turn(loop, &event, LIMIT_MS) == 1;) {
		if (!(event.events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)))
			continue;
		if (event.events & (EPOLLRDHUP | EPOLLHUP))
			say("an end");
		got = recv(fd, text, sizeof(text), 0);
		break;
	}
	say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
	return got > 0;
}

PROGRAM(loops_by_another_number)
{
	struct loop loop = make_loop();
	struct epoll_event event;
	int turns = 0;

	program.way = WAY_POLL;
	int fd = dial();
	put_in(&loop, EPOLL_CTL_ADD, fd);
	for (int i = 1; i <= 3; i++) {
		ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
		if (!strcmp(program.arg, "oneshot"))
			put_in(&loop, EPOLL_CTL_MOD, fd);
		if (!await_answer(&loop, fd))
			return;
	}
	while (turns < 100 && turn(&loop, &event, SILENCE_MS) == 1)
		turns++;
	say("%s", turns < 5 ? "calm" : "it spins");
	hang_up(fd);
}

static void set_is_known_by_whatever_number(void)
{
	static const char *const args[] = {"same",   "dup",	"dupfd",
					   "nested", "oneshot", "exclusive"};
	static const char *const faults[] = {"reset@1.2", "close@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "loops_by_another_number"};

	for (int i = 0; i < 6 * 3; i++) {
		/* The kernel takes no EPOLLRDHUP beside it: an end looks like an answer there. */
		if (!strcmp(args[i / 3], "exclusive") && !strcmp(faults[i % 3], "close@1.2"))
			continue;
		flow.arg = args[i / 3];
		flow.faults[0] = faults[i % 3];
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\nanswered\ncalm\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_logged(&flow, 1, "result=recovered", NULL);
		expect_within(&flow, 2000);
	}
	flow_end(&flow);
}

static void failure_in_a_wait_that_nobody_sees_is_the_programs(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2"};
	struct flow flow = {.program = "loops_by_another_number", .arg = "raw"};

	for (int i = 0; i < 2; i++) {
		flow.faults[0] = faults[i];
		flow_both_alike(&flow);
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "reason=unseen-wait", NULL);
		expect_logged(&flow, 0, "event=attempt", NULL);
	}
	flow_end(&flow);
}

/* A child that serves on has its parent's set, and its own connection in it. */
PROGRAM(loop_of_a_child)
{
	struct loop loop = make_loop();
	pid_t child = fork();

	if (child == 0) {
		program.way = WAY_POLL;
		int fd = dial();
		put_in(&loop, EPOLL_CTL_ADD, fd);
		for (int i = 1; i <= 3; i++) {
			ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
			await_answer(&loop, fd);
		}
		return;
	}
	waitpid(child, NULL, 0);
}

static void set_of_a_parent_serves_its_child(void)
{
	static const char *const args[] = {"same", "dup"};
	struct flow flow = {.program = "loop_of_a_child", .faults = {"reset@1.2"}};

	for (int i = 0; i < 2; i++) {
		flow.arg = args[i];
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\nanswered\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

/* The set is polled, as GLib and others do that have several loops in one. */
PROGRAM(polls_its_set)
{
	struct loop loop = make_loop();

	program.way = WAY_POLL;
	int fd = dial();
	put_in(&loop, EPOLL_CTL_ADD, fd);
	for (int i = 1; i <= 3; i++) {
		char text[4096];
		ssize_t got = -1;

		ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
		errno = ETIME;
		for (int turns = 0; turns < 1000; turns++) {
			struct pollfd slot = {.fd = loop.waits, .events = POLLIN};
			struct epoll_event event;

			if (poll(&slot, 1, LIMIT_MS) != 1)
				break;
			if (epoll_wait(loop.waits, &event, 1, 0) != 1 ||
			    !(event.events & ~(uint32_t)EPOLLOUT))
				continue;
			got = recv(fd, text, sizeof(text), 0);
			break;
		}
		say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
	}
	hang_up(fd);
}

static void set_that_is_polled_gives_its_answer(void)
{
	static const char *const args[] = {"same", "dup"};
	struct flow flow = {.program = "polls_its_set"};

	for (int i = 0; i < 4; i++) {
		flow.arg = args[i % 2];
		flow.faults[0] = i / 2 ? "close@1.2" : "reset@1.2";
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\nanswered\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

const struct runner_test unseen_waits_tests[] = {
    T(set_is_known_by_whatever_number),
    T(failure_in_a_wait_that_nobody_sees_is_the_programs),
    T(set_of_a_parent_serves_its_child),
    T(set_that_is_polled_gives_its_answer),
    T_END,
};
