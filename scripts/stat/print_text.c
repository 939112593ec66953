/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void print_title(const struct launch *launch)
{
	time_t since = (time_t)launch->since_s;
	char text[32] = "?";
	struct tm broken;

	if (localtime_r(&since, &broken))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken);
	printf("launch %" PRIu32 " (%s), since %s\n", launch->pid,
	       *launch->name ? launch->name : "gone", text);
	if (launch->told_s)
		printf("  %-10s %10lld s ago; what follows is of then\n", "told",
		       (long long)(time(NULL) - launch->told_s));
}

/* Three to a line, which is of 75 columns unless a number is huge. */
static void print_three(const char *a, uint64_t x, const char *b, uint64_t y, const char *c,
			uint64_t z)
{
	printf("  %-10s %10" PRIu64 "   %-11s %10" PRIu64 "   %-16s %8" PRIu64 "\n", a, x, b, y, c,
	       z);
}

static void print_requests(const struct launch *launch)
{
	printf("  %-10s %10" PRIu64, "requests", launch->requests);
	if (launch->per_second >= 0)
		printf("   %-11s %10.1f", "per second", launch->per_second);
	putchar('\n');
}

static void print_budget(const struct launch *launch)
{
	printf("  %-10s ", "budget");
	if (!launch->settled)
		puts("no process has connected yet");
	else if (!launch->budget.enabled)
		puts("none: the policy does not limit resends");
	else
		printf("%" PRIu64 " of %" PRIu64 " resends left, in %g s\n", launch->budget_left,
		       launch->budget_all, launch->budget.window_ms / 1000.0);
}

static void print_breaker(const struct launch_breaker *breaker)
{
	printf("  %-10s %s ", "breaker", breaker->peer);
	if (breaker->state == BREAKER_HALF_OPEN)
		puts("half-open");
	else if (breaker->left_ms)
		printf("open for %.1f s\n", (double)breaker->left_ms / 1000);
	else
		puts("open, a resend may try");
}

static void print_switch(const struct launch *launch)
{
	if (launch->off)
		printf("  %-10s off: nothing is rescued\n", "switch");
	if (launch->reloads) {
		printf("  %-10s %08" PRIx32 ", brought in as number %" PRIu32 "\n", "policy",
		       (uint32_t)launch->policy, launch->reloads);
	}
}

static const char *switch_word(const struct launch_process *process)
{
	if (process->pending)
		return process->off ? "off, asked" : "on, asked";
	if (process->behind)
		return process->off ? "off, behind" : "on, behind";
	return process->off ? "off" : "on";
}

/* What is in force in each: the switch, and the policy by the first half of its checksum. */
static void print_in_force(const struct launch *launch)
{
	printf("%7s %-15s %-11s %s\n", "PID", "program", "rescues", "policy");
	for (unsigned i = 0; i < launch->process_count; i++) {
		const struct launch_process *at = &launch->processes[i];

		printf("%7" PRIu32 " %-15s %-11s %08" PRIx32 "\n", at->pid, at->name,
		       switch_word(at), (uint32_t)at->policy);
	}
}

static void print_processes(const struct launch *launch)
{
	if (!launch->process_count)
		return;
	printf("%7s %-15s %11s %7s %8s %9s %9s %7s\n", "PID", "program", "connections", "rescues",
	       "attempts", "recovered", "exhausted", "refused");
	for (unsigned i = 0; i < launch->process_count; i++) {
		const struct launch_process *at = &launch->processes[i];

		printf("%7" PRIu32 " %-15s %11" PRIu32 " %7" PRIu32 " %8" PRIu32 " %9" PRIu32
		       " %9" PRIu32 " %7" PRIu32 "\n",
		       at->pid, at->name, at->gauges[PROCESS_CONNECTIONS],
		       at->gauges[PROCESS_RESCUES], at->events[PROCESS_ATTEMPTS],
		       at->events[PROCESS_RECOVERED], at->events[PROCESS_EXHAUSTED],
		       at->events[PROCESS_REFUSED]);
	}
}

static bool is_switched(const struct launch *launch)
{
	bool any = launch->off || launch->reloads;

	for (unsigned i = 0; i < launch->process_count; i++)
		any |= launch->processes[i].off || launch->processes[i].pending;
	return any;
}

static void print_launch(const struct launch *launch, bool processes)
{
	const uint64_t *events = launch->events;

	print_title(launch);
	print_three("processes", launch->process_count, "connections",
		    launch->gauges[PROCESS_CONNECTIONS], "rescues under way",
		    launch->gauges[PROCESS_RESCUES]);
	print_requests(launch);
	if (launch->gauges[PROCESS_SESSIONS])
		printf("  %-10s %10" PRIu64 "   of those connections are followed over TLS\n",
		       "sessions", launch->gauges[PROCESS_SESSIONS]);
	print_three("attempts", events[PROCESS_ATTEMPTS], "recovered", events[PROCESS_RECOVERED],
		    "exhausted", events[PROCESS_EXHAUSTED]);
	print_three("kept", events[PROCESS_KEPT], "abandoned", events[PROCESS_ABANDONED], "refused",
		    events[PROCESS_REFUSED]);
	if (events[PROCESS_STOPPED])
		printf("  %-10s %10" PRIu64 "   no rescues any more: the program leaves them\n",
		       "stopped", events[PROCESS_STOPPED]);
	print_switch(launch);
	print_budget(launch);
	for (unsigned i = 0; i < launch->breaker_count; i++)
		print_breaker(&launch->breakers[i]);
	if (launch->crowded)
		puts("  More processes than can be told apart: connections of some that were\n"
		     "  killed may be among those above.");
	if (processes)
		print_processes(launch);
	if (processes && launch->process_count && is_switched(launch))
		print_in_force(launch);
}

void print_text(const struct launches *found, bool processes)
{
	for (size_t i = 0; i < found->count; i++) {
		if (i)
			putchar('\n');
		print_launch(&found->each[i], processes);
	}
}
