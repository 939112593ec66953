/* SPDX-License-Identifier: MIT */
/* What a preload behind redial sees of a program's waits: one may hook poll, and no ppoll. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

enum { LIMIT_MS = 5000 };

/* program.arg names the call. */
static void wait_for(int fd)
{
	struct timespec limit = {LIMIT_MS / 1000, 0};
	struct timeval time = {LIMIT_MS / 1000, 0};
	struct pollfd slot = {.fd = fd, .events = POLLIN};
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	if (!strcmp(program.arg, "poll"))
		poll(&slot, 1, LIMIT_MS);
	if (!strcmp(program.arg, "ppoll"))
		ppoll(&slot, 1, &limit, NULL);
	if (!strcmp(program.arg, "select"))
		select(fd + 1, &in, NULL, NULL, &time);
	if (!strcmp(program.arg, "pselect"))
		pselect(fd + 1, &in, NULL, NULL, &limit, NULL);
}

/* A wait that nobody sees: the rescue begins as the program reads, and it waits for its end. */
static void wait_unseen(int fd)
{
	struct pollfd slot = {.fd = fd, .events = POLLIN};

	syscall(SYS_ppoll, &slot, 1, NULL, NULL, 8);
}

PROGRAM(waits_and_reads)
{
	char text[4096];
	ssize_t got;

	program.way = WAY_POLL;
	int fd = dial();
	for (int i = 1; i <= 3; i++) {
		ask(fd, "GET", "/", NULL);
		if (i == 3)
			wait_unseen(fd);
		else
			wait_for(fd);
		while ((got = recv(fd, text, sizeof(text), MSG_DONTWAIT)) < 0 && errno == EAGAIN)
			wait_for(fd);
		say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
	}
	hang_up(fd);
}

static void wait_is_made_by_the_call_that_the_program_made(void)
{
	static const char *const calls[] = {"poll", "select", "ppoll", "pselect"};
	struct flow flow = {.program = "waits_and_reads",
			    .behind = "tests/behind/waits.so",
			    .faults = {"reset@1.2", "reset@2.2"}};
	for (int i = 0; i < 4; i++) {
		flow.arg = calls[i];
		flow.env[0] = i < 2 ? "WAITS=plain" : "WAITS=masked";
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\nanswered\n");
		expect_logged(&flow, 2, "result=recovered", NULL);
	}
	flow_end(&flow);
}

const struct runner_test waits_behind_tests[] = {
    T(wait_is_made_by_the_call_that_the_program_made),
    T_END,
};
