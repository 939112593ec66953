/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

struct process_result launch(const char *const words[])
{
	const char *argv[12] = {"scripts/redial"};
	char cache[600];
	const char *env[6] = {cache};
	int i = 0;

	snprintf(cache, sizeof(cache), "XDG_RUNTIME_DIR=%s", scratch_dir());
	for (int n = 1; words[i] && strcmp(words[i], LAUNCH_ENV) != 0; i++)
		argv[n++] = words[i];
	for (int n = 1; words[i] && words[i + 1]; i++)
		env[n++] = words[i + 1];
	return process_run(argv, env, 20000);
}

void expect_launch(int status, const char *out, const char *err, const char *const words[])
{
	struct process_result result = launch(words);

	runner_expect_long("exit status", status, result.status);
	if (out)
		expect_contains("standard output", out, result.out);
	if (err)
		expect_contains("standard error", err, result.err);
	process_free(&result);
}
