/* SPDX-License-Identifier: MIT */
/* The runs of the zoo. Several clients of one process share one run in each mode. */
#include "zoo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/process.h"

enum { MEMBERS_MAX = 32, REST_MS = 350 };

const enum fault_id zoo_faults[N_ZOO_MODES] = {GET_RESET, GET_CLOSE, GET_IDLE_CLOSE,
					       POST_IDLE_CLOSE, POST_RESET};

static bool in_path(const char *command)
{
	char *path = strdup(getenv("PATH") ? getenv("PATH") : ""), *rest = path, *dir;
	char file[4096];
	bool found = false;

	while (!found && (dir = strsep(&rest, ":"))) {
		snprintf(file, sizeof file, "%s/%s", dir, command);
		found = !access(file, X_OK);
	}
	free(path);
	return found;
}

static bool is_there(const char *needs)
{
	char sbin[4096];

	if (strchr("/%@", *needs))
		return !access(program_path(needs), R_OK);
	snprintf(sbin, sizeof sbin, "/usr/sbin/%s", needs);
	return in_path(needs) || !access(sbin, X_OK);
}

bool zoo_has(const struct zoo_row *row)
{
	const char *which = getenv("REDIAL_ZOO");

	if (!row->check && !(which && !strcmp(which, "all")))
		return false;
	if (!row->needs || is_there(row->needs))
		return true;
	printf("left out: %s, for %s is not installed\n", row->program.name,
	       *row->needs == '%' ? row->needs + 1 : row->needs);
	return false;
}

char zoo_letter(const struct run *run, enum zoo_mode mode)
{
	const struct fault *fault = &faults[zoo_faults[mode]];
	bool twice = run->seen_most > 1;

	if (run->timed_out)
		return '!';
	if (run->ok == fault->count)
		return twice ? '2' : '+';
	return twice ? '=' : '-';
}

const char *const *zoo_environment(void)
{
	static char python[4096];
	static const char *list[] = {python, "PYTHONDONTWRITEBYTECODE=1", NULL};

	snprintf(python, sizeof python, "PYTHONPATH=%s", build_path("tests/zoo/python"));
	return list;
}

static int run_once(struct run *runs, const struct zoo_row *row, enum zoo_mode mode,
		    const char *const *members, bool redial)
{
	const struct way way = {.redial = redial,
				.policy = row->policy,
				.members = members,
				.env = zoo_environment(),
				.rest_ms = mode == ZOO_GET_RESET ? REST_MS : 0};

	return program_meet(runs, &row->program, &faults[zoo_faults[mode]], &way);
}

/* The runs of a process that is several clients, kept for each of them. */
static struct batch {
	const char *name;
	const char *members[MEMBERS_MAX + 1];
	struct run bare[MEMBERS_MAX], redial[MEMBERS_MAX];
	bool done;
	int result;
} batches[4][N_ZOO_MODES];

static bool same_batch(const struct zoo_row *a, const struct zoo_row *b)
{
	return a->member && b->member && !strcmp(a->program.argv[0], b->program.argv[0]) &&
	       a->check == b->check;
}

static struct batch *batch_of(const struct zoo_row *row, enum zoo_mode mode)
{
	const char *name = row->check ? "check" : "zoo";
	struct batch *batch = NULL;
	size_t n = 0;

	for (size_t i = 0; !batch && i < sizeof batches / sizeof *batches; i++) {
		if (!batches[i][mode].name || batches[i][mode].name == name)
			batch = &batches[i][mode];
	}
	if (!batch || batch->done)
		return batch;
	batch->name = name;
	for (const struct zoo_row *r = zoo_rows; r->test && n < MEMBERS_MAX; r++) {
		if (same_batch(r, row))
			batch->members[n++] = r->member;
	}
	return batch;
}

static int meet_member(const struct zoo_row *row, enum zoo_mode mode, struct run *bare,
		       struct run *redial)
{
	struct batch *batch = batch_of(row, mode);

	if (!batch)
		return -1;
	if (!batch->done)
		batch->result = run_once(batch->bare, row, mode, batch->members, false) ||
					run_once(batch->redial, row, mode, batch->members, true)
				    ? -1
				    : 0;
	batch->done = true;
	for (size_t i = 0; batch->members[i]; i++) {
		if (!strcmp(batch->members[i], row->member)) {
			*bare = batch->bare[i];
			*redial = batch->redial[i];
		}
	}
	return batch->result;
}

int zoo_meet(const struct zoo_row *row, enum zoo_mode mode, struct run *bare, struct run *redial)
{
	if (row->member)
		return meet_member(row, mode, bare, redial);
	return run_once(bare, row, mode, NULL, false) || run_once(redial, row, mode, NULL, true)
		   ? -1
		   : 0;
}
