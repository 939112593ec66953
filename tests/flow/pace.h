/* SPDX-License-Identifier: MIT */
/* What the tests of the retry budget and those of the circuit breakers share. */
#ifndef REDIAL_FLOW_PACE_H
#define REDIAL_FLOW_PACE_H

#include <time.h>

#include "flow.h"

/* On each connection all but the first fail, so that each is saved by a resend, if there is one. */
#define BUSY "status=503@2+"

#define STATUSES "retry = { statuses = [503]; max_attempts = 2; backoff = { base_ms = 0; }; };\n"
#define BUDGET(ratio, per_second, window_ms)                                                       \
	"budget = { ratio = " ratio "; min_per_second = " per_second "; window_ms = " window_ms    \
	"; };\n"
#define NO_BUDGET  "budget = { enabled = false; };\n"
#define NO_BREAKER "breaker = { enabled = false; };\n"
#define BREAKER(open_ms)                                                                           \
	"breaker = { failure_ratio = 0.5; min_attempts = 4; window_ms = 60000; open_ms = " open_ms \
	"; };\n"

/* The status of the response, 0 if none came: without a word. */
static inline int quiet_get(int fd, const char *path)
{
	char text[2048];
	size_t len = 0;
	int status = 0;
	if (!ask(fd, "GET", path, NULL))
		return 0;
	do {
		ssize_t got = get(fd, text + len, sizeof(text) - 1 - len);
		if (got <= 0)
			return 0;
		len += (size_t)got;
	} while (text[len - 1] != '}');
	text[len] = '\0';
	sscanf(text, "HTTP/1.1 %d", &status);
	return status;
}

static inline void nap(void)
{
	usleep(5000);
}

/* Until the response has this status. */
static inline void get_until(int fd, const char *path, int status)
{
	long end = now_ms() + 10000;
	while (quiet_get(fd, path) != status && now_ms() < end)
		nap();
	say(now_ms() < end ? "%d at last" : "never %d", status);
}

/* One connection and so many GETs on it, /1 to /N. */
static inline void gets(int count)
{
	char path[16];
	int fd = dial();
	for (int i = 1; i <= count; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		exchange(fd, "GET", path, NULL);
	}
	hang_up(fd);
}

/* A POST on a connection that has died after a GET. */
static inline void post_after_death(void)
{
	int fd = dial();
	exchange(fd, "GET", "/ok", NULL);
	await_death(fd);
	exchange(fd, "POST", "/1", "x");
	hang_up(fd);
}

#endif
