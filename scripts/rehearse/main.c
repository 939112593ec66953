/* SPDX-License-Identifier: MIT */
/* redial rehearse: a program's failures made on purpose, and what redial does for it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "place.h"
#include "print.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "redial rehearse: %s: %s\n", what, strerror(-error));
	return BROKEN;
}

/* Behind libredial.so, which the launcher puts in front; what was there already stays. */
static int set_preload(const struct place *place, bool bare)
{
	const char *before = getenv("LD_PRELOAD");
	char *copy = strdup(before ? before : ""), *rest = copy, *word;
	size_t room = strlen(place->library) + (before ? strlen(before) : 0) + 2;
	char *joined = malloc(room);

	if (!copy || !joined)
		return -ENOMEM;
	strcpy(joined, place->library);
	while ((word = strsep(&rest, ": "))) {
		const char *name = strrchr(word, '/');
		name = name ? name + 1 : word;
		if (!*name || !strcmp(name, "libredial-rehearse.so") ||
		    (bare && !strcmp(name, "libredial.so")))
			continue;
		strcat(strcat(joined, ":"), word);
	}
	int error = setenv("LD_PRELOAD", joined, 1) ? -errno : 0;
	free(copy);
	free(joined);
	return error;
}

static void warn(bool bare)
{
	const char *log = getenv("REDIAL_LOG"), *off = getenv("REDIAL_DISABLE");

	if (log && *log && !bare)
		fprintf(stderr,
			"redial rehearse: what redial logs goes to the rehearsal, not to %s\n",
			log);
	if (off && *off && !bare)
		fputs("redial rehearse: REDIAL_DISABLE is set: redial may do nothing\n", stderr);
}

static int prepare(const struct place *place, const struct options *options)
{
	int error = setenv("REDIAL_REHEARSE", place->plan, 1) ? -errno : 0;

	if (!error && options->bare && *place->policy)
		error = setenv("REDIAL_POLICY", place->policy, 1) ? -errno : 0;
	return error ? error : set_preload(place, options->bare);
}

/* The command itself, or the launcher with it: to be freed. */
static char **make_arguments(const struct place *place, const struct options *options, char *sink)
{
	size_t words = 0, n = 0;

	while (options->command[words])
		words++;
	char **argv = calloc(words + 7, sizeof(*argv));
	if (!argv)
		return NULL;
	if (!options->bare) {
		argv[n++] = (char *)options->launcher;
		if (options->policy) {
			argv[n++] = "--policy";
			argv[n++] = (char *)options->policy;
		}
		sprintf(sink, "file:%s", place->log);
		argv[n++] = "--log";
		argv[n++] = sink;
		argv[n++] = "--";
	}
	memcpy(argv + n, options->command, words * sizeof(*argv));
	return argv;
}

static int run(struct rehearsed *rehearsed, const struct place *place)
{
	char sink[PLAN_LOG_MAX + 8];
	char **argv = make_arguments(place, rehearsed->options, sink);

	if (!argv)
		return -ENOMEM;
	rehearsed->start_ms = now_ms();
	int error = child_run(argv, rehearsed->options->seconds, &rehearsed->end);
	rehearsed->end_ms = now_ms();
	free(argv);
	return error;
}

typedef void print_function(FILE *to, const struct rehearsed *rehearsed);

static int write_file(const char *path, print_function *print, const struct rehearsed *rehearsed)
{
	FILE *file = path ? fopen(path, "we") : NULL;

	if (!path)
		return 0;
	if (!file)
		return fail(path, -errno);
	print(file, rehearsed);
	int wrong = ferror(file);
	return fclose(file) || wrong ? fail(path, errno ? -errno : -EIO) : 0;
}

/* By us, or by Ctrl-C. */
static bool was_ended(const struct child_end *end)
{
	int signal = WIFSIGNALED(end->status) ? WTERMSIG(end->status) : 0;
	bool interrupted = WIFEXITED(end->status) && WEXITSTATUS(end->status) == 128 + SIGINT;

	return end->by_us || end->by_time || signal == SIGINT || signal == SIGTERM || interrupted;
}

/* Returns the status to end with. */
static int tell(struct rehearsed *rehearsed, const struct place *place, struct made_list *list)
{
	const struct options *options = rehearsed->options;
	int error = outcome_read(list, place->log, options->bare);

	if (error)
		return fail(place->log, error);
	if (was_ended(&rehearsed->end))
		outcome_was_ended(list);
	else if (rehearsed->end.status == 0)
		outcome_ended_well(list, rehearsed->end_ms);
	rehearsed->list = list;
	if (!rows_sum(&rehearsed->sums, list))
		return fail("the log", -ENOMEM);
	place_read(place, &rehearsed->counts);
	judge(rehearsed);
	/* The command may have printed anything to standard output. */
	print_table(stderr, rehearsed);
	int status = write_file(options->report, print_json, rehearsed);
	if (!status)
		status = write_file(options->html, print_html, rehearsed);
	return status ? status : rehearsed->status;
}

int main(int argc, char **argv)
{
	static struct rehearsed rehearsed;
	struct options options = {0};
	struct made_list list = {0};
	struct place place;
	int status = options_read(&options, argc, argv);

	if (status)
		return status < 0 ? 0 : status;
	rehearsed.options = &options;
	status = place_check(&options);
	if (!status)
		status = place_find(&place, &options);
	if (status)
		return status;
	warn(options.bare);
	int error = place_make(&place, &options);
	if (!error)
		error = prepare(&place, &options);
	if (!error)
		error = run(&rehearsed, &place);
	status = error ? fail("cannot begin", error) : tell(&rehearsed, &place, &list);
	bool keep = !error && status == LOST && !options.bare;
	if (keep)
		fprintf(stderr, "the log       %s\n", place.log);
	place_remove(&place, keep);
	free(list.all);
	return status;
}
