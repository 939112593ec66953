/* SPDX-License-Identifier: MIT */
/* Signals that tell of a connection (socket(7), SIGIO and SIGURG). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

static const struct timespec silence = {4, 0};

enum { EARLY_MS = 400 }; /* past the policy's response_timeout_ms */

static void block(sigset_t *mask, int number)
{
	sigemptyset(mask);
	sigaddset(mask, number);
	sigprocmask(SIG_BLOCK, mask, NULL);
}

/*
 * arg: "number" for a signal with the descriptor in it, "ioctl" for the older way to ask, "early"
 * for one who looks before there is a signal.
 */
PROGRAM(wait_by_signal)
{
	bool tells = !strcmp(program.arg, "number");
	int number = tells ? SIGRTMIN : SIGIO;
	int fd = dial(), on = 1;
	siginfo_t info = {0};
	char bytes[400];
	sigset_t mask;
	ssize_t got;
	exchange(fd, "GET", "/1", NULL);
	block(&mask, number);
	fcntl(fd, F_SETOWN, getpid());
	if (tells)
		fcntl(fd, F_SETSIG, number);
	if (!strcmp(program.arg, "ioctl"))
		ioctl(fd, FIOASYNC, &on);
	else
		fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
	ask(fd, "GET", "/2", NULL);
	if (!strcmp(program.arg, "early")) {
		usleep(EARLY_MS * 1000);
		while (read(fd, bytes, sizeof(bytes)) > 0)
			say("answered early");
	}
	do {
		if (sigtimedwait(&mask, &info, &silence) != number) {
			say("no signal");
			return;
		}
		if (tells && info.si_fd != fd)
			say("of %d", info.si_fd);
		got = read(fd, bytes, sizeof(bytes));
	} while (got < 0 && errno == EAGAIN);
	say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
}

/* What befalls the connection is told as bare: a placeholder could not send signals. */
static void program_that_waits_by_signal_hears_of_its_answer_or_failure(void)
{
	static const char *const args[] = {"", "number", "ioctl", "early"};
	static const char *const faults[] = {"delay=700@1.2", "reset@1.2", "close@1.2",
					     "delay=20@1.2"};
	static const char *const policies[] = {
	    NULL, "retry = { on = [\"reset\", \"eof\", \"stale\", \"response-timeout\"]; "
		  "response_timeout_ms = 300; };"};
	for (int i = 0; i < 32; i++) {
		struct flow flow = {.program = "wait_by_signal",
				    .arg = args[i % 4],
				    .way = WAY_POLL,
				    .faults = {faults[i / 4 % 4]},
				    .policy = policies[i / 16]};
		if (!strcmp(flow.arg, "early") && i / 4 % 4) /* there is something to read then */
			continue;
		flow_both_alike(&flow);
		CU_ASSERT_PTR_NULL(strstr(flow.result.out, "no signal"));
		expect_seen(&flow, 1, "path=/2 ", NULL);
		flow_end(&flow);
	}
}

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static void reset_then_send_urgent_data(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, ok);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_reset(first);
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	peer_say(second, ok);
	peer_read_until(peer, second, "\r\n\r\n");
	send(second, "!", 1, MSG_OOB);
	peer_read_all(peer, second);
	peer_close(second);
}

PROGRAM(hear_of_urgent_data)
{
	int fd = dial();
	sigset_t mask;
	block(&mask, SIGURG);
	fcntl(fd, F_SETOWN, getpid());
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	ask(fd, "GET", "/3", NULL);
	say("SIGURG %d", sigtimedwait(&mask, NULL, &silence) == SIGURG);
}

static void who_hears_of_urgent_data_does_so_after_a_rescue(void)
{
	struct flow flow = {.program = "hear_of_urgent_data", .peer = reset_then_send_urgent_data};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_LEVEL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\nSIGURG 1\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

const struct runner_test signals_tests[] = {
    T(program_that_waits_by_signal_hears_of_its_answer_or_failure),
    T(who_hears_of_urgent_data_does_so_after_a_rescue),
    T_END,
};
