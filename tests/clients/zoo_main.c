/* SPDX-License-Identifier: MIT */
/* The zoo's tests: whatever these programs do by themselves, redial makes none of it worse. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/process.h"
#include "support/runner.h"
#include "zoo.h"

enum { ROWS_MAX = 200, SLOWER_MS = 1000, NOISE_MS = 150 };

static const char *const suites[N_ZOO_MODES] = {
    [ZOO_GET_RESET] = "zoo: GET read, then RST",
    [ZOO_GET_CLOSE] = "zoo: GET read, then FIN",
    [ZOO_GET_IDLE] = "zoo: GET after FIN while idle",
    [ZOO_POST_IDLE] = "zoo: POST after FIN while idle",
    [ZOO_POST_RESET] = "zoo: POST read, then RST",
};

static const struct zoo_row *row_of(const char *test)
{
	const struct zoo_row *row = zoo_rows;

	while (row->test && strcmp(row->test, test))
		row++;
	return row;
}

static enum zoo_mode mode_of(const char *suite)
{
	int mode = 0;

	while (mode < N_ZOO_MODES - 1 && strcmp(suites[mode], suite))
		mode++;
	return (enum zoo_mode)mode;
}

static int expect_at_most(const char *what, long most, long got)
{
	char text[160];

	snprintf(text, sizeof text, "%s at most %ld", what, most);
	return runner_expect_long(text, got <= most ? got : most, got);
}

static char expected(const struct zoo_row *row, enum zoo_mode mode, const struct run *bare)
{
	if (row->redial && row->redial[mode] != '.')
		return row->redial[mode];
	return mode == ZOO_POST_RESET ? zoo_letter(bare, mode) : '+';
}

/* A second sighting is the redial's, or was the program's own before. */
static bool is_as_good(char want, char got)
{
	return want == got || (want == '+' && got == '2');
}

static void expect_outcome(const struct zoo_row *row, enum zoo_mode mode, const struct run *bare,
			   const struct run *redial)
{
	char want = expected(row, mode, bare), got = zoo_letter(redial, mode);
	char text[2][2] = {{want}, {got}};
	int most = bare->seen_most > 1 ? bare->seen_most : 1;

	if (!is_as_good(want, got))
		runner_expect_text("outcome", text[0], text[1]);
	if (want == '-' && mode != ZOO_POST_RESET)
		runner_expect_text("reason", row->reason ? row->reason : "", redial->reason);
	if (want == '-' && mode != ZOO_POST_RESET && !row->reason)
		runner_expect_long("requests sent", bare->requests, redial->requests);
	if (want == '2' && mode == ZOO_POST_RESET)
		most = 2;
	if (mode <= ZOO_GET_CLOSE && most < 2)
		most = 2;
	expect_at_most("sightings of one request", most, redial->seen_most);
}

static void is_no_worse(void)
{
	const struct zoo_row *row = row_of(CU_get_current_test()->pName);
	enum zoo_mode mode = mode_of(CU_get_current_suite()->pName);
	struct run bare = {0}, redial = {0};
	char letter[2] = {0}, want[2] = {row->bare[mode]};

	if (!runner_expect_long("servers started", 0, zoo_meet(row, mode, &bare, &redial)))
		return;
	letter[0] = zoo_letter(&bare, mode);
	if (*want != '?')
		runner_expect_text("bare", want, letter);
	expect_outcome(row, mode, &bare, &redial);
	expect_at_most("ms", bare.elapsed_ms + SLOWER_MS, redial.elapsed_ms);
	expect_at_most("ms of CPU time", bare.cpu_ms * 6 / 5 + NOISE_MS, redial.cpu_ms);
}

/* A row takes part in the modes that it has a letter for. */
static void add_suites(void)
{
	static struct runner_test tests[N_ZOO_MODES][ROWS_MAX + 1];
	size_t n[N_ZOO_MODES] = {0};

	for (const struct zoo_row *row = zoo_rows; row->test; row++) {
		if (!zoo_has(row))
			continue;
		for (int mode = 0; mode < N_ZOO_MODES; mode++) {
			if (row->bare[mode] != '.' && n[mode] < ROWS_MAX)
				tests[mode][n[mode]++] =
				    (struct runner_test){row->test, is_no_worse};
		}
	}
	for (int mode = 0; mode < N_ZOO_MODES; mode++)
		runner_suite(suites[mode], tests[mode]);
}

int main(int argc, char **argv)
{
	if (access(build_path("libredial.so"), R_OK)) {
		fprintf(stderr, "zoo-tests: build/libredial.so is missing; run make\n");
		return 2;
	}
	if (argc > 1 && !strcmp(argv[1], "--table")) {
		zoo_table(argc > 2 ? argv[2] : NULL);
		return 0;
	}
	runner_begin();
	add_suites();
	return runner_end(argc, argv);
}
