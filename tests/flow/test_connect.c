/* SPDX-License-Identifier: MIT */
/* Connects of programs that wait in connect, under a policy with connect or connect-timeout. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "flow.h"

#define QUICKLY		"max_attempts = 3; backoff = { base_ms = 1; };"
#define ON(cause, more) "retry = { on = [\"stale\", \"" cause "\"]; " more QUICKLY " };"
#define SHORT		"connect_timeout_ms = 100; "

static struct flow connecting(const char *policy, const char *how, const char *failing)
{
	return (struct flow){.program = "connect_and_get",
			     .behind = "tests/behind/connect.so",
			     .policy = policy,
			     .env = {how, failing}};
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	inet_pton(AF_INET, text, &addr.sin_addr);
	return addr;
}

/* Says how it ended. */
static bool try_to_connect(int fd, const char *text)
{
	struct sockaddr_in addr = address_of(text);
	bool up = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	say("%s", up ? "up" : error_name(errno));
	return up;
}

PROGRAM(connect_and_get)
{
	int fd = dial_socket();
	if (try_to_connect(fd, program.address))
		exchange(fd, "GET", "/1", NULL);
	say("%d descriptors", descriptors());
	hang_up(fd);
}

/* The numbers that the preload behind uses stay open: what counts is that no others do. */
#define UP(fds)	    "up\n200 /1\n" fds " descriptors\n"
#define AT_ONCE	    "connect\n" UP("4")
#define TWICE	    "connect\nconnect\n"
#define DOWN(error) error "\n5 descriptors\n"

static void connect_that_is_refused_is_tried_again(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=2");
	flow_redial(&flow);
	expect_printed(&flow, TWICE "connect\n" UP("5"));
	expect_logged(&flow, 2, "event=attempt", "max=3 cause=connect peer=127.0.0.1:");
	expect_logged(&flow, 1, "result=recovered attempts=3 elapsed_ms=", NULL);
	expect_logged(&flow, 3, NULL, NULL);
	flow_end(&flow);
}

static void connect_that_goes_on_being_refused_fails_as_bare(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=9");
	flow_redial(&flow);
	expect_printed(&flow, TWICE "connect\n" DOWN("ECONNREFUSED"));
	expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect reason=attempts", NULL);
	flow_end(&flow);
}

static void policy_without_connect_leaves_connects_alone(void)
{
	static const char *const policies[] = {
	    NULL, ON("reset", ""), ON("connect-timeout", SHORT),
	    "retry = { on = [\"connect\"]; max_attempts = 1; };"};
	for (int i = 0; i < 4; i++) {
		struct flow flow = connecting(policies[i], "HOW=refused", "FAILING=1");
		flow_redial(&flow);
		expect_printed(&flow, "connect\n" DOWN("ECONNREFUSED"));
		expect_logged(&flow, 0, NULL, NULL);
		flow_end(&flow);
	}
}

static void only_errors_that_may_pass_are_tried_again(void)
{
	static const struct {
		const char *how, *printed;
	} rows[] = {
	    {"HOW=101", TWICE UP("4")}, /* ENETUNREACH */
	    {"HOW=113", TWICE UP("4")}, /* EHOSTUNREACH */
	    {"HOW=13", "connect\nEACCES\n4 descriptors\n"},
	    {"HOW=99", "connect\nEADDRNOTAVAIL\n4 descriptors\n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = connecting(ON("connect", ""), rows[i].how, "FAILING=1");
		flow_redial(&flow);
		expect_printed(&flow, rows[i].printed);
		flow_end(&flow);
	}
}

static void connect_that_takes_too_long_is_tried_again(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=silent", "FAILING=2");
	flow_redial(&flow);
	expect_printed(&flow, TWICE "connect\n" UP("8"));
	expect_logged(&flow, 2, "event=attempt", "cause=connect-timeout");
	expect_logged(&flow, 1, "result=recovered attempts=3", NULL);
	flow_end(&flow);
}

static void connect_that_goes_on_taking_too_long_times_out(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=silent", "FAILING=9");
	flow_redial(&flow);
	expect_printed(&flow, TWICE "connect\nETIMEDOUT\n8 descriptors\n");
	expect_within(&flow, 3000);
	expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect-timeout", NULL);
	flow_end(&flow);
}

/* arg: the program's own SO_SNDTIMEO in milliseconds. */
PROGRAM(connect_with_a_send_timeout)
{
	int ms = 0;
	sscanf(program.arg, "%d", &ms);
	struct timeval limit = {ms / 1000, ms % 1000 * 1000};
	socklen_t len = sizeof(limit);
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, len);
	if (try_to_connect(fd, program.address))
		exchange(fd, "GET", "/1", NULL);
	getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &len);
	say("%ld ms", (long)limit.tv_sec * 1000 + (long)limit.tv_usec / 1000);
}

static void send_timeout_of_the_program_is_put_back(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=silent", "FAILING=1");
	flow.program = "connect_with_a_send_timeout";
	flow.arg = "0";
	flow_redial(&flow);
	expect_printed(&flow, TWICE "up\n200 /1\n0 ms\n");
	flow.arg = "30000";
	flow_redial(&flow);
	expect_printed(&flow, TWICE "up\n200 /1\n30000 ms\n");
	flow_end(&flow);
}

static void shorter_send_timeout_of_the_program_counts(void)
{
	struct flow flow = connecting(ON("connect-timeout", "connect_timeout_ms = 30000; "),
				      "HOW=silent", "FAILING=1");
	flow.program = "connect_with_a_send_timeout";
	flow.arg = "40";
	flow_redial(&flow);
	expect_printed(&flow, "connect\nEINPROGRESS\n40 ms\n");
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

static void on_alarm(int signal)
{
	(void)signal;
}

PROGRAM(connect_until_the_alarm)
{
	const struct itimerval soon = {.it_value.tv_usec = 50000, .it_interval.tv_usec = 50000};
	struct sigaction action = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	try_to_connect(dial_socket(), program.address);
}

static void signal_that_interrupts_connect_does_so_still(void)
{
	struct flow flow = connecting(ON("connect-timeout", "connect_timeout_ms = 30000; "),
				      "HOW=silent", "FAILING=1");
	flow.program = "connect_until_the_alarm";
	flow_redial(&flow);
	expect_printed(&flow, "connect\nEINTR\n");
	flow_end(&flow);
}

static void signal_during_the_pause_ends_it(void)
{
	struct flow flow =
	    connecting("retry = { on = [\"connect\"]; total_timeout_ms = 60000;\n"
		       "  backoff = { base_ms = 30000; max_ms = 30000; jitter = \"none\"; }; };",
		       "HOW=refused", "FAILING=1");
	flow.program = "connect_until_the_alarm";
	flow_redial(&flow);
	expect_printed(&flow, "connect\nECONNREFUSED\n");
	expect_logged(&flow, 1, "result=abandoned attempts=1", NULL);
	flow_end(&flow);
}

/* Goes through what a look-up gave, as most programs do. */
PROGRAM(connect_to_the_first_that_answers)
{
	struct addrinfo *found;
	char text[INET_ADDRSTRLEN];
	getaddrinfo("two.internal", NULL, NULL, &found);
	for (; found; found = found->ai_next) {
		int fd = dial_socket();
		struct sockaddr_in *addr = (struct sockaddr_in *)(void *)found->ai_addr;
		inet_ntop(AF_INET, &addr->sin_addr, text, sizeof(text));
		if (try_to_connect(fd, text) && exchange(fd, "GET", "/1", NULL))
			break;
	}
}

static void program_with_another_address_is_told_at_once(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=1");
	flow.program = "connect_to_the_first_that_answers";
	flow_redial(&flow);
	expect_printed(&flow, "connect\nECONNREFUSED\nconnect\nup\n200 /1\n");
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

static void last_address_is_tried_again(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=2");
	flow.program = "connect_to_the_first_that_answers";
	flow_redial(&flow);
	expect_printed(&flow, "connect\nECONNREFUSED\n" TWICE "up\n200 /1\n");
	expect_logged(&flow, 1, "result=recovered attempts=2", "peer=127.0.0.1:");
	flow_end(&flow);
}

static void write_rule(const char *path, int port, const char *more)
{
	FILE *file = fopen(path, "we");
	fprintf(file, "rules = ( { port = %d; %s on = [\"connect\"]; " QUICKLY " } );\n", port,
		more);
	fclose(file);
}

static void write_rule_for_port(const char *path, int port)
{
	write_rule(path, port, "");
}

static void write_rule_for_another_port(const char *path, int port)
{
	write_rule(path, port ^ 1, "");
}

static void write_rule_for_host(const char *path, int port)
{
	write_rule(path, port, "host = \"*\";");
}

static void rule_counts_if_it_names_no_more_than_the_port(void)
{
	struct flow flow = connecting(NULL, "HOW=refused", "FAILING=1");
	flow.make_policy = write_rule_for_port;
	flow_redial(&flow);
	expect_printed(&flow, TWICE UP("5"));
	flow.make_policy = write_rule_for_another_port;
	flow_redial(&flow);
	expect_printed(&flow, "connect\n" DOWN("ECONNREFUSED"));
	flow.make_policy = write_rule_for_host;
	flow_redial(&flow);
	expect_printed(&flow, "connect\n" DOWN("ECONNREFUSED"));
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

PROGRAM(connect_to_a_local_daemon)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int len = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "redial-%d", getpid());
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&addr, size) || listen(listener, 1))
		say("no listener");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool up = connect(fd, (struct sockaddr *)&addr, size) == 0;
	say("%s", up ? "up" : error_name(errno));
}

static void local_connect_is_tried_again_unless_the_name_is_not_there(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=111", "FAILING=1");
	flow.program = "connect_to_a_local_daemon";
	flow_redial(&flow);
	expect_printed(&flow, TWICE "up\n");
	expect_logged(&flow, 1, "result=recovered attempts=2", "peer=unix:@redial-");
	flow.env[0] = "HOW=2";
	flow_redial(&flow);
	expect_printed(&flow, "connect\nENOENT\n");
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

const struct runner_test connect_tests[] = {
    T(connect_that_is_refused_is_tried_again),
    T(connect_that_goes_on_being_refused_fails_as_bare),
    T(policy_without_connect_leaves_connects_alone),
    T(only_errors_that_may_pass_are_tried_again),
    T(connect_that_takes_too_long_is_tried_again),
    T(connect_that_goes_on_taking_too_long_times_out),
    T(send_timeout_of_the_program_is_put_back),
    T(shorter_send_timeout_of_the_program_counts),
    T(signal_that_interrupts_connect_does_so_still),
    T(signal_during_the_pause_ends_it),
    T(program_with_another_address_is_told_at_once),
    T(last_address_is_tried_again),
    T(rule_counts_if_it_names_no_more_than_the_port),
    T(local_connect_is_tried_again_unless_the_name_is_not_there),
    T_END,
};
