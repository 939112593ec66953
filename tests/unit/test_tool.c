/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiled.h"
#include "load.h"
#include "support/process.h"

static const char orders[] = "retry = { backoff = { max_ms = 40; multiplier = 1.5; }; };\n"
			     "log = { sink = \"file:/tmp/a\\\\b\\\"c\"; };\n"
			     "rules = (\n"
			     "  { host = \"*.orders\"; port = 8080; path = \"/v1/*\";\n"
			     "    methods = [\"GET\", \"PUT\"]; max_attempts = 2; },\n"
			     "  { path = \"/events\"; on = []; } );\n";

/* Runs redial-policy with up to ten further words. */
static struct process_result run(const char *const words[])
{
	const char *argv[12] = {build_path("redial-policy")};

	for (int i = 0; i < 10 && words[i]; i++)
		argv[i + 1] = words[i];
	return process_run(argv, NULL, 10000);
}

#define RUN(...) run((const char *const[11]){__VA_ARGS__})

static void expect_run(struct process_result result, int status, const char *out, const char *err)
{
	runner_expect_long("exit status", status, result.status);
	if (out)
		runner_expect_text("standard output", out, result.out);
	if (err)
		runner_expect_text("standard error", err, result.err);
	process_free(&result);
}

static void check_is_silent_about_a_good_policy(void)
{
	expect_run(RUN("check", scratch_text("ok.cfg", orders)), 0, "", "");
}

static void check_names_file_line_and_key(void)
{
	const char *path = scratch_text("bad.cfg", "\nretry = { max_attempts = 0; };");
	char message[256];

	snprintf(message, sizeof(message),
		 "redial-policy: %s:2: retry.max_attempts must be a whole number from 1 to 10, "
		 "not 0\n",
		 path);
	expect_run(RUN("check", path), 1, "", message);
	expect_run(RUN("check", "/nonexistent.cfg"), 1, "",
		   "redial-policy: /nonexistent.cfg: cannot be read: No such file or directory\n");
}

static void show_without_a_file_prints_the_defaults(void)
{
	struct process_result shown = RUN("show");

	expect_run(RUN("show", "scripts/policies/default.cfg"), 0, shown.out, "");
	expect_contains("show", "methods = [\"GET\", \"HEAD\"];", shown.out);
	process_free(&shown);
}

/* Widest of all: every method, every key of a rule, every status. */
static const char full[] =
    "enabled = false; tls = []; retry = { methods = [\"GET\", \"HEAD\", \"PUT\", \"DELETE\", "
    "\"OPTIONS\", \"TRACE\", \"PROPFIND\", \"REPORT\", \"SEARCH\", \"QUERY\"];"
    "idempotency_key_headers = [\"A-header-name-of-the-greatest-length-that-there-may-be-and-1\","
    "\"Idempotency-Key\", \"X-Key\"]; };"
    "rules = ( { host = \"h\"; port = 1; path = \"/\\\"\\\\\"; methods = [\"POST\", \"PATCH\"];"
    "on = [\"stale\", \"reset\", \"eof\", \"first-use\", \"connect\", \"connect-timeout\","
    "\"response-timeout\", \"dns\", \"tls-handshake\"]; max_attempts = 10; total_timeout_ms = "
    "600000;"
    "statuses = [500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 513, 514, 515];"
    "idempotency_key_headers = [\"x-key\"]; attempt_header = \"X-Attempt\";"
    "response_timeout_ms = 600000; unacked_timeout_ms = 599999; retry_after_max_ms = 599998;"
    "after_headers = [\"Reset\", \"A:ms\", \"A:s\", \"A-date:date\"];"
    "veto_headers = [\"No\", \"Again: \\\"never\\\"\"];"
    "max_idle_ms = 3600000; keep_alive_hints = true; add_request_id = true;"
    "address_max_age_ms = 86400000; max_requests = 65535; resume = true;"
    "connect_timeout_ms = 60000; max_request_bytes = 1048576; backoff = { base_ms = 60000;"
    "max_ms = 60000; multiplier = 9.999; jitter = \"equal\"; }; } );"
    "log = { redact_paths = [\"/u/*/token/*\", \"*\\\"*\"]; };"
    "tcp = { keep_alive = { idle_s = 32767; interval_s = 32767; count = 127; }; };"
    "stat = { dir = \"/var/lib/redial\"; };"
    "budget = { enabled = false; ratio = 0.001; min_per_second = 0; window_ms = 600000; };"
    "breaker = { enabled = false; failure_ratio = 0.999; min_attempts = 100000;"
    "window_ms = 1000; open_ms = 100; reject = true; };";

/* What `redial-policy show` prints of a policy means the same policy, and fits a terminal. */
static void shown_is_the_same(const char *path)
{
	struct process_result first = RUN("show", path);
	struct process_result second = RUN("show", scratch_text("shown.cfg", first.out));
	struct policy policy, again;
	struct load_error error;

	runner_expect_text("shown again", first.out, second.out);
	runner_expect_long("exit status", 0, second.status);
	runner_expect_long(path, 0, load_policy(path, &policy, &error));
	runner_expect_long(path, 0, load_policy(scratch_path("shown.cfg"), &again, &error));
	runner_expect_long("rules", policy.rule_count, again.rule_count);
	for (uint32_t i = 0; i < policy.rule_count; i++)
		again.rules[i].line = policy.rules[i].line;
	runner_expect_long("difference", 0, memcmp(&policy, &again, sizeof(policy)));
	for (char *line = strtok(first.out, "\n"); line; line = strtok(NULL, "\n"))
		runner_expect_long(line, 1, strlen(line) <= 80);
	process_free(&first);
	process_free(&second);
}

static void what_show_prints_loads_to_the_same_policy(void)
{
	shown_is_the_same(scratch_text("orders.cfg", orders));
	shown_is_the_same(scratch_text("full.cfg", full));
	shown_is_the_same("scripts/policies/default.cfg");
}

static void show_prints_what_the_file_says(void)
{
	struct process_result result = RUN("show", scratch_text("full.cfg", full));
	static const char *const parts[] = {
	    "enabled = false;",
	    "tls = [];",
	    "\"QUERY\"];",
	    "  host = \"h\";\n",
	    "  port = 1;\n",
	    "  path = \"/\\\"\\\\\";\n",
	    "  methods = [\"POST\", \"PATCH\"];\n",
	    "on = [\"stale\", \"reset\", \"eof\", \"first-use\",",
	    "\"response-timeout\", \"dns\", \"tls-handshake\"];",
	    "  idempotency_key_headers = [\"X-Key\"];\n",
	    "  attempt_header = \"\";\n",
	    "  attempt_header = \"X-Attempt\";\n",
	    "  statuses = [];\n",
	    "  statuses = [500, 501,",
	    " 515];\n",
	    "  response_timeout_ms = 600000;\n",
	    "  unacked_timeout_ms = 599999;\n",
	    "  retry_after_max_ms = 599998;\n",
	    "  after_headers = [\"Reset:auto\", \"A:ms\", \"A:s\", \"A-date:date\"];\n",
	    "  veto_headers = [\"No\", \"Again: \\\"never\\\"\"];\n",
	    "  max_idle_ms = 3600000;\n",
	    "  address_max_age_ms = 86400000;\n",
	    "  max_requests = 65535;\n",
	    "  keep_alive_hints = true;\n",
	    "  add_request_id = true;\n",
	    "  resume = true;\n",
	    "max_attempts = 10;",
	    "total_timeout_ms = 600000;",
	    "connect_timeout_ms = 60000;",
	    "max_request_bytes = 1048576;",
	    "base_ms = 60000;",
	    "multiplier = 9.999;",
	    "jitter = \"equal\";",
	    "format = \"rfc3164\";",
	    "facility = \"user\";",
	    "  redact_paths = [\"/u/*/token/*\", \"*\\\"*\"];\n",
	    "stat = {\n  dir = \"/var/lib/redial\";\n};\n",
	    "tcp = {\n  keep_alive = { idle_s = 32767; interval_s = 32767; count = 127; };\n};\n",
	    "budget = {\n  enabled = false;\n  ratio = 0.001;\n  min_per_second = 0;\n"
	    "  window_ms = 600000;\n};\n",
	    "breaker = {\n  enabled = false;\n  failure_ratio = 0.999;\n"
	    "  min_attempts = 100000;\n  window_ms = 1000;\n  open_ms = 100;\n"
	    "  reject = true;\n};\n"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		expect_contains("show", parts[i], result.out);
	process_free(&result);
}

static void a_compiled_policy_is_the_text_it_came_from(void)
{
	const char *text = scratch_text("text.cfg", orders);
	const char *out = scratch_path("out.bin");
	struct process_result shown = RUN("show", text);
	struct stat st;

	expect_run(RUN("compile", text, "-o", out), 0, "", "");
	CU_ASSERT_EQUAL(stat(out, &st), 0);
	runner_expect_long("size, with the two rules there are",
			   offsetof(struct compiled, policy) + offsetof(struct policy, rules) +
			       2 * sizeof(struct policy_rule),
			   st.st_size);
	runner_expect_long("mode", 0644, st.st_mode & 07777);
	expect_run(RUN("check", out), 0, "", "");
	expect_run(RUN("show", out), 0, shown.out, "");
	process_free(&shown);
}

static void every_key_survives_being_compiled(void)
{
	const char *text = scratch_text("full.cfg", full);
	const char *out = scratch_path("full.bin");
	struct process_result shown = RUN("show", text);

	expect_run(RUN("compile", text, "-o", out), 0, "", "");
	expect_run(RUN("show", out), 0, shown.out, "");
	process_free(&shown);
}

static void a_spoiled_compiled_policy_is_refused(void)
{
	static struct compiled file;
	struct policy policy;
	char message[256];
	const char *path;

	policy_defaults(&policy);
	compiled_make(&file, &policy);
	path = scratch_file("spoiled.bin", &file, 200);
	snprintf(message, sizeof(message),
		 "redial-policy: %s: compiled policy is truncated, compile it again\n", path);
	expect_run(RUN("check", path), 1, "", message);
	file.version = 99;
	path = scratch_file("spoiled.bin", &file, file.size);
	snprintf(message, sizeof(message),
		 "redial-policy: %s: compiled policy is of another version of redial, compile it "
		 "again\n",
		 path);
	expect_run(RUN("check", path), 1, "", message);
	file.version = POLICY_VERSION;
	file.policy.retry.methods = UINT32_MAX;
	path = scratch_file("spoiled.bin", &file, file.size);
	snprintf(message, sizeof(message),
		 "redial-policy: %s: compiled policy is corrupted, compile it again\n", path);
	expect_run(RUN("show", path), 1, "", message);
}

static void compile_leaves_nothing_half_written(void)
{
	const char *bad = scratch_text("bad.cfg", "retry = 1;");
	const char *good = scratch_text("good.cfg", "enabled = true;");
	const char *out = scratch_text("kept.bin", "what was there");
	const char *fifo = scratch_path("out.fifo");
	struct stat st;
	char *kept;

	expect_run(RUN("compile", bad, "-o", out), 1, "", NULL);
	kept = read_whole(out);
	runner_expect_text("after a bad policy", "what was there", kept);
	free(kept);
	mkdir(scratch_path("empty"), 0755);
	expect_run(RUN("compile", good, "-o", scratch_path("empty/no/out")), 3, "", NULL);
	expect_run(RUN("compile", good, "-o", scratch_path("empty")), 3, "", NULL);
	/* such as /dev/stdout: a rename would put a file in its place */
	CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
	expect_run(RUN("compile", good, "-o", fifo), 3, "", NULL);
	CU_ASSERT_EQUAL(stat(fifo, &st), 0);
	runner_expect_long("still a fifo", 1, S_ISFIFO(st.st_mode));
	runner_expect_long("left behind", 0, rmdir(scratch_path("empty")));
}

static void wrong_usage_has_its_own_exit_status(void)
{
	static const char *const bad[][4] = {
	    {NULL},
	    {"nonsense"},
	    {"check"},
	    {"check", "a", "b"},
	    {"show", "a", "b"},
	    {"compile", "a"},
	    {"compile", "-o", "a"},
	    {"compile", "a", "-x"},
	    {"cache"},
	    {"explain", "a"},
	    {"explain", "--method"},
	    {"explain", "a", "--nonsense"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct process_result result = RUN(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);

		runner_expect_long(bad[i][0] ? bad[i][0] : "nothing", 2, result.status);
		expect_contains("standard error", "see redial-policy --help\n", result.err);
		runner_expect_text("standard output", "", result.out);
		process_free(&result);
	}
}

static void help_and_version_fit_a_terminal(void)
{
	struct process_result result = RUN("--help");

	runner_expect_long("exit status", 0, result.status);
	for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n"))
		runner_expect_long(line, 1, strlen(line) <= 80);
	process_free(&result);
	expect_run(RUN("--version"), 0, "redial-policy " REDIAL_VERSION "\n", "");
}

static void a_full_disk_is_told(void)
{
	const char *argv[] = {"sh", "-c", "exec \"$0\" show >/dev/full",
			      build_path("redial-policy"), NULL};

	expect_run(process_run(argv, NULL, 10000), 3, "",
		   "redial-policy: standard output: No space left on device\n");
}

void suite_tool(void)
{
	static const struct runner_test tests[] = {TEST(check_is_silent_about_a_good_policy),
						   TEST(check_names_file_line_and_key),
						   TEST(show_without_a_file_prints_the_defaults),
						   TEST(what_show_prints_loads_to_the_same_policy),
						   TEST(show_prints_what_the_file_says),
						   TEST(a_compiled_policy_is_the_text_it_came_from),
						   TEST(every_key_survives_being_compiled),
						   TEST(a_spoiled_compiled_policy_is_refused),
						   TEST(compile_leaves_nothing_half_written),
						   TEST(wrong_usage_has_its_own_exit_status),
						   TEST(help_and_version_fit_a_terminal),
						   TEST(a_full_disk_is_told),
						   TEST_END};

	runner_suite("tool", tests);
}
