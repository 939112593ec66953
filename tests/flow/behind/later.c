/* SPDX-License-Identifier: MIT */
/* A preload for redial-policy: time() is LATER_BY seconds ahead. */
#include <stdlib.h>
#include <time.h>

__attribute__((visibility("default"))) time_t time(time_t *to)
{
	const char *by = getenv("LATER_BY");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += by ? atol(by) : 0;
	if (to)
		*to = now.tv_sec;
	return now.tv_sec;
}
