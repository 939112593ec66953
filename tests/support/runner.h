/* SPDX-License-Identifier: MIT */
/* What every test program shares: CUnit set up, run, summed up. */
#ifndef REDIAL_TEST_RUNNER_H
#define REDIAL_TEST_RUNNER_H

#include <CUnit/CUnit.h>

struct runner_test {
	const char *name;
	void (*run)(void);
};

/* Adds a suite of tests; the list ends with a NULL name. Exits the test program if CUnit refuses. */
void runner_suite(const char *name, const struct runner_test *tests);

/*
 * Call from main() around the registration of all suites: runner_begin() first, runner_end()
 * last. runner_end runs them all (or only the suite or test that argv[1] names), prints CUnit's
 * summary, appends "PASSED FAILED" as one line to the file that the environment variable
 * REDIAL_TEST_COUNTS names, if it is set, and returns main's exit status: 0 if nothing failed.
 */
void runner_begin(void);
int runner_end(int argc, char **argv);

/* Like CU_ASSERT_*, but a failure prints what was expected and what came. Both return success. */
int runner_expect_long(const char *what, long expected, long got);
int runner_expect_text(const char *what, const char *expected, const char *got);

#endif
