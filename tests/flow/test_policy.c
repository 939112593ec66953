/* SPDX-License-Identifier: MIT */
/* A policy that cannot be used: one line says why, and the program runs as if redial were not. */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiled.h"
#include "flow.h"

static void is_refused(struct flow flow, const char *why)
{
	flow.program = "two_gets";
	flow.faults[0] = "reset@1.2";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n");
	expect_seen(&flow, 1, "path=/2 ", NULL);
	expect_logged(&flow, 1, NULL, NULL);
	expect_logged(&flow, 1, "event=policy result=invalid file=/", "/policy.cfg");
	expect_logged(&flow, 1, why, NULL);
	flow_end(&flow);
}

static void file_is_refused(void (*make)(const char *path, int port), const char *why)
{
	is_refused((struct flow){.make_policy = make}, why);
}

static void make_nothing(const char *path, int port)
{
	(void)path;
	(void)port;
}

static void make_empty(const char *path, int port)
{
	(void)port;
	fclose(fopen(path, "we"));
}

static void make_directory(const char *path, int port)
{
	(void)port;
	if (symlink("/tmp", path))
		perror(path);
}

static void make_loop(const char *path, int port)
{
	(void)port;
	if (symlink(path, path))
		perror(path);
}

static void make_fifo(const char *path, int port)
{
	(void)port;
	mkfifo(path, 0600);
}

static void make_world_writable(const char *path, int port)
{
	(void)port;
	FILE *file = fopen(path, "we");
	fputs("enabled = true;\n", file);
	fclose(file);
	chmod(path, 0666);
}

static void missing_policy_is_refused(void)
{
	file_is_refused(make_nothing, "error=\"no such file\"");
}

static void empty_policy_is_refused(void)
{
	file_is_refused(make_empty, "error=\"is empty");
}

static void directory_is_refused(void)
{
	file_is_refused(make_directory, "error=\"is a directory");
}

static void policy_that_cannot_be_opened_is_refused(void)
{
	file_is_refused(make_loop, "error=\"cannot be opened\"");
}

static void fifo_is_refused_without_waiting_for_a_writer(void)
{
	file_is_refused(make_fifo, "error=\"is not a regular file\"");
}

static void policy_that_everyone_may_write_is_refused_to_root(void)
{
	if (geteuid() == 0)
		file_is_refused(make_world_writable, "error=\"is writable by everyone");
	else
		printf("NOT RUN: needs root ");
}

static void policy_with_a_mistake_is_refused_with_its_line(void)
{
	static const struct {
		const char *text, *line, *key;
	} mistakes[] = {
	    {"enabled = true;\nretry = {\n", " line=3 ", "error="},
	    {"\n\nretries = { };\n", " line=3 ", "retries"},
	    {"retry = {\n  max_attemps = 3;\n};\n", " line=2 ", "did you mean max_attempts?"},
	    {"retry = {\n  max_attempts = \"3\";\n};\n", " line=2 ", "max_attempts"},
	    {"retry = {\n  max_attempts = 11;\n};\n", " line=2 ", "max_attempts"},
	    {"retry = {\n  max_attempts = 0;\n};\n", " line=2 ", "max_attempts"},
	    {"retry = {\n  max_attempts = 4294967298;\n};\n", " line=2 ", "too large"},
	    {"retry = { methods = [\n\"POST\"]; };\n", " line=2 ", "POST"},
	    {"retry = { methods = [\n\"get\"]; };\n", " line=2 ", "get"},
	    {"retry = { on = [\n\"rest\"]; };\n", " line=2 ", "rest"},
	    {"retry = { backoff = {\nmultiplier = 0.5; }; };\n", " line=2 ", "multiplier"},
	    {"retry = { backoff = {\njitter = \"some\"; }; };\n", " line=2 ", "jitter"},
	    {"rules = ( { port = 80; },\n { port = 70000; } );\n", " line=2 ", "port"},
	    {"retry = { statuses = [502,\n404]; };\n", " line=2 ", "statuses"},
	    {"log = { sink = \"stderr\"; };\n", " line=1 ", "sink"},
	    {"enabled = true;\nenabled = true;\n", " line=2 ", "error="},
	};
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		is_refused((struct flow){.policy = mistakes[i].text}, mistakes[i].line);
		is_refused((struct flow){.policy = mistakes[i].text}, mistakes[i].key);
	}
}

/* Compiles a policy that lets PUT be resent, and changes the result. */
static void compile(const char *path, long cut_to, long at)
{
	char source[200];
	snprintf(source, sizeof(source), "%s.text", path);
	FILE *file = fopen(source, "we");
	fputs("retry = { methods = [\"PUT\"]; };\n", file);
	fclose(file);
	const char *const argv[] = {
	    build_path("redial-policy"), "compile", source, "-o", path, NULL};
	struct process_result result = process_run(argv, NULL, 5000);
	runner_expect_long("redial-policy compile", 0, result.status);
	process_free(&result);
	if (cut_to >= 0 && truncate(path, cut_to))
		perror(path);
	if (at < 0)
		return;
	file = fopen(path, "r+e");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fseek(file, at, SEEK_SET);
	int byte = fgetc(file);
	fseek(file, at, SEEK_SET);
	fputc(byte ^ 1, file);
	fclose(file);
}

static void make_compiled(const char *path, int port)
{
	(void)port;
	compile(path, -1, -1);
}

static void make_truncated(const char *path, int port)
{
	(void)port;
	compile(path, (long)offsetof(struct compiled, policy.rules) - 1, -1);
}

static void make_header_only(const char *path, int port)
{
	(void)port;
	compile(path, 12, -1);
}

static void make_longer(const char *path, int port)
{
	(void)port;
	compile(path, (long)sizeof(struct compiled) + 1, -1);
}

static void make_corrupted(const char *path, int port)
{
	(void)port;
	compile(path, -1, (long)offsetof(struct compiled, policy.retry.methods));
}

static void make_of_another_version(const char *path, int port)
{
	(void)port;
	compile(path, -1, (long)offsetof(struct compiled, version));
}

static void truncated_compiled_policy_is_refused(void)
{
	file_is_refused(make_truncated, "truncated, compile it again");
	file_is_refused(make_header_only, "truncated, compile it again");
}

static void corrupted_compiled_policy_is_refused(void)
{
	file_is_refused(make_corrupted, "corrupted, compile it again");
	file_is_refused(make_longer, "corrupted, compile it again");
}

static void compiled_policy_of_another_version_is_refused(void)
{
	file_is_refused(make_of_another_version, "another version of redial, compile it again");
}

static void compiled_policy_is_obeyed(void)
{
	struct flow flow = {.program = "get_then_put",
			    .arg = "/2",
			    .faults = {"reset@1.2"},
			    .make_policy = make_compiled};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	expect_logged(&flow, 1, "event=outcome result=recovered", "method=PUT");
	flow.program = "two_gets";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n");
	expect_logged(&flow, 1, "event=refused reason=method", NULL);
	flow_end(&flow);
}

/* What somebody does to the policy's file while the program runs. */
static void spoil(const char *how, const char *path)
{
	static const char rubbish[20000] = "rubbish";
	char other[400];
	int fd = -1;
	snprintf(other, sizeof(other), "%s.other", path);
	if (!strcmp(how, "cut off"))
		fd = truncate(path, 0);
	else if (!strcmp(how, "cut short"))
		fd = truncate(path, 100);
	else if (!strcmp(how, "removed"))
		fd = unlink(path);
	else if (!strcmp(how, "another is in its place"))
		fd = rename(other, path);
	else if (!strcmp(how, "not to be read"))
		fd = chmod(path, 0);
	else if (!strcmp(how, "overwritten, and longer") &&
		 (fd = open(path, O_WRONLY | O_CLOEXEC)) >= 0 &&
		 write(fd, rubbish, sizeof(rubbish)) != (ssize_t)sizeof(rubbish))
		fd = -1;
	if (fd < 0)
		say("not done: %s", how);
}

/* arg: what happens to its policy. */
PROGRAM(puts_after_its_policy_has_gone)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	spoil(program.arg, getenv("REDIAL_POLICY"));
	exchange(fd, "PUT", "/2", "x");
	hang_up(fd);
}

static void make_compiled_and_another(const char *path, int port)
{
	char other[200];
	snprintf(other, sizeof(other), "%s.other", path);
	make_corrupted(other, port);
	make_compiled(path, port);
}

static void make_text_and_another(const char *path, int port)
{
	make_compiled_and_another(path, port);
	char source[200];
	snprintf(source, sizeof(source), "%s.text", path);
	if (rename(source, path))
		perror(path);
}

static void what_happens_to_its_file_changes_no_policy_of_a_program_that_runs(void)
{
	static const char *const ways[] = {"cut off",	     "cut short",
					   "removed",	     "another is in its place",
					   "not to be read", "overwritten, and longer"};
	for (size_t i = 0; i < 2 * sizeof(ways) / sizeof(ways[0]); i++) {
		struct flow flow = {.program = "puts_after_its_policy_has_gone",
				    .arg = ways[i / 2],
				    .faults = {"reset@1.2"},
				    .make_policy =
					i % 2 ? make_text_and_another : make_compiled_and_another};
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_logged(&flow, 1, "event=outcome result=recovered", "method=PUT");
		flow_end(&flow);
	}
}

static void reads_while_it_is_written(const char *path, const char *how, int status,
				      const char *error)
{
	const char *const argv[] = {build_path("redial-policy"), "check", path, NULL};
	char preload[300], file[300], way[32];
	const char *const env[] = {preload, file, way, NULL};
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", build_path("tests/behind/changing.so"));
	snprintf(file, sizeof(file), "CHANGING=%s", path);
	snprintf(way, sizeof(way), "HOW=%s", how);
	struct process_result result = process_run(argv, env, 5000);
	runner_expect_long(how, status, result.status);
	runner_expect_long(how, 1, strstr(result.err, error) != NULL);
	process_free(&result);
}

static void text_that_changes_while_it_is_read_is_refused(void)
{
	char path[] = "/tmp/redial-flow.XXXXXX";
	int fd = mkstemp(path);
	dprintf(fd, "enabled = true;\n# %4000s\nretry = { methods = []; };\n", "the rest");
	reads_while_it_is_written(path, "no", 0, "");
	reads_while_it_is_written(path, "touch", 1, "changed while it was read");
	reads_while_it_is_written(path, "grow", 1, "changed while it was read");
	reads_while_it_is_written(path, "cut", 1, "changed while it was read");
	unlink(path);
	close(fd);
}

static void unknown_log_sink_is_told_and_the_program_runs_on(void)
{
	struct flow flow = {
	    .program = "two_gets", .faults = {"reset@1.2"}, .env = {"REDIAL_LOG=stderr"}};
	flow_redial(&flow);
	runner_expect_text("standard error", "", flow.result.err);
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

const struct runner_test policy_tests[] = {
    T(missing_policy_is_refused),
    T(empty_policy_is_refused),
    T(directory_is_refused),
    T(policy_that_cannot_be_opened_is_refused),
    T(fifo_is_refused_without_waiting_for_a_writer),
    T(policy_that_everyone_may_write_is_refused_to_root),
    T(policy_with_a_mistake_is_refused_with_its_line),
    T(truncated_compiled_policy_is_refused),
    T(corrupted_compiled_policy_is_refused),
    T(compiled_policy_of_another_version_is_refused),
    T(compiled_policy_is_obeyed),
    T(what_happens_to_its_file_changes_no_policy_of_a_program_that_runs),
    T(text_that_changes_while_it_is_read_is_refused),
    T(unknown_log_sink_is_told_and_the_program_runs_on),
    T_END,
};
