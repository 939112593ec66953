/* SPDX-License-Identifier: MIT */
/* redial-policy cache: the compiled policies that the launcher hands down. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loading.h"
#include "support/process.h"

static const char one[] = "retry = { max_attempts = 7; };";

static void expect_loads(const char *path)
{
	bool compiled = false;

	runner_expect_long(path, 0, load_any_policy(path, &policy, &error, &compiled));
	runner_expect_long("compiled", 1, compiled);
	runner_expect_long("max_attempts", 7, policy.retry.max_attempts);
}

static void cache_prints_the_path_of_a_private_compiled_policy(void)
{
	const char *text = scratch_text("cached.cfg", one);
	char env[600], folder[600], path[600];
	const char *argv[] = {build_path("redial-policy"), "cache", text, NULL};
	const char *envs[] = {env, NULL};
	struct process_result result;
	struct stat st;
	mode_t mask = umask(0);

	umask(mask);
	mkdir(scratch_path("run"), 0755);
	snprintf(env, sizeof(env), "XDG_RUNTIME_DIR=%s", scratch_path("run"));
	snprintf(folder, sizeof(folder), "%s/redial-%u", scratch_path("run"), geteuid());
	result = process_run(argv, envs, 10000);
	runner_expect_long("exit status", 0, result.status);
	runner_expect_long("in the folder", 0, strncmp(result.out, folder, strlen(folder)));
	CU_ASSERT_EQUAL(stat(folder, &st), 0);
	runner_expect_long("mode", 0755 & ~mask, st.st_mode & 07777);
	snprintf(path, sizeof(path), "%s", result.out);
	path[strcspn(path, "\n")] = '\0';
	process_free(&result);
	expect_loads(path);
	result = process_run(argv, envs, 10000);
	runner_expect_long("the same again", 0, strncmp(result.out, path, strlen(path)));
	process_free(&result);
	scratch_text("cached.cfg", "enabled = true;");
	result = process_run(argv, envs, 10000);
	runner_expect_long("another for another policy", 1,
			   strncmp(result.out, path, strlen(path)) != 0);
	process_free(&result);
}

/* XDG_RUNTIME_DIR, then TMPDIR, then /tmp: what is not ours alone is not used. */
static void cache_does_not_trust_a_folder_that_others_could_write(void)
{
	const char *text = scratch_text("cached.cfg", one);
	const char *argv[] = {build_path("redial-policy"), "cache", text, NULL};
	char run_env[600], tmp_env[600], folder[600], good[600];
	const char *envs[] = {run_env, tmp_env, NULL};
	struct process_result result;

	mkdir(scratch_path("run2"), 0755);
	mkdir(scratch_path("tmp2"), 0755);
	snprintf(run_env, sizeof(run_env), "XDG_RUNTIME_DIR=%s", scratch_path("run2"));
	snprintf(tmp_env, sizeof(tmp_env), "TMPDIR=%s", scratch_path("tmp2"));
	snprintf(folder, sizeof(folder), "%s/redial-%u", scratch_path("run2"), geteuid());
	snprintf(good, sizeof(good), "%s/redial-%u/", scratch_path("tmp2"), geteuid());
	mkdir(folder, 0755);
	chmod(folder, 0770);
	result = process_run(argv, envs, 10000);
	expect_contains("open to the group", good, result.out);
	process_free(&result);
	rmdir(folder);
	mkdir(scratch_path("private"), 0700);
	CU_ASSERT_EQUAL(symlink(scratch_path("private"), folder), 0);
	result = process_run(argv, envs, 10000);
	expect_contains("a symbolic link", good, result.out);
	process_free(&result);
	unlink(folder);
	if (geteuid() != 0)
		return;
	mkdir(folder, 0700);
	CU_ASSERT_EQUAL(chown(folder, 65534, 65534), 0);
	result = process_run(argv, envs, 10000);
	expect_contains("another user's", good, result.out);
	process_free(&result);
}

static void cache_heals_what_was_spoiled(void)
{
	const char *text = scratch_text("cached.cfg", one);
	const char *argv[] = {build_path("redial-policy"), "cache", text, NULL};
	char env[600], path[600];
	const char *envs[] = {env, NULL};
	struct process_result result;
	FILE *file;

	mkdir(scratch_path("run3"), 0755);
	snprintf(env, sizeof(env), "XDG_RUNTIME_DIR=%s", scratch_path("run3"));
	result = process_run(argv, envs, 10000);
	snprintf(path, sizeof(path), "%s", result.out);
	path[strcspn(path, "\n")] = '\0';
	process_free(&result);
	for (int i = 0; i < 2; i++) {
		file = fopen(path, i == 0 ? "w" : "r+");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		fseek(file, i == 0 ? 0 : -9, SEEK_END);
		fputs("spoiled", file);
		fclose(file);
		result = process_run(argv, envs, 10000);
		runner_expect_long("the same path", 0, strncmp(result.out, path, strlen(path)));
		process_free(&result);
		expect_loads(path);
	}
}

void suite_cache(void)
{
	static const struct runner_test tests[] = {
	    TEST(cache_prints_the_path_of_a_private_compiled_policy),
	    TEST(cache_does_not_trust_a_folder_that_others_could_write),
	    TEST(cache_heals_what_was_spoiled), TEST_END};

	runner_suite("cache", tests);
}
