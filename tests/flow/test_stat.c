/* SPDX-License-Identifier: MIT */
/* What redial stat says of programs while they are at work. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

/* The text behind "KEY": in a JSON document. */
static const char *value_of(const char *json, const char *key)
{
	char quoted[40];
	snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
	const char *at = strstr(json, quoted);
	return at ? at + strlen(quoted) : "?";
}

static long number_of(const char *json, const char *key)
{
	char *end;
	const char *text = value_of(json, key);
	long number = strtol(text, &end, 10);
	return end == text ? -1 : number;
}

/* What redial stat says of the launch of this process. */
static const char *stat_of_launch(void)
{
	static char text[65536];
	char command[4200];
	snprintf(command, sizeof(command), "LD_PRELOAD= %s --json %d", build_path("redial-stat"),
		 getpid());
	fflush(stdout);
	FILE *pipe = popen(command, "r");
	size_t len = pipe ? fread(text, 1, sizeof(text) - 1, pipe) : 0;
	text[len] = '\0';
	int status = pipe ? pclose(pipe) : -1;
	if (status)
		say("status %d", status);
	return text;
}

static int processes_in(const char *json)
{
	int count = 0;
	for (const char *at = strstr(json, "\"processes\""); at; count++)
		at = strstr(at + 1, "{\"pid\"");
	return count - 1;
}

/* Says what of these, "KEY KEY...", there is. */
static void show(const char *keys)
{
	const char *json = stat_of_launch();
	char line[300] = "", word[32];
	for (int used; sscanf(keys, "%31s%n", word, &used) == 1; keys += used) {
		size_t len = strlen(line);
		long number =
		    strcmp(word, "processes") ? number_of(json, word) : processes_in(json);
		snprintf(line + len, sizeof(line) - len, "%s%s %ld", len ? ", " : "", word, number);
	}
	say("%s", line);
}

/* Of what two children do: waits until it is so. */
static void await_stat(const char *key, long wanted)
{
	long end = now_ms() + 10000;
	while (number_of(stat_of_launch(), key) != wanted && now_ms() < end)
		usleep(1000);
	if (now_ms() >= end)
		say("never %s %ld", key, wanted);
}

static void run(struct flow *flow, const char *printed)
{
	flow->arg = flow->arg ? flow->arg : "-";
	flow->script = "$redial $program -";
	flow_redial(flow);
	expect_printed(flow, printed);
	flow_end(flow);
}

/* One that is never connected is no connection, and one that is connected anew is one. */
PROGRAM(shows_connections)
{
	int fds[3], unused = dial_socket();
	for (int i = 0; i < 3; i++) {
		fds[i] = dial();
		exchange(fds[i], "GET", "/1", NULL);
	}
	exchange(fds[0], "GET", "/2", NULL);
	show("processes connections requests rescues attempts");
	hang_up(fds[1]);
	int copy = dup(fds[2]);
	hang_up(fds[2]);
	show("connections");
	hang_up(copy);
	hang_up(fds[0]);
	hang_up(unused);
	show("processes connections requests");
}

static void connections_are_counted_while_they_are_tracked(void)
{
	struct flow flow = {.program = "shows_connections"};
	run(&flow, "200 /1\n200 /1\n200 /1\n200 /2\n"
		   "processes 1, connections 3, requests 4, rescues 0, attempts 0\n"
		   "connections 2\n"
		   "processes 1, connections 0, requests 4\n");
}

PROGRAM(shows_what_is_not_http)
{
	int fd = dial();
	show("connections");
	put(fd, "\1\2\3\4\5\6\7\10", 8);
	show("connections");
	hang_up(fd);
}

static void connection_that_is_let_go_counts_no_more(void)
{
	struct flow flow = {.program = "shows_what_is_not_http"};
	run(&flow, "connections 1\nconnections 0\n");
}

#define COUNTS "rescues attempts recovered exhausted kept abandoned refused"

PROGRAM(shows_what_became_of_rescues)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/once", NULL);
	show(COUNTS);
	exchange(fd, "POST", "/lost", "x");
	show(COUNTS);
	hang_up(fd);
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/lost", NULL);
	hang_up(fd);
	show(COUNTS);
}

static void outcomes_are_counted(void)
{
	struct flow flow = {.program = "shows_what_became_of_rescues",
			    .faults = {"reset@once:path:/once", "reset@path:/lost"},
			    .policy = "retry = { backoff = { base_ms = 0; }; };\n"};
	run(&flow,
	    "200 /1\n200 /once\n"
	    "rescues 0, attempts 1, recovered 1, exhausted 0, kept 0, abandoned 0, refused 0\n"
	    "ECONNRESET\n"
	    "rescues 0, attempts 1, recovered 1, exhausted 0, kept 0, abandoned 0, refused 1\n"
	    "200 /1\nECONNRESET\n"
	    "rescues 0, attempts 3, recovered 1, exhausted 1, kept 0, abandoned 0, "
	    "refused 1\n");
}

#define WAITING                                                                                    \
	"total_timeout_ms = 600000; backoff = { base_ms = 60000; max_ms = 60000; "                 \
	"jitter = \"none\"; }; };\n"

PROGRAM(shows_rescues_under_way)
{
	program.way = WAY_POLL;
	int first = dial(), second = dial();
	exchange(first, "GET", "/1", NULL);
	exchange(second, "GET", "/1", NULL);
	begin_rescue(first);
	show("connections rescues attempts");
	begin_rescue(second);
	show("connections rescues attempts");
	hang_up(first);
	show("connections rescues abandoned");
	hang_up(second);
	show("connections rescues abandoned");
}

static void rescues_are_counted_while_they_are_under_way(void)
{
	struct flow flow = {.program = "shows_rescues_under_way",
			    .faults = {"status=503@2"},
			    .policy = "retry = { statuses = [503]; " WAITING};
	run(&flow, "200 /1\n200 /1\n"
		   "connections 2, rescues 1, attempts 1\n"
		   "connections 2, rescues 2, attempts 2\n"
		   "connections 1, rescues 1, abandoned 1\n"
		   "connections 0, rescues 0, abandoned 2\n");
}

/* Five, as process/abandons.h has it. */
PROGRAM(shows_that_it_leaves_its_rescues)
{
	program.way = WAY_POLL;
	for (int i = 0; i < 5; i++) {
		int fd = dial();
		exchange(fd, "GET", "/1", NULL);
		begin_rescue(fd);
		hang_up(fd);
	}
	show("abandoned stopped refused");
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	show("abandoned stopped refused");
	hang_up(fd);
}

static void process_that_leaves_its_rescues_is_told_of(void)
{
	struct flow flow = {.program = "shows_that_it_leaves_its_rescues",
			    .faults = {"status=503@2"},
			    .policy = "retry = { statuses = [503]; " WAITING};
	run(&flow, "200 /1\n200 /1\n200 /1\n200 /1\n200 /1\n"
		   "abandoned 5, stopped 1, refused 0\n"
		   "200 /1\n503 /2\n"
		   "abandoned 5, stopped 1, refused 1\n");
}

/* Another process has to look while one waits inside connect. */
PROGRAM(shows_a_connect_that_is_tried_again)
{
	pid_t child = fork();
	if (child == 0) {
		program.port = 1;
		dial();
		_exit(0);
	}
	await_stat("rescues", 1);
	show("processes connections rescues attempts");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	show("processes rescues attempts");
}

static void connects_that_are_tried_again_are_rescues(void)
{
	struct flow flow = {.program = "shows_a_connect_that_is_tried_again",
			    .policy = "retry = { on = [\"connect\"]; " WAITING};
	run(&flow, "processes 1, connections 0, rescues 1, attempts 1\n"
		   "processes 0, rescues 0, attempts 1\n");
}

/* Has two connections, and says so. */
static pid_t start_worker(void)
{
	int ready[2];
	char byte;
	if (pipe(ready) < 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		int first = dial(), second = dial();
		ask(first, "GET", "/1", NULL);
		ask(second, "GET", "/1", NULL);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		say("no worker");
	close(ready[0]);
	return child;
}

PROGRAM(shows_workers)
{
	pid_t workers[3];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	for (int i = 0; i < 3; i++)
		workers[i] = start_worker();
	show("processes connections");
	kill(workers[0], SIGKILL);
	waitpid(workers[0], NULL, 0);
	show("processes connections");
	kill(workers[1], SIGKILL);
	siginfo_t info;
	waitid(P_PID, (id_t)workers[1], &info, WEXITED | WNOWAIT);
	show("processes connections");
	kill(workers[2], SIGTERM);
	waitpid(workers[2], NULL, 0);
	waitpid(workers[1], NULL, 0);
	show("processes connections");
	hang_up(fd);
}

static void killed_workers_leave_the_counts(void)
{
	struct flow flow = {.program = "shows_workers"};
	run(&flow, "200 /1\nprocesses 4, connections 7\n"
		   "processes 3, connections 5\n"
		   "processes 2, connections 3\n"
		   "processes 1, connections 1\n");
}

/* It begins with nothing: what it had was closed with the program before. */
PROGRAM(shows_itself_after_an_exec)
{
	if (!strcmp(program.arg, "again")) {
		show("processes connections");
		int fd = dial();
		exchange(fd, "GET", "/2", NULL);
		show("processes connections requests");
		hang_up(fd);
		return;
	}
	char port[16];
	snprintf(port, sizeof(port), "%d", program.port);
	exchange(dial(), "GET", "/1", NULL);
	exchange(dial(), "GET", "/1", NULL);
	show("processes connections");
	execl("/proc/self/exe", "flow-tests", "--program", program.name, program.address, port, "0",
	      "again", NULL);
}

static void program_that_a_process_execs_begins_with_no_connection(void)
{
	struct flow flow = {.program = "shows_itself_after_an_exec"};
	run(&flow, "200 /1\n200 /1\nprocesses 1, connections 2\n"
		   "processes 0, connections 0\n200 /2\n"
		   "processes 1, connections 1, requests 3\n");
}

/* Each time another path: what is sent again is the program's own retry. */
PROGRAM(shows_budget_and_breakers)
{
	static const char *const paths[] = {"/1", "/2", "/3", "/4"};
	int fd = dial();
	for (int i = 0; i < 4; i++)
		exchange(fd, "GET", paths[i], NULL);
	const char *json = stat_of_launch(), *text;
	show("left of window_ms attempts refused");
	text = value_of(json, "peer");
	char peer[64];
	snprintf(peer, sizeof(peer), "\"%s:%d\"", program.address, program.port);
	say("%s", strncmp(text, peer, strlen(peer)) ? "another peer" : "the peer");
	say("%.*s", (int)strcspn(value_of(json, "state"), ","), value_of(json, "state"));
	long left_ms = number_of(json, "left_ms");
	say("%s", left_ms > 500000 && left_ms <= 600000 ? "for ten minutes" : "for how long?");
	hang_up(fd);
}

/* One of four goes again, with the one a second: two of its failures open the breaker. */
static void budget_and_breakers_are_shown(void)
{
	struct flow flow = {.program = "shows_budget_and_breakers",
			    .faults = {"status=503@1+"},
			    .policy = "retry = { statuses = [503]; max_attempts = 2; "
				      "backoff = { base_ms = 0; }; };\n"
				      "budget = { ratio = 0.5; min_per_second = 1; "
				      "window_ms = 60000; };\n"
				      "breaker = { min_attempts = 4; window_ms = 60000; "
				      "open_ms = 600000; };\n"};
	run(&flow, "503 /1\n503 /2\n503 /3\n503 /4\n"
		   "left 60, of 62, window_ms 60000, attempts 2, refused 2\n"
		   "the peer\n\"open\"\nfor ten minutes\n");
}

/* By LD_PRELOAD alone: there is no file. */
PROGRAM(is_not_to_be_seen)
{
	char command[4200];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	snprintf(command, sizeof(command), "LD_PRELOAD= %s %d 2>&1", build_path("redial-stat"),
		 getpid());
	fflush(stdout);
	int status = system(command);
	say("status %d", WEXITSTATUS(status));
	hang_up(fd);
}

static void process_of_no_launch_cannot_be_seen(void)
{
	struct flow flow = {.program = "is_not_to_be_seen", .env = {"REDIAL_SHARED="}};
	flow_redial(&flow);
	CU_ASSERT_PTR_NOT_NULL(strstr(flow.result.out, "is of no launch that can be seen"));
	CU_ASSERT_PTR_NOT_NULL(strstr(flow.result.out, "status 1\n"));
	flow_end(&flow);
}

const struct runner_test stat_tests[] = {
    T(connections_are_counted_while_they_are_tracked),
    T(connection_that_is_let_go_counts_no_more),
    T(outcomes_are_counted),
    T(rescues_are_counted_while_they_are_under_way),
    T(process_that_leaves_its_rescues_is_told_of),
    T(connects_that_are_tried_again_are_rescues),
    T(killed_workers_leave_the_counts),
    T(program_that_a_process_execs_begins_with_no_connection),
    T(budget_and_breakers_are_shown),
    T(process_of_no_launch_cannot_be_seen),
    T_END,
};
