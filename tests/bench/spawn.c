/* SPDX-License-Identifier: MIT */
/*
 * spawn COUNT PROGRAM VARIANT...: starts PROGRAM COUNT times in each of the variants, in turns, and
 * prints for each the median time of a start in microseconds, the median ratio to the first
 * variant's start in the same turn, and the median of its page faults. A variant is a list of
 * NAME=VALUE with commas between them, or a dash for nothing.
 */
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"

enum { VARIANTS_MAX = 8, SETTINGS_MAX = 8 };

struct variant {
	char *env[SETTINGS_MAX + 1];
	double *us;
	double *ratio;
	double *faults;
};

static void parse(struct variant *variant, char *text, int count)
{
	int n = 0;

	if (strcmp(text, "-") != 0)
		for (char *set = strtok(text, ","); set && n < SETTINGS_MAX;
		     set = strtok(NULL, ","))
			variant->env[n++] = set;
	variant->env[n] = NULL;
	variant->us = calloc((size_t)count, sizeof(double));
	variant->ratio = calloc((size_t)count, sizeof(double));
	variant->faults = calloc((size_t)count, sizeof(double));
	if (!variant->us || !variant->ratio || !variant->faults)
		die("calloc");
}

/* Returns how long it took, in microseconds. */
static double start(char *program, char *env[], double *faults)
{
	char *argv[] = {program, NULL};
	double began = now_us(), took;
	struct rusage usage;
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, program, NULL, NULL, argv, env);
	if (errno || wait4(pid, &status, 0, &usage) != pid || status != 0)
		die(program);
	took = now_us() - began;
	*faults = (double)(usage.ru_minflt + usage.ru_majflt);
	return took;
}

int main(int argc, char **argv)
{
	struct variant variants[VARIANTS_MAX];
	int count = argc > 3 ? atoi(argv[1]) : 0, kinds = argc - 3;

	if (count < 1 || kinds > VARIANTS_MAX)
		return 2;
	for (int v = 0; v < kinds; v++) {
		parse(&variants[v], argv[3 + v], count);
		start(argv[2], variants[v].env, variants[v].faults); /* warms up */
	}
	for (int i = 0; i < count; i++) {
		/* The order turns round, so that none always follows the same one. */
		for (int v = 0; v < kinds; v++) {
			struct variant *variant = &variants[i % 2 ? kinds - 1 - v : v];

			variant->us[i] = start(argv[2], variant->env, &variant->faults[i]);
		}
		for (int v = 0; v < kinds; v++)
			variants[v].ratio[i] = variants[v].us[i] / variants[0].us[i];
	}
	for (int v = 0; v < kinds; v++)
		printf("%.1f %.3f %.0f\n", median(variants[v].us, count),
		       median(variants[v].ratio, count), median(variants[v].faults, count));
	return 0;
}
