/* SPDX-License-Identifier: MIT */
/* Look-ups that fail for the moment, asked again under a policy with cause dns. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "flow.h"

static const char *const calls[] = {"getaddrinfo",    "getaddrinfo_a",	 "gethostbyname",
				    "gethostbyname2", "gethostbyname_r", "gethostbyname2_r"};

enum { CALLS = sizeof(calls) / sizeof(calls[0]), TEXT_MAX = 500 };

static void say_answer(int error, const struct addrinfo *found)
{
	if (error)
		say("%s", error == EAI_AGAIN ? "EAI_AGAIN" : gai_strerror(error));
	else
		say("%s", inet_ntoa(((struct sockaddr_in *)found->ai_addr)->sin_addr));
}

static void say_host(const struct hostent *found, int error)
{
	if (found)
		say("%s", inet_ntoa(*(struct in_addr *)found->h_addr_list[0]));
	else
		say("%s", error == TRY_AGAIN ? "TRY_AGAIN" : hstrerror(error));
}

static void look_up(const char *call, const char *name)
{
	struct addrinfo *found = NULL;
	struct gaicb one = {.ar_name = name}, *list[] = {&one};
	struct hostent entry, *host = NULL;
	char buffer[2000];
	int error = 0;
	if (!strcmp(call, "getaddrinfo")) {
		error = getaddrinfo(name, "80", NULL, &found);
		say_answer(error, found);
	} else if (!strcmp(call, "getaddrinfo_a")) {
		getaddrinfo_a(GAI_WAIT, list, 1, NULL);
		say_answer(gai_error(&one), one.ar_result);
	} else if (!strcmp(call, "gethostbyname")) {
		host = gethostbyname(name);
		say_host(host, h_errno);
	} else if (!strcmp(call, "gethostbyname2")) {
		host = gethostbyname2(name, AF_INET);
		say_host(host, h_errno);
	} else if (!strcmp(call, "gethostbyname_r")) {
		gethostbyname_r(name, &entry, buffer, sizeof(buffer), &host, &error);
		say_host(host, error);
	} else {
		gethostbyname2_r(name, AF_INET, &entry, buffer, sizeof(buffer), &host, &error);
		say_host(host, error);
	}
}

/* arg: the call. */
PROGRAM(look_up_api)
{
	look_up(program.arg, "api.internal");
}

#define QUICKLY "max_attempts = 3; backoff = { base_ms = 1; };"
#define ON_DNS	"retry = { on = [\"dns\"]; " QUICKLY " };"

/* What is printed if the preload behind is asked so often. */
static void expect_asked(struct flow *flow, const char *call, int times, bool answered)
{
	char text[TEXT_MAX] = "";
	bool by_code = !strncmp(call, "getaddrinfo", 11);
	for (int i = 0; i < times; i++) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s api.internal\n", call);
	}
	strcat(text, answered ? "192.0.2.1\n" : by_code ? "EAI_AGAIN\n" : "TRY_AGAIN\n");
	expect_printed(flow, text);
}

static struct flow looking_up(const char *policy, const char *failing)
{
	return (struct flow){.program = "look_up_api",
			     .behind = "tests/behind/resolver.so",
			     .policy = policy,
			     .env = {failing}};
}

static void failing_look_up_is_asked_again(void)
{
	struct flow flow = looking_up(ON_DNS, "FAILING=2");
	for (int i = 0; i < CALLS; i++) {
		flow.arg = calls[i];
		flow_redial(&flow);
		expect_asked(&flow, calls[i], 3, true);
		expect_logged(&flow, 2, "event=attempt", "cause=dns host=api.internal delay_ms=");
		expect_logged(&flow, 1, "result=recovered attempts=3 elapsed_ms=", "api.internal");
		expect_logged(&flow, 3, NULL, NULL);
	}
	flow_end(&flow);
}

static void look_up_that_goes_on_failing_fails_as_bare(void)
{
	struct flow flow = looking_up(ON_DNS, "FAILING=9");
	for (int i = 0; i < CALLS; i++) {
		flow.arg = calls[i];
		flow_redial(&flow);
		expect_asked(&flow, calls[i], 3, false);
		expect_logged(&flow, 1, "result=exhausted attempts=3 cause=dns", "reason=attempts");
		expect_logged(&flow, 3, NULL, NULL);
	}
	flow_end(&flow);
}

static void policy_without_dns_leaves_look_ups_alone(void)
{
	struct flow flow = looking_up(NULL, "FAILING=1");
	for (int i = 0; i < CALLS; i++) {
		flow.arg = calls[i];
		flow_redial(&flow);
		expect_asked(&flow, calls[i], 1, false);
		expect_logged(&flow, 0, NULL, NULL);
	}
	flow_end(&flow);
}

static void rule_that_names_only_a_host_counts_for_its_look_ups(void)
{
	struct flow flow = looking_up(
	    "rules = ( { host = \"*.internal\"; on = [\"dns\"]; " QUICKLY " } );", "FAILING=1");
	flow.arg = "getaddrinfo";
	flow_redial(&flow);
	expect_asked(&flow, "getaddrinfo", 2, true);
	flow.policy = "rules = ( { host = \"*.internal\"; port = 80; on = [\"dns\"]; } );";
	flow_redial(&flow);
	expect_asked(&flow, "getaddrinfo", 1, false);
	expect_logged(&flow, 1, "event=refused reason=cause cause=dns", NULL);
	flow_end(&flow);
}

static void look_up_is_not_asked_again_past_the_deadline(void)
{
	struct flow flow =
	    looking_up("retry = { on = [\"dns\"]; total_timeout_ms = 100;\n"
		       "  backoff = { base_ms = 500; max_ms = 500; jitter = \"none\"; }; };",
		       "FAILING=1");
	flow.arg = "getaddrinfo";
	flow_redial(&flow);
	expect_asked(&flow, "getaddrinfo", 1, false);
	expect_logged(&flow, 1, "event=refused reason=deadline cause=dns", NULL);
	flow_end(&flow);
}

static void on_alarm(int signal)
{
	(void)signal;
	say("alarm");
}

/* The alarm may come before the look-up fails: it goes on coming. */
PROGRAM(look_up_until_the_alarm)
{
	const struct itimerval soon = {.it_value.tv_usec = 100000, .it_interval.tv_sec = 1};
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct addrinfo *found;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	errno = 0;
	int error = getaddrinfo("api.internal", "80", NULL, &found);
	say("%s %s", error == EAI_AGAIN ? "EAI_AGAIN" : "?", error_name(errno));
}

static void signal_ends_the_wait_for_another_look_up(void)
{
	struct flow flow =
	    looking_up("retry = { on = [\"dns\"]; total_timeout_ms = 60000;\n"
		       "  backoff = { base_ms = 30000; max_ms = 30000; jitter = \"none\"; }; };",
		       "FAILING=1");
	flow.program = "look_up_until_the_alarm";
	flow_redial(&flow);
	expect_printed(&flow, "getaddrinfo api.internal\nalarm\nEAI_AGAIN ENETDOWN\n");
	expect_logged(&flow, 1, "result=abandoned attempts=1", "host=api.internal");
	flow_end(&flow);
}

const struct runner_test resolver_tests[] = {
    T(failing_look_up_is_asked_again),
    T(look_up_that_goes_on_failing_fails_as_bare),
    T(policy_without_dns_leaves_look_ups_alone),
    T(rule_that_names_only_a_host_counts_for_its_look_ups),
    T(look_up_is_not_asked_again_past_the_deadline),
    T(signal_ends_the_wait_for_another_look_up),
    T_END,
};
