/* SPDX-License-Identifier: MIT */
#include "loading.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

struct policy policy;
struct load_error error;

int load(const char *text)
{
	memset(&error, 0, sizeof(error));
	return load_policy(scratch_text("policy.cfg", text), &policy, &error);
}

int accepted(const char *text)
{
	int result = load(text);

	if (result)
		printf("\n    %s: refused: %u: %s", text, error.line, error.text);
	CU_ASSERT_EQUAL(result, 0);
	return !result;
}

void refused(const char *text, unsigned line, const char *message)
{
	runner_expect_long(text, -1, load(text));
	runner_expect_long(text, line, error.line);
	runner_expect_text(text, message, error.text);
}

void refused_file(const char *path, const char *message)
{
	memset(&error, 0, sizeof(error));
	runner_expect_long(path, -1, load_policy(path, &policy, &error));
	runner_expect_long(path, 0, error.line);
	expect_contains(path, message, error.text);
}
