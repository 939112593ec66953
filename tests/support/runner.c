/* SPDX-License-Identifier: MIT */
#include "runner.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, CU_get_error_msg());
	exit(2);
}

void runner_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		give_up("CU_initialize_registry");
}

void runner_suite(const char *name, const struct runner_test *tests)
{
	CU_pSuite suite = CU_add_suite(name, NULL, NULL);
	if (!suite)
		give_up(name);
	for (; tests->name; tests++) {
		if (!CU_add_test(suite, tests->name, tests->run))
			give_up(tests->name);
	}
}

static int run_named(const char *name)
{
	CU_pSuite suite = CU_get_suite(name);
	if (suite)
		return CU_basic_run_suite(suite) != CUE_SUCCESS;
	int found = 0;
	for (suite = CU_get_registry()->pSuite; suite; suite = suite->pNext) {
		CU_pTest test = CU_get_test(suite, name);
		if (!test)
			continue;
		CU_basic_run_test(suite, test);
		found = 1;
	}
	if (!found)
		fprintf(stderr, "no suite or test is called %s\n", name);
	return !found;
}

static void tell_counts(unsigned passed, unsigned failed)
{
	const char *path = getenv("REDIAL_TEST_COUNTS");
	FILE *file = path ? fopen(path, "a") : NULL;
	if (!file)
		return;
	fprintf(file, "%u %u\n", passed, failed);
	fclose(file);
}

int runner_end(int argc, char **argv)
{
	CU_basic_set_mode(CU_BRM_VERBOSE);
	int trouble = argc > 1 ? run_named(argv[1]) : CU_basic_run_tests() != CUE_SUCCESS;
	unsigned failed = CU_get_number_of_tests_failed();
	tell_counts(CU_get_number_of_tests_run() - failed, failed);
	CU_cleanup_registry();
	return failed || trouble ? 1 : 0;
}

int runner_expect_long(const char *what, long expected, long got)
{
	if (expected != got)
		printf("\n    %s: expected %ld, got %ld", what, expected, got);
	CU_ASSERT_EQUAL(expected, got);
	return expected == got;
}

int runner_expect_text(const char *what, const char *expected, const char *got)
{
	int same = got && strcmp(expected, got) == 0;
	if (!same)
		printf("\n    %s: expected \"%s\", got \"%s\"", what, expected, got ? got : "(null)");
	CU_ASSERT(same);
	return same;
}
