/* SPDX-License-Identifier: MIT */
/* scripts/redial: what it hands to the program. What it makes of programs is in test_target.c. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiled.h"
#include "launch.h"

/* Prints the variables that the launcher may set, as the program sees them. */
#define PRINT                                                                                      \
	"sh", "-c",                                                                                \
	    "echo \"preload $LD_PRELOAD\"; echo \"policy ${REDIAL_POLICY-unset}\"; "               \
	    "echo \"log ${REDIAL_LOG-unset}\""

static char library[512];

static void find_library(void)
{
	if (!realpath(build_path("libredial.so"), library))
		perror(build_path("libredial.so"));
}

static void arguments_reach_the_command_unchanged(void)
{
	struct process_result result =
	    LAUNCH("printf", "%s|", "a b", "", "*", "$x", "--help", "\\", "'\"", "\n");

	runner_expect_text("arguments", "a b||*|$x|--help|\\|'\"|\n|", result.out);
	runner_expect_text("standard error", "", result.err);
	process_free(&result);
}

static void the_exit_status_is_that_of_the_command(void)
{
	EXPECT_LAUNCH(42, "", "", "sh", "-c", "exit 42");
	EXPECT_LAUNCH(0, "", "", "true");
}

static void two_dashes_end_the_options(void)
{
	EXPECT_LAUNCH(0, "here", "", "--", "echo", "here");
	EXPECT_LAUNCH(127, "", "redial: --version is not found\n", "--", "--version");
	EXPECT_LAUNCH(0, "--check\n", "", "echo", "--check");
}

static void the_library_is_preloaded_by_its_absolute_path(void)
{
	char expected[600];

	find_library();
	snprintf(expected, sizeof(expected), "preload %s\npolicy unset\nlog unset\n", library);
	EXPECT_LAUNCH(0, expected, "", PRINT);
}

static void what_was_preloaded_already_is_kept_behind_it(void)
{
	char expected[600];

	find_library();
	snprintf(expected, sizeof(expected), "preload %s:libdl.so.2:libm.so.6:libutil.so.1\n",
		 library);
	EXPECT_LAUNCH(0, expected, "", PRINT, LAUNCH_ENV,
		      "LD_PRELOAD=libdl.so.2 libm.so.6:libutil.so.1");
}

static void nested_launchers_preload_it_once(void)
{
	char expected[600];

	find_library();
	snprintf(expected, sizeof(expected), "preload %s:libm.so.6\n", library);
	EXPECT_LAUNCH(0, expected, "", "scripts/redial", "scripts/redial", PRINT, LAUNCH_ENV,
		      "LD_PRELOAD=libm.so.6");
}

static void a_library_of_another_redial_gives_way(void)
{
	char other[600], expected[600];

	find_library();
	mkdir(scratch_path("other"), 0755);
	snprintf(other, sizeof(other), "LD_PRELOAD=%s", scratch_path("other/libredial.so"));
	unlink(scratch_path("other/libredial.so"));
	CU_ASSERT_EQUAL(symlink(library, scratch_path("other/libredial.so")), 0);
	snprintf(expected, sizeof(expected), "preload %s\n", library);
	EXPECT_LAUNCH(0, expected, "", PRINT, LAUNCH_ENV, other);
}

static void asan_is_told_that_it_need_not_be_first(void)
{
	EXPECT_LAUNCH(0, "verify_asan_link_order=0\n", "", "printenv", "ASAN_OPTIONS", LAUNCH_ENV,
		      "ASAN_OPTIONS=");
	EXPECT_LAUNCH(0, "a=1:verify_asan_link_order=0\n", "", "printenv", "ASAN_OPTIONS",
		      LAUNCH_ENV, "ASAN_OPTIONS=a=1");
	EXPECT_LAUNCH(0, "verify_asan_link_order=1:a=1\n", "", "printenv", "ASAN_OPTIONS",
		      LAUNCH_ENV, "ASAN_OPTIONS=verify_asan_link_order=1:a=1");
}

static void no_variable_of_the_launcher_reaches_the_command(void)
{
	struct process_result result;

	result = LAUNCH("env", LAUNCH_ENV, "file=kept", "target=kept");
	CU_ASSERT_PTR_NULL(strstr(result.out, "\nredial_"));
	expect_contains("file", "\nfile=kept\n", result.out);
	expect_contains("target", "\ntarget=kept\n", result.out);
	process_free(&result);
}

static void a_policy_is_handed_down_compiled(void)
{
	struct process_result result;
	char policy[600];
	char *line;

	result = LAUNCH("--policy", scratch_text("a policy.cfg", "retry = { max_attempts = 7; };"),
			PRINT);
	line = result.out ? strstr(result.out, "policy /") : NULL;
	CU_ASSERT_PTR_NOT_NULL(line);
	if (line) {
		const char *argv[] = {build_path("redial-policy"), "show", policy, NULL};
		struct process_result shown;
		char *data;

		snprintf(policy, sizeof(policy), "%.*s", (int)strcspn(line + 7, "\n"), line + 7);
		data = read_whole(policy);
		runner_expect_long("compiled", 1, data && compiled_is(data, 8));
		free(data);
		shown = process_run(argv, NULL, 10000);
		expect_contains("show", "max_attempts = 7;", shown.out);
		process_free(&shown);
	}
	process_free(&result);
}

/* RLIMIT_FSIZE: neither the policy's cache nor the launch's file can be written. */
static void where_files_may_not_grow_the_command_starts_all_the_same(void)
{
	char policy[600], script[900], cache[600];
	const char *argv[] = {"sh", "-c", script, NULL};
	const char *env[] = {cache, "REDIAL_SHARED=", NULL};
	struct process_result result;

	snprintf(cache, sizeof(cache), "XDG_RUNTIME_DIR=%s", scratch_dir());
	snprintf(policy, sizeof(policy), "%s",
		 scratch_text("no-growth.cfg", "retry = { max_attempts = 9; };"));
	snprintf(script, sizeof(script),
		 "ulimit -f 0; exec scripts/redial --policy %s sh -c 'echo $REDIAL_POLICY'",
		 policy);
	result = process_run(argv, env, 20000);
	runner_expect_long("exit status", 0, result.status);
	expect_contains("the policy as it is", policy, result.out);
	expect_contains("a warning", "share no budget: ", result.err);
	process_free(&result);
}

static void the_option_comes_before_the_environment(void)
{
	char bad[600], good[600];

	snprintf(good, sizeof(good), "REDIAL_POLICY=%s", scratch_text("good.cfg", "enabled=true;"));
	snprintf(bad, sizeof(bad), "REDIAL_POLICY=%s", scratch_text("bad.cfg", "\nretry = 1;"));
	EXPECT_LAUNCH(0, "policy /", "", PRINT, LAUNCH_ENV, good);
	EXPECT_LAUNCH(0, "policy /", "", "--policy", scratch_path("good.cfg"), PRINT, LAUNCH_ENV,
		      bad);
	EXPECT_LAUNCH(78, "", "bad.cfg:2: retry must be a group", PRINT, LAUNCH_ENV, bad);
}

static void a_bad_policy_stops_the_launch_with_one_line(void)
{
	struct process_result result;
	char expected[600];
	const char *path = scratch_text("bad.cfg", "retry = {\n\n max_attempts = 0; };");
	char option[600];

	snprintf(option, sizeof(option), "--policy=%s", path);
	result = LAUNCH(option, "echo", "started");
	snprintf(expected, sizeof(expected),
		 "redial-policy: %s:3: retry.max_attempts must be a whole number from 1 to 10, "
		 "not 0\n",
		 path);
	runner_expect_long("exit status", 78, result.status);
	runner_expect_text("standard error", expected, result.err);
	runner_expect_text("standard output", "", result.out);
	process_free(&result);
	EXPECT_LAUNCH(78, "", "cannot be read: No such file", "--policy", "/nonexistent", "true");
	EXPECT_LAUNCH(78, "", "is a directory", "--policy", "/tmp", "true");
	EXPECT_LAUNCH(78, "", "is empty", "--policy", scratch_text("empty.cfg", ""), "true");
}

static void a_compiled_policy_is_handed_down_as_it_is(void)
{
	static struct compiled file;
	struct policy policy;
	char expected[600];
	const char *path;

	policy_defaults(&policy);
	compiled_make(&file, &policy);
	path = scratch_file("made.bin", &file, file.size);
	snprintf(expected, sizeof(expected), "policy %s\n", path);
	EXPECT_LAUNCH(0, expected, "", "--policy", path, PRINT);
	EXPECT_LAUNCH(78, "", "made.bin: compiled policy is truncated", "--policy",
		      scratch_file("made.bin", &file, 99), "true");
}

/* Only root can become somebody who has no folder: nobody's place in /tmp is taken by a file. */
static void without_a_cache_folder_the_text_is_handed_down(void)
{
	const char *path = scratch_text("plain.cfg", "enabled = true;");
	struct process_result result;
	char script[600], expected[600];

	if (geteuid() != 0)
		return;
	/* A run that was stopped may have left a folder. */
	CU_ASSERT_EQUAL(system("rm -rf /tmp/redial-54321 && : >/tmp/redial-54321"), 0);
	chmod(scratch_dir(), 0755);
	/* A copy that this user can reach, wherever the tree is. */
	snprintf(script, sizeof(script),
		 "mkdir %s/tree %s/tree/build && cp -r scripts %s/tree && cp build/libredial*.so "
		 "build/redial-policy %s/tree/build && exec setpriv --reuid 54321 "
		 "%s/tree/scripts/redial --policy %s printenv REDIAL_POLICY",
		 scratch_dir(), scratch_dir(), scratch_dir(), scratch_dir(), scratch_dir(), path);
	result = process_run((const char *const[]){"sh", "-c", script, NULL},
			     (const char *const[]){"XDG_RUNTIME_DIR=", "TMPDIR=/nonexistent", NULL},
			     20000);
	snprintf(expected, sizeof(expected), "%s\n", path);
	runner_expect_text("REDIAL_POLICY", expected, result.out);
	runner_expect_text("standard error", "", result.err);
	process_free(&result);
	unlink("/tmp/redial-54321");
	CU_ASSERT_EQUAL(system("rm -r /dev/shm/redial-54321"), 0);
}

static void the_log_option_is_checked_and_made_absolute(void)
{
	char expected[600], here[256];

	EXPECT_LAUNCH(0, "log syslog\n", "", "--log", "syslog", PRINT);
	EXPECT_LAUNCH(0, "log none\n", "", "--log=none", PRINT);
	EXPECT_LAUNCH(0, "log file:/tmp/x y\n", "", "--log", "file:/tmp/x y", PRINT);
	CU_ASSERT_PTR_NOT_NULL(getcwd(here, sizeof(here)));
	snprintf(expected, sizeof(expected), "log file:%s/x.log\n", here);
	EXPECT_LAUNCH(0, expected, "", "--log", "file:x.log", "env", "REDIAL_DISABLE=1", PRINT);
	EXPECT_LAUNCH(64, "", "redial: --log must be syslog, none or file:PATH, not stderr\n",
		      "--log", "stderr", "true");
	EXPECT_LAUNCH(64, "", "redial: --log must be", "--log", "file:", "true");
	EXPECT_LAUNCH(64, "", "redial: --log must be", "--log=", "true");
}

static void check_tells_and_does_not_start(void)
{
	struct process_result result;
	char expected[600];

	find_library();
	result = LAUNCH("--check", "sh", "-c", "echo started");
	snprintf(expected, sizeof(expected), "library  %s\npolicy   the built-in one: right\n",
		 library);
	runner_expect_long("exit status", 0, result.status);
	expect_contains("check", expected, result.out);
	expect_contains("check", "sh: dynamic, can be preloaded\n", result.out);
	CU_ASSERT_PTR_NULL(strstr(result.out, "started"));
	process_free(&result);
	EXPECT_LAUNCH(0, "good.cfg: right\n", "", "--check", "--policy",
		      scratch_text("good.cfg", "enabled = true;"));
	EXPECT_LAUNCH(78, "", "syntax error", "--check", "--policy", scratch_text("bad.cfg", "x"));
	EXPECT_LAUNCH(127, "", "redial: nonesuch is not found\n", "--check", "nonesuch");
}

static void wrong_usage_has_its_own_exit_status(void)
{
	struct process_result result = launch((const char *const[]){NULL});

	runner_expect_long("exit status", 64, result.status);
	runner_expect_text("nothing", "redial: COMMAND is missing; see redial --help\n",
			   result.err);
	process_free(&result);
	EXPECT_LAUNCH(64, "", "redial: --nonsense is not an option", "--nonsense", "true");
	EXPECT_LAUNCH(64, "", "redial: -x is not an option", "-x");
	EXPECT_LAUNCH(64, "", "redial: --policy needs a value", "--policy");
	EXPECT_LAUNCH(64, "", "redial: --policy needs a value", "--policy", "", "true");
	EXPECT_LAUNCH(64, "", "redial: --log needs a value", "--log");
}

static void help_and_version_fit_a_terminal(void)
{
	struct process_result result = LAUNCH("--help");

	runner_expect_long("exit status", 0, result.status);
	expect_contains("help", "121", result.out);
	for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n"))
		runner_expect_long(line, 1, strlen(line) <= 80);
	process_free(&result);
	result = LAUNCH("--version");
	runner_expect_text("version", "redial " REDIAL_VERSION "\n", result.out);
	process_free(&result);
}

static void a_library_that_cannot_be_preloaded_is_told(void)
{
	char env[600];

	snprintf(env, sizeof(env), "REDIAL_LIBDIR=%s", scratch_dir());
	EXPECT_LAUNCH(120, "", "/libredial.so is missing: redial is not built or installed\n",
		      "true", LAUNCH_ENV, env);
	mkdir(scratch_path("a b"), 0755);
	scratch_text("a b/libredial.so", "");
	snprintf(env, sizeof(env), "REDIAL_LIBDIR=%s", scratch_path("a b"));
	EXPECT_LAUNCH(120, "", "cannot be preloaded: a space or colon is in its path\n", "true",
		      LAUNCH_ENV, env);
	mkdir(scratch_path("a:b"), 0755);
	scratch_text("a:b/libredial.so", "");
	snprintf(env, sizeof(env), "REDIAL_LIBDIR=%s", scratch_path("a:b"));
	EXPECT_LAUNCH(120, "", "cannot be preloaded: a space or colon is in its path\n", "true",
		      LAUNCH_ENV, env);
}

/* As `make install` lays it out, and called by a relative path and through a symbolic link. */
static void it_finds_its_library_wherever_it_is_called_from(void)
{
	static const char script[] =
	    "set -e; mkdir -p inst/bin inst/lib/redial link; cp \"$0/scripts/redial\" inst/bin;"
	    "cp \"$1/redial-policy\" inst/bin; cp \"$1/libredial.so\" inst/lib/redial;"
	    "ln -sf ../inst/bin/redial link/redial;"
	    "for at in \"$PWD/inst/bin/redial\" inst/bin/redial ./inst/bin/redial "
	    "inst/bin/../bin/redial link/redial; do $at --policy p.cfg sh -c 'echo "
	    "\"$LD_PRELOAD $REDIAL_POLICY\"'; done | sort -u;"
	    "cd inst/bin; ./redial printenv LD_PRELOAD; PATH=.:$PATH redial printenv LD_PRELOAD";
	char expected[2000], env[800], here[256];
	struct process_result result;
	char dir[600], command[2000];

	scratch_text("p.cfg", "enabled = true;");
	CU_ASSERT_PTR_NOT_NULL(getcwd(here, sizeof(here)));
	find_library();
	*strrchr(library, '/') = '\0';
	snprintf(dir, sizeof(dir), "%s", scratch_dir());
	snprintf(env, sizeof(env), "XDG_RUNTIME_DIR=%s", dir);
	snprintf(command, sizeof(command), "cd %s && %s", dir, script);
	result = process_run((const char *const[]){"sh", "-c", command, here, library, NULL},
			     (const char *const[]){env, NULL}, 20000);
	snprintf(expected, sizeof(expected), "%s/inst/lib/redial/libredial.so %s/redial-%u/", dir,
		 dir, geteuid());
	runner_expect_long("starts", 0, strncmp(result.out, expected, strlen(expected)));
	snprintf(expected, sizeof(expected),
		 "\n%s/inst/lib/redial/libredial.so\n%s/inst/lib/redial/libredial.so\n", dir, dir);
	expect_contains("from its own folder", expected, result.out);
	runner_expect_text("standard error", "", result.err);
	process_free(&result);
}

void suite_launcher(void)
{
	static const struct runner_test tests[] = {
	    TEST(arguments_reach_the_command_unchanged),
	    TEST(the_exit_status_is_that_of_the_command),
	    TEST(two_dashes_end_the_options),
	    TEST(the_library_is_preloaded_by_its_absolute_path),
	    TEST(what_was_preloaded_already_is_kept_behind_it),
	    TEST(nested_launchers_preload_it_once),
	    TEST(a_library_of_another_redial_gives_way),
	    TEST(asan_is_told_that_it_need_not_be_first),
	    TEST(no_variable_of_the_launcher_reaches_the_command),
	    TEST(a_policy_is_handed_down_compiled),
	    TEST(where_files_may_not_grow_the_command_starts_all_the_same),
	    TEST(the_option_comes_before_the_environment),
	    TEST(a_bad_policy_stops_the_launch_with_one_line),
	    TEST(a_compiled_policy_is_handed_down_as_it_is),
	    TEST(without_a_cache_folder_the_text_is_handed_down),
	    TEST(the_log_option_is_checked_and_made_absolute),
	    TEST(check_tells_and_does_not_start),
	    TEST(wrong_usage_has_its_own_exit_status),
	    TEST(help_and_version_fit_a_terminal),
	    TEST(a_library_that_cannot_be_preloaded_is_told),
	    TEST(it_finds_its_library_wherever_it_is_called_from),
	    TEST_END};

	runner_suite("launcher", tests);
}
