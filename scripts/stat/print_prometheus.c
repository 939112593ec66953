/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <string.h>

#include "../prometheus/text.h"

/* name{launch="...",pid="...",program="..." and, if key is not NULL, key="value"} */
static void series(FILE *to, const char *name, const struct launch *launch, const char *key,
		   const char *value)
{
	fprintf(to, "%s{launch=\"%016" PRIx64 "\",pid=\"%" PRIu32 "\",", name, launch->nonce,
		launch->pid);
	prometheus_label(to, "program", launch->name);
	if (key) {
		fputc(',', to);
		prometheus_label(to, key, value);
	}
	fputs("} ", to);
}

/* Metrics of one number a launch; value gives it. */
struct metric {
	const char *name, *type, *help;
	uint64_t (*value)(const struct launch *launch);
	bool limited; /* only of launches whose budget is known and in force */
};

static uint64_t requests(const struct launch *launch)
{
	return launch->requests;
}

static uint64_t attempts(const struct launch *launch)
{
	return launch->events[PROCESS_ATTEMPTS];
}

static uint64_t refused(const struct launch *launch)
{
	return launch->events[PROCESS_REFUSED];
}

static uint64_t stopped(const struct launch *launch)
{
	return launch->events[PROCESS_STOPPED];
}

static uint64_t processes(const struct launch *launch)
{
	return launch->process_count;
}

static uint64_t connections(const struct launch *launch)
{
	return launch->gauges[PROCESS_CONNECTIONS];
}

static uint64_t sessions(const struct launch *launch)
{
	return launch->gauges[PROCESS_SESSIONS];
}

static uint64_t rescues(const struct launch *launch)
{
	return launch->gauges[PROCESS_RESCUES];
}

static uint64_t started(const struct launch *launch)
{
	return (uint64_t)launch->since_s;
}

static uint64_t resends_left(const struct launch *launch)
{
	return launch->budget_left;
}

static uint64_t resends_allowed(const struct launch *launch)
{
	return launch->budget_all;
}

static const struct metric metrics[] = {
    {"redial_requests_total", "counter", "Requests that were answered or have failed.", requests,
     false},
    {PROMETHEUS_ATTEMPTS, "counter", PROMETHEUS_ATTEMPTS_HELP, attempts, false},
    {PROMETHEUS_REFUSED, "counter", PROMETHEUS_REFUSED_HELP, refused, false},
    {"redial_stopped_total", "counter",
     "How often a process had no rescues any more, as it left them all.", stopped, false},
    {"redial_processes", "gauge", "Processes that have made a connection and are alive.", processes,
     false},
    {"redial_connections", "gauge", "Connections that are watched.", connections, false},
    {"redial_tls_sessions", "gauge", "Connections whose TLS session is followed.", sessions, false},
    {"redial_rescues", "gauge", "Rescues under way.", rescues, false},
    {"redial_start_time_seconds", "gauge", "When the launch began, Unix time.", started, false},
    {"redial_budget_left", "gauge", "Resends that the budget allows right now.", resends_left,
     true},
    {"redial_budget_allowed", "gauge", "Resends that the budget allows in all in its window.",
     resends_allowed, true},
};

static void print_metric(FILE *to, const struct launches *found, const struct metric *metric)
{
	prometheus_head(to, metric->name, metric->type, metric->help);
	for (size_t i = 0; i < found->count; i++) {
		const struct launch *launch = &found->each[i];

		if (metric->limited && !(launch->settled && launch->budget.enabled))
			continue;
		series(to, metric->name, launch, NULL, NULL);
		fprintf(to, "%" PRIu64 "\n", metric->value(launch));
	}
}

static void print_outcomes(FILE *to, const struct launches *found)
{
	static const struct {
		const char *result;
		enum process_event event;
	} results[] = {{"recovered", PROCESS_RECOVERED},
		       {"exhausted", PROCESS_EXHAUSTED},
		       {"abandoned", PROCESS_ABANDONED},
		       {"kept", PROCESS_KEPT}};

	prometheus_head(to, PROMETHEUS_OUTCOMES, "counter", PROMETHEUS_OUTCOMES_HELP);
	for (size_t i = 0; i < found->count; i++)
		for (size_t j = 0; j < sizeof(results) / sizeof(*results); j++) {
			series(to, PROMETHEUS_OUTCOMES, &found->each[i], "result",
			       results[j].result);
			fprintf(to, "%" PRIu64 "\n", found->each[i].events[results[j].event]);
		}
}

/* Of peers whose names are alike when they are cut only the first: a series must not come twice. */
static bool is_told(const struct launch *launch, unsigned until)
{
	for (unsigned i = 0; i < until; i++)
		if (!strcmp(launch->breakers[i].peer, launch->breakers[until].peer))
			return true;
	return false;
}

static void print_breakers(FILE *to, const struct launches *found)
{
	static const char name[] = "redial_breaker_state";

	prometheus_head(to, name, "gauge", "Breakers that are not closed: 1 half-open, 2 open.");
	for (size_t i = 0; i < found->count; i++)
		for (unsigned j = 0; j < found->each[i].breaker_count; j++) {
			const struct launch_breaker *breaker = &found->each[i].breakers[j];

			if (is_told(&found->each[i], j))
				continue;
			series(to, name, &found->each[i], "peer", breaker->peer);
			fprintf(to, "%d\n", breaker->state == BREAKER_OPEN ? 2 : 1);
		}
}

/* Of those that were told in a folder: what stands above is of then. */
static void print_told(FILE *to, const struct launches *found)
{
	static const char name[] = "redial_told_time_seconds";

	prometheus_head(to, name, "gauge", "When the launch was told in its folder, Unix time.");
	for (size_t i = 0; i < found->count; i++) {
		if (!found->each[i].told_s)
			continue;
		series(to, name, &found->each[i], NULL, NULL);
		fprintf(to, "%" PRId64 "\n", found->each[i].told_s);
	}
}

static void print_one(FILE *to, const char *name, const char *help, size_t value)
{
	prometheus_head(to, name, "gauge", help);
	fprintf(to, "%s %zu\n", name, value);
}

void print_prometheus(FILE *to, const struct launches *found)
{
	print_one(to, "redial_launches", "Launches that are alive and can be read.", found->count);
	print_one(to, "redial_unreadable_launches",
		  "Launches of another version of redial, which cannot be read.", found->others);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		print_metric(to, found, &metrics[i]);
	print_outcomes(to, found);
	print_breakers(to, found);
	print_told(to, found);
}
