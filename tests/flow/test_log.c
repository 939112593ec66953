/* SPDX-License-Identifier: MIT */
/* The lines that operators read: what is in them, what never is, and sinks that fail. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "flow.h"

#define SECRETS "Authorization: Bearer sesame\r\nCookie: sid=sesame\r\n"
#define IDS                                                                                        \
	"X-Request-Id: id-7\r\n"                                                                   \
	"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"

static void get_raw(int fd, const char *target, const char *headers)
{
	char request[1000];
	int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n", target, headers);
	if (put(fd, request, (size_t)len))
		answer(fd);
}

/* arg: what the requests are to look like. */
PROGRAM(identified_gets)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	get_raw(fd, "/2/items?token=sesame", "Host: api.test:8080\r\n" SECRETS IDS);
}

static void keys_of_line(const struct flow *flow, const char *fragment, char *keys)
{
	const char *line = flow->log ? strstr(flow->log, fragment) : NULL;
	*keys = '\0';
	while (line && *line != '\n') {
		size_t key = strcspn(line, "= \n");
		strncat(strncat(keys, line, key), " ", 2);
		line += key + strcspn(line + key, " \n");
		line += *line == ' ';
	}
}

static void line_has_keys(const struct flow *flow, const char *fragment, const char *expected)
{
	char keys[1000];
	keys_of_line(flow, fragment, keys);
	runner_expect_text("keys", expected, keys);
}

#define IDENTITY "method host path peer fd "
#define END	 "request_id traceparent program pid "

static void lines_have_the_keys_that_the_design_names(void)
{
	struct flow flow = {.program = "identified_gets", .faults = {"reset@1.2"}};
	flow_redial(&flow);
	line_has_keys(&flow, "event=attempt",
		      "event attempt max cause " IDENTITY "delay_ms " END "version ");
	line_has_keys(&flow, "event=outcome",
		      "event result attempts status elapsed_ms " IDENTITY END);
	flow.faults[0] = "shed=9@1.2";
	flow_redial(&flow);
	line_has_keys(&flow, "event=outcome",
		      "event result attempts cause reason elapsed_ms " IDENTITY END);
	flow.policy = "retry = { methods = []; };";
	flow_redial(&flow);
	line_has_keys(&flow, "event=refused", "event reason cause " IDENTITY END "version ");
	flow_end(&flow);
}

static void line_names_the_request(void)
{
	char peer[60];
	struct flow flow = {.program = "identified_gets", .faults = {"reset@1.2"}};
	flow_redial(&flow);
	snprintf(peer, sizeof(peer), " peer=127.0.0.1:%d ", flow.server.port);
	expect_logged(&flow, 2, " method=GET host=api.test:8080 path=/2/items ", peer);
	expect_logged(&flow, 2, " request_id=id-7 traceparent=00-0af7651916cd43dd8448eb211c80319c-",
		      " program=flow-tests ");
	flow_end(&flow);
}

static void query_and_header_values_are_never_logged(void)
{
	struct flow flow = {.program = "identified_gets", .faults = {"reset@1.2"}};
	flow_redial(&flow);
	expect_logged(&flow, 0, "sesame", NULL);
	expect_logged(&flow, 0, "token", NULL);
	expect_logged(&flow, 0, "?", NULL);
	flow_end(&flow);
}

PROGRAM(odd_gets)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	get_raw(fd, "/2\"x\\y=z", "Host: te\xc3\xa9st\r\nX-Request-Id: a\tb\" pid=1\xff\r\n");
}

static void quotes_and_control_characters_are_escaped(void)
{
	struct flow flow = {.program = "odd_gets", .faults = {"reset@1.2"}};
	flow_redial(&flow);
	expect_logged(&flow, 2, " path=\"/2\\\"x\\\\y=z\" ", NULL);
	expect_logged(&flow, 2, " host=\"te\\xc3\\xa9st\" ", NULL);
	expect_logged(&flow, 2, " request_id=\"a\\x09b\\\" pid=1\\xff\" ", NULL);
	expect_logged(&flow, 2, NULL, NULL);
	flow_end(&flow);
}

static void sink_that_cannot_be_written_does_not_disturb_the_program(void)
{
	static const char *const sinks[] = {"REDIAL_LOG=file:/no/such/folder/log",
					    "REDIAL_LOG=file:/tmp",
					    "REDIAL_LOG=file:/dev/full",
					    "REDIAL_LOG=file:/proc/version",
					    "REDIAL_LOG=none",
					    "REDIAL_LOG=syslog",
					    "REDIAL_LOG=nonsense"};
	struct flow flow = {.program = "two_gets", .faults = {"reset@1.2"}};
	for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++) {
		flow.env[0] = sinks[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		runner_expect_text("standard error", "", flow.result.err);
		CU_ASSERT_PTR_NULL(flow.log);
	}
	flow_end(&flow);
}

/* A mount namespace of our own, in which what others see stays as it is. */
static bool alone(void)
{
	if ((unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		say("not permitted");
		return false;
	}
	return true;
}

static bool empty(const char *path)
{
	if (mount("none", path, "tmpfs", 0, NULL) == 0)
		return true;
	say("not permitted: %s", error_name(errno));
	return false;
}

static int bind_syslog(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		say("/dev/log: %s", error_name(errno));
	return fd;
}

/* "<14>Mon DD HH:MM:SS redial[PID]: event=attempt …": the level, the form and the first words. */
static void say_syslog_lines(int log)
{
	char line[4096];
	ssize_t len;
	while ((len = recv(log, line, sizeof(line) - 1, 0)) > 0) {
		unsigned level, day, pid;
		char month[4], event[40], word[40];
		line[len] = '\0';
		int fields = sscanf(line, "<%u>%3s %u %*u:%*u:%*u redial[%u]: event=%39s %39s",
				    &level, month, &day, &pid, event, word);
		const char *dropped = strstr(line, " dropped=");
		say("%d fields, level %u, %s %s%s", fields, level, event, word,
		    dropped ? dropped : "");
	}
}

static void fill(int log)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)log;
	while (sendto(fd, "full", 4, 0, (struct sockaddr *)&addr, sizeof(addr)) > 0)
		;
	close(fd);
}

static void drain(int log)
{
	char byte;
	while (recv(log, &byte, 1, 0) > 0)
		;
}

/* arg: "there", "full" or "missing" is /dev/log during the first of two rescues. */
PROGRAM(log_to_syslog)
{
	int log = -1;
	if (!alone() || !empty("/dev"))
		return;
	if (strcmp(program.arg, "missing"))
		log = bind_syslog();
	if (!strcmp(program.arg, "full"))
		fill(log);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	if (log < 0)
		log = bind_syslog();
	else if (!strcmp(program.arg, "full"))
		drain(log);
	exchange(fd, "GET", "/3", NULL);
	exchange(fd, "POST", "/4", "order");
	say_syslog_lines(log);
}

static bool was_permitted(const struct flow *flow)
{
	if (!strstr(flow->result.out, "not permitted"))
		return true;
	printf("\n    NOT RUN: no mount namespace is to be had here (%s)", flow->arg);
	return false;
}

static void syslog_gets(const char *dev_log, const char *lines)
{
	char text[1000];
	struct flow flow = {.program = "log_to_syslog",
			    .arg = dev_log,
			    .faults = {"reset@1.2", "reset@2.2", "reset@3.2"},
			    .env = {"REDIAL_LOG=syslog"}};
	snprintf(text, sizeof(text), "200 /1\n200 /2\n200 /3\nECONNRESET\n%s", lines);
	flow_redial(&flow);
	if (was_permitted(&flow))
		expect_printed(&flow, text);
	flow_end(&flow);
}

static void syslog_gets_one_datagram_a_line_with_level_and_tag(void)
{
	syslog_gets("there", "6 fields, level 14, attempt attempt=2\n"
			     "6 fields, level 14, outcome result=recovered\n"
			     "6 fields, level 14, attempt attempt=2\n"
			     "6 fields, level 14, outcome result=recovered\n"
			     "6 fields, level 13, refused reason=method\n");
}

#define LATE                                                                                       \
	"6 fields, level 14, attempt attempt=2 dropped=2\n"                                        \
	"6 fields, level 14, outcome result=recovered\n"                                           \
	"6 fields, level 13, refused reason=method\n"

static void lines_dropped_for_want_of_dev_log_are_counted_in_the_next(void)
{
	syslog_gets("missing", LATE);
}

static void lines_dropped_by_a_full_dev_log_are_counted_in_the_next(void)
{
	syslog_gets("full", LATE);
}

/* arg: "WAY PROGRAM" to become once /proc and /etc are empty. */
PROGRAM(in_an_empty_world)
{
	char self[4096], port[16], way[16];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[len > 0 ? len : 0] = '\0';
	snprintf(port, sizeof(port), "%d", program.port);
	snprintf(way, sizeof(way), "%d", (int)program.way);
	if (!alone() || !empty("/etc") || !empty("/proc"))
		return;
	execl(self, self, "--program", program.arg, program.address, port, way, "", (char *)NULL);
	say("%s", error_name(errno));
}

static void without_proc_and_etc_requests_are_healed(void)
{
	static const char *const policies[] = {NULL, "retry = { max_attempts = 4; };"};
	static const char *const faults[] = {"reset@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "in_an_empty_world", .arg = "two_gets"};
	for (int i = 0; i < 4; i++) {
		flow.policy = policies[i / 2];
		flow.faults[0] = faults[i % 2];
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			if (!was_permitted(&flow))
				continue;
			expect_printed(&flow, "200 /1\n200 /2\n");
			expect_seen(&flow, 2, "path=/2 ", NULL);
			expect_logged(&flow, 1, "result=recovered", NULL);
		}
	}
	flow_end(&flow);
}

const struct runner_test log_tests[] = {
    T(lines_have_the_keys_that_the_design_names),
    T(line_names_the_request),
    T(query_and_header_values_are_never_logged),
    T(quotes_and_control_characters_are_escaped),
    T(sink_that_cannot_be_written_does_not_disturb_the_program),
    T(syslog_gets_one_datagram_a_line_with_level_and_tag),
    T(lines_dropped_for_want_of_dev_log_are_counted_in_the_next),
    T(lines_dropped_by_a_full_dev_log_are_counted_in_the_next),
    T(without_proc_and_etc_requests_are_healed),
    T_END,
};
