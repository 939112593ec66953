/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* Bytes that are no printable ASCII are told as if they were Latin-1: paths may hold any. */
static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if (*text >= ' ' && *text <= '~')
			putchar(*text);
		else
			printf("\\u%04x", (unsigned char)*text);
	}
	putchar('"');
}

static void print_events(const uint64_t *events)
{
	static const char *const names[PROCESS_EVENTS] = {
	    [PROCESS_ATTEMPTS] = "attempts",   [PROCESS_RECOVERED] = "recovered",
	    [PROCESS_EXHAUSTED] = "exhausted", [PROCESS_KEPT] = "kept",
	    [PROCESS_ABANDONED] = "abandoned", [PROCESS_REFUSED] = "refused",
	    [PROCESS_STOPPED] = "stopped"};

	for (int i = 0; i < PROCESS_EVENTS; i++)
		printf(", \"%s\": %" PRIu64, names[i], events[i]);
}

/* A number of 64 bits is more than many readers of JSON can hold. */
static void print_sum(uint64_t sum)
{
	if (sum)
		printf("\"%016" PRIx64 "\"", sum);
	else
		printf("null");
}

static void print_process(const struct launch_process *process)
{
	uint64_t events[PROCESS_EVENTS];

	for (int i = 0; i < PROCESS_EVENTS; i++)
		events[i] = process->events[i];
	printf("{\"pid\": %" PRIu32 ", \"program\": ", process->pid);
	print_string(process->name);
	printf(", \"connections\": %" PRIu32 ", \"sessions\": %" PRIu32 ", \"rescues\": %" PRIu32,
	       process->gauges[PROCESS_CONNECTIONS], process->gauges[PROCESS_SESSIONS],
	       process->gauges[PROCESS_RESCUES]);
	print_events(events);
	printf(", \"off\": %s, \"pending\": %s, \"behind\": %s, \"policy\": ",
	       process->off ? "true" : "false", process->pending ? "true" : "false",
	       process->behind ? "true" : "false");
	print_sum(process->policy);
	putchar('}');
}

static void print_budget(const struct launch *launch)
{
	if (!launch->settled)
		printf("null");
	else if (!launch->budget.enabled)
		printf("{\"enabled\": false}");
	else
		printf("{\"enabled\": true, \"left\": %" PRIu64 ", \"of\": %" PRIu64
		       ", \"window_ms\": %" PRIu32 "}",
		       launch->budget_left, launch->budget_all, launch->budget.window_ms);
}

static void print_breaker(const struct launch_breaker *breaker)
{
	printf("{\"peer\": ");
	print_string(breaker->peer);
	printf(", \"state\": \"%s\", \"left_ms\": %" PRIu64 "}",
	       breaker->state == BREAKER_OPEN ? "open" : "half-open", breaker->left_ms);
}

static void print_since(const struct launch *launch)
{
	time_t since = (time_t)launch->since_s;
	struct tm broken;
	char text[32] = "";

	if (gmtime_r(&since, &broken))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
	printf(", \"since\": \"%s\"", text);
}

static void print_launch(const struct launch *launch)
{
	printf("{\"pid\": %" PRIu32 ", \"program\": ", launch->pid);
	if (*launch->name)
		print_string(launch->name);
	else
		printf("null");
	print_since(launch);
	if (launch->told_s)
		printf(", \"told\": %" PRId64, launch->told_s);
	else
		printf(", \"told\": null");
	printf(", \"file\": ");
	print_string(launch->path);
	printf(", \"connections\": %" PRIu64 ", \"requests\": %" PRIu64 ", \"per_second\": ",
	       launch->gauges[PROCESS_CONNECTIONS], launch->requests);
	if (launch->per_second >= 0)
		printf("%.1f", launch->per_second);
	else
		printf("null");
	printf(", \"sessions\": %" PRIu64 ", \"rescues\": %" PRIu64,
	       launch->gauges[PROCESS_SESSIONS], launch->gauges[PROCESS_RESCUES]);
	print_events(launch->events);
	printf(", \"exact\": %s, \"budget\": ", launch->crowded ? "false" : "true");
	print_budget(launch);
	printf(", \"off\": %s, \"reloads\": %" PRIu32 ", \"policy\": ",
	       launch->off ? "true" : "false", launch->reloads);
	print_sum(launch->policy);
	printf(", \"policy_file\": ");
	print_string(launch->policy_path);
	printf(", \"breakers\": [");
	for (unsigned i = 0; i < launch->breaker_count; i++) {
		printf("%s", i ? ", " : "");
		print_breaker(&launch->breakers[i]);
	}
	printf("], \"processes\": [");
	for (unsigned i = 0; i < launch->process_count; i++) {
		printf("%s", i ? ", " : "");
		print_process(&launch->processes[i]);
	}
	printf("]}");
}

void print_json(const struct launches *found)
{
	printf("{\"launches\": [");
	for (size_t i = 0; i < found->count; i++) {
		printf("%s", i ? ", " : "");
		print_launch(&found->each[i]);
	}
	puts("]}");
}
