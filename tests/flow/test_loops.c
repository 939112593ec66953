/* SPDX-License-Identifier: MIT */
/* Event loops with more in them than connections: very many descriptors, and signals. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE(ms)                                                                                  \
	"retry = { backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"

enum { CROWD = 9000, SPARE = 64, LIMIT_MS = 5000 };

/* How many descriptors there may be; as many as the test wants, if that is allowed. */
static int allowed(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_max < CROWD + SPARE) {
		limit.rlim_max = limit.rlim_cur = CROWD + SPARE;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = limit.rlim_max;
	}
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < CROWD + SPARE ? (int)limit.rlim_cur - SPARE : CROWD;
}

static int crowded_set(int crowd)
{
	int set = epoll_create1(EPOLL_CLOEXEC);
	int silent = eventfd(0, EFD_CLOEXEC);
	for (int i = 0; i < crowd; i++) {
		int fd = fcntl(silent, F_DUPFD_CLOEXEC, 0);
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
		if (fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event)) {
			say("%d of %d: %s", i, crowd, error_name(errno));
			break;
		}
	}
	return set;
}

static bool await_event(int set, uint64_t data, uint32_t events)
{
	struct epoll_event event = {0};
	for (int i = 0; i < 1000; i++) {
		if (epoll_wait(set, &event, 1, LIMIT_MS) != 1)
			return false;
		if (event.data.u64 != data || event.events & ~events)
			say("events %x data %llx", event.events,
			    (unsigned long long)event.data.u64);
		if (event.events & EPOLLIN)
			return true;
	}
	return false;
}

/*
 * arg: how the connection is registered: "number", "pointer" for data that does not tell the
 * descriptor, "raw" for a registration that libc has not made.
 */
PROGRAM(get_among_thousands)
{
	static char text[4096];
	int crowd = allowed();
	if (crowd < CROWD)
		fprintf(stderr, "only %d descriptors are allowed\n", crowd);
	int set = crowded_set(crowd);
	int fd = dial();
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)fd};
	if (strcmp(program.arg, "number"))
		event.data.ptr = text;
	if (!strcmp(program.arg, "raw"))
		syscall(SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd, &event);
	else
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	for (int i = 1; i <= 3; i++) {
		ssize_t got = -1;
		ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
		do {
			/* Past some thousands the end of a socket is told as it is. */
			if (!await_event(set, event.data.u64, EPOLLIN | EPOLLERR | EPOLLHUP))
				break;
			got = recv(fd, text, sizeof(text) - 1, 0);
		} while (got < 0 && errno == EAGAIN);
		say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
	}
	hang_up(fd);
}

static void connection_among_thousands_of_descriptors_is_rescued(void)
{
	static const char *const args[] = {"number", "pointer", "raw"};
	static const char *const faults[] = {"reset@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "get_among_thousands", .way = WAY_POLL, .policy = PAUSE(60)};
	for (int i = 0; i < 6; i++) {
		flow.arg = args[i / 2];
		flow.faults[0] = faults[i % 2];
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\nanswered\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_within(&flow, 3000);
	}
	flow_end(&flow);
}

static int signals_as_descriptor(void)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Which of the two is ready: 1 for a signal, 2 for the socket, or both; 0 for silence. */
static int ready(int set, int signals, int fd)
{
	struct epoll_event events[2];
	struct pollfd polled[] = {{.fd = signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	int found = 0;
	if (set < 0) {
		poll(polled, 2, LIMIT_MS);
		return (polled[0].revents ? 1 : 0) + (polled[1].revents ? 2 : 0);
	}
	int count = epoll_wait(set, events, 2, LIMIT_MS);
	for (int i = 0; i < count; i++)
		found |= events[i].data.fd == signals ? 1 : 2;
	return found;
}

static void answer_or_signal(int set, int signals, int fd)
{
	struct signalfd_siginfo info;
	char text[4096];
	for (int found; (found = ready(set, signals, fd));) {
		if (found & 1 && read(signals, &info, sizeof(info)) == sizeof(info))
			say("signal %s", info.ssi_signo == SIGUSR1 ? "1" : "?");
		if (!(found & 2))
			continue;
		ssize_t got = recv(fd, text, sizeof(text), 0);
		if (got < 0 && errno == EAGAIN)
			continue;
		say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
		return;
	}
	say("silence");
}

/* arg: "epoll" or "poll" for the set that both are in. */
PROGRAM(loop_with_signals)
{
	int signals = signals_as_descriptor();
	int set = strcmp(program.arg, "poll") ? epoll_create1(EPOLL_CLOEXEC) : -1;
	int fd = dial();
	if (set >= 0) {
		struct epoll_event one = {.events = EPOLLIN, .data.fd = signals};
		struct epoll_event two = {.events = EPOLLIN, .data.fd = fd};
		epoll_ctl(set, EPOLL_CTL_ADD, signals, &one);
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &two);
	}
	for (int i = 1; i <= 3; i++) {
		ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
		kill(getpid(), SIGUSR1);
		answer_or_signal(set, signals, fd);
	}
	hang_up(fd);
}

static void loop_that_reads_its_signals_hears_of_them_and_gets_its_answers(void)
{
	static const char *const args[] = {"epoll", "poll"};
	static const char *const faults[] = {NULL, "reset@1.2", "close@1.2", "shed=1@1.2"};
	static const char printed[] =
	    "signal 1\nanswered\nsignal 1\nanswered\nsignal 1\nanswered\n";
	struct flow flow = {.program = "loop_with_signals", .way = WAY_POLL, .policy = PAUSE(120)};
	for (int i = 0; i < 8; i++) {
		flow.arg = args[i % 2];
		flow.faults[0] = faults[i / 2];
		if (!faults[i / 2]) {
			flow_bare(&flow);
			expect_printed(&flow, printed);
		}
		flow_redial(&flow);
		expect_printed(&flow, printed);
		expect_seen(&flow, faults[i / 2] ? 2 : 1, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

const struct runner_test loops_tests[] = {
    T(connection_among_thousands_of_descriptors_is_rescued),
    T(loop_that_reads_its_signals_hears_of_them_and_gets_its_answers),
    T_END,
};
