/* SPDX-License-Identifier: MIT */
/* What the zoo's C and C++ clients share: arguments, what is asked for, reporting, the pauses. */
#ifndef ZOO_JOB_H
#define ZOO_JOB_H

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
	const char *base;
	char host[64], path[128], method[8];
	int port, count, pause_ms, rest_ms, failed, start;
};

static struct job job;

static inline int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 3;
}

static inline void job_begin(int argc, char **argv)
{
	if (argc < 3 ||
	    sscanf(argv[1], "http://%63[^:]:%d%127s", job.host, &job.port, job.path) != 3) {
		fprintf(stderr, "usage: %s URL_BASE COUNT [METHOD] [PAUSE_MS] [REST_MS]\n", argv[0]);
		exit(2);
	}
	job.base = argv[1];
	job.count = atoi(argv[2]);
	snprintf(job.method, sizeof job.method, "%s", argc > 3 ? argv[3] : "GET");
	job.pause_ms = argc > 4 ? atoi(argv[4]) : 0;
	job.rest_ms = argc > 5 ? atoi(argv[5]) : 0;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline int is_post(void)
{
	return !strcmp(job.method, "POST");
}

/* Each lives until it is asked for again. */
static inline const char *job_path(int i)
{
	static char text[160];

	snprintf(text, sizeof text, "%s-%d", job.path, i);
	return text;
}

static inline const char *job_url(int i)
{
	static char text[256];

	snprintf(text, sizeof text, "%s-%d", job.base, i);
	return text;
}

static inline const char *job_id(int i)
{
	static char text[16];

	snprintf(text, sizeof text, "%d", i);
	return text;
}

static inline const char *job_body(int i)
{
	static char text[32];

	snprintf(text, sizeof text, "payload-%d", i);
	return is_post() ? text : "";
}

static inline void job_error(int i, const char *why)
{
	job.failed++;
	printf("error %d %s\n", i, why);
}

/* Blocks an event loop too, as a busy program does. */
static inline void job_between(int i)
{
	if (i == 2)
		job.start = open_fds();
	if (i < job.count)
		usleep((useconds_t)job.pause_ms * 1000);
}

static inline void job_answered(int i, long status, const char *text)
{
	char right[200];

	snprintf(right, sizeof right, "\"path\":\"%s\"", job_path(i));
	if (status == 200 && strstr(text, right))
		printf("ok %d 200\n", i);
	else
		job_error(i, "wrong answer");
}

static inline int job_end(void)
{
	printf("fds %d %d\n", job.start, open_fds());
	return job.failed ? 1 : 0;
}

#endif
