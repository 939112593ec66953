/* SPDX-License-Identifier: MIT */
/* Request targets of every form: the rule that they come under, and what the log says of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* arg: "METHOD TARGET HOST" of the request that follows a GET. */
PROGRAM(asks_for_a_target)
{
	char method[16], target[1024], host[64], request[1400];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (sscanf(program.arg, "%15s %1023s %63s", method, target, host) != 3)
		say("which target?");
	int len = snprintf(request, sizeof(request),
			   "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", method,
			   target, host);
	if (put(fd, request, (size_t)len))
		answer(fd);
	hang_up(fd);
}

/* How the request fares whose connection is reset under it. */
static void expect_target(const char *target, const char *policy, bool saved, const char *logged_as)
{
	char fragment[300];
	struct flow flow = {.program = "asks_for_a_target",
			    .arg = target,
			    .policy = policy,
			    .faults = {"reset@1.2"}};
	flow_redial(&flow);
	const char *out = flow.result.out ? flow.result.out : "";
	runner_expect_long(target, saved, strncmp(out, "200 /1\n200 ", 11) == 0);
	runner_expect_long(target, !saved, strcmp(out, "200 /1\nECONNRESET\n") == 0);
	snprintf(fragment, sizeof(fragment), " path=%s ", logged_as);
	expect_logged(&flow, saved ? 2 : 1, fragment, NULL);
	expect_logged(&flow, 0, "sesame", NULL);
	expect_logged(&flow, 0, "alice", NULL);
	flow_end(&flow);
}

#define RULES                                                                                      \
	"rules = ( { path = \"/read/*\"; methods = [\"GET\", \"POST\"]; },\n"                      \
	"          { path = \"/pay/*\"; methods = []; } );\n"

static void a_rule_holds_for_the_path_that_the_server_reads(void)
{
	static const struct {
		const char *target;
		bool saved;
		const char *logged_as;
	} rows[] = {
	    {"POST /read/x h", true, "/read/x"},
	    {"POST /%72ead/x h", true, "/%72ead/x"},
	    {"POST http://h/read/x h", true, "/read/x"},
	    {"POST /read/../x h", false, "/read/../x"},
	    {"POST /read/%2e%2e/x h", false, "/read/%2e%2e/x"},
	    {"POST /read/..%2fx h", false, "/read/..%2fx"},
	    {"POST /read/..;/x h", false, "/read/..;/x"},
	    {"GET /x h", true, "/x"},
	    {"GET /pay/x h", false, "/pay/x"},
	    {"GET /x/../pay/x h", false, "/x/../pay/x"},
	    {"GET //pay/x h", false, "//pay/x"},
	    {"GET /x/%zz h", false, "/x/%zz"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_target(rows[i].target, RULES, rows[i].saved, rows[i].logged_as);
}

static void a_rescue_is_told_whatever_form_the_target_has_without_its_secrets(void)
{
	static const struct {
		const char *target, *logged_as;
	} rows[] = {
	    {"GET ftp://alice:sesame@files.internal/list h", "/list"},
	    {"GET http://alice:sesame@h?token=sesame h", "/"},
	    {"GET //alice:sesame@h/list h", "//***@h/list"},
	    {"GET alice:sesame@h:80 h", "***@h:80"},
	    {"GET /get/http%3A%2F%2Falice%3Asesame%40h h", "/get/http%3A%2F%2F***@h"},
	    {"GET /a%3Ftoken=sesame h", "/a"},
	    {"GET /a alice:sesame@h", "/a"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_target(rows[i].target, NULL, true, rows[i].logged_as);
}

#define REDACT "log = { redact_paths = [\"/reset/*\", \"/u/*/key/*\"]; };\n"

static void what_the_policy_calls_secret_in_a_path_is_not_logged(void)
{
	static const struct {
		const char *target, *logged_as;
	} rows[] = {
	    {"GET /reset/sesame h", "/reset/***"},
	    {"GET /%72eset/sesame h", "/reset/***"},
	    {"GET http://alice:sesame@h/reset/sesame?x h", "/reset/***"},
	    {"GET /u/alice/key/sesame h", "/u/***/key/***"},
	    {"GET /reset%5Csesame h", "/***"},
	    {"GET /list h", "/list"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_target(rows[i].target, REDACT, true, rows[i].logged_as);
}

/* Refusals are told of a head that is not here whole as well: no path, as its end may be secret. */
PROGRAM(sends_a_piece_of_a_head)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, program.arg, strlen(program.arg));
	await_death(fd);
	answer(fd);
	hang_up(fd);
}

static void of_a_head_that_is_not_here_whole_no_path_is_logged(void)
{
	static const char *const pieces[] = {"GET /u/alice", "GET http://alice:ses",
					     "GET /get/alice:sesame"};
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct flow flow = {.program = "sends_a_piece_of_a_head",
				    .arg = pieces[i],
				    .policy = REDACT,
				    .faults = {"idle-reset=50@1.1"}};
		flow_redial(&flow);
		expect_logged(&flow, 1, "event=refused", NULL);
		expect_logged(&flow, 0, "path=", NULL);
		expect_logged(&flow, 0, "alice", NULL);
		flow_end(&flow);
	}
}

const struct runner_test targets_tests[] = {
    T(a_rule_holds_for_the_path_that_the_server_reads),
    T(a_rescue_is_told_whatever_form_the_target_has_without_its_secrets),
    T(what_the_policy_calls_secret_in_a_path_is_not_logged),
    T(of_a_head_that_is_not_here_whole_no_path_is_logged),
    T_END,
};
