/* SPDX-License-Identifier: MIT */
/* statuses: responses that end too early to have one, taken bit by bit. */
#include <errno.h>
#include <sys/socket.h>

#include "flow.h"

#define LISTED "retry = { statuses = [503]; };"

PROGRAM(nibble_to_the_end)
{
	char bytes[4];
	ssize_t got;
	size_t total = 0;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	while ((got = get(fd, bytes, sizeof(bytes))) > 0) {
		total += (size_t)got;
		await_death(fd);
	}
	say("%zu bytes, then %s", total, error_name(got ? errno : 0));
}

PROGRAM(peek_then_read_to_the_end)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	while (recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN)
		await(fd);
	await_death(fd);
	read_to_the_end(fd);
}

static void is_as_bare(const char *name, const char *fault)
{
	struct flow flow = {.program = name, .faults = {fault}, .policy = LISTED};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_both_alike(&flow);
		expect_seen(&flow, 1, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

static void reset_in_a_status_line_is_told_after_the_last_of_it(void)
{
	is_as_bare("nibble_to_the_end", "reset-after=9@1.2");
	is_as_bare("peek_then_read_to_the_end", "reset-after=9@1.2");
}

static void end_in_a_status_line_is_told_after_the_last_of_it(void)
{
	is_as_bare("nibble_to_the_end", "close-after=9@1.2");
	is_as_bare("peek_then_read_to_the_end", "close-after=9@1.2");
}

const struct runner_test statuses_cut_tests[] = {
    T(reset_in_a_status_line_is_told_after_the_last_of_it),
    T(end_in_a_status_line_is_told_after_the_last_of_it),
    T_END,
};
