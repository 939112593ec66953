/* SPDX-License-Identifier: MIT */
#include "flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_LIMIT_MS = 15000 };

static int write_whole(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	if (!file)
		return -1;
	fputs(text, file);
	return fclose(file);
}

static int start_server(struct flow *flow)
{
	const char *args[2 * FLOW_FAULTS_MAX + 5] = {"--listen",
						     flow->listen ? flow->listen : "127.0.0.1"};
	size_t count = 2;
	for (int i = 0; i < FLOW_FAULTS_MAX && flow->faults[i]; i++) {
		args[count++] = "--fault";
		args[count++] = flow->faults[i];
	}
	if (flow->keep_alive) {
		args[count++] = "--keep-alive";
		args[count++] = flow->keep_alive;
	}
	/* With a peer it is there for its folder alone. */
	if (faultd_start(&flow->server, args))
		return -1;
	return flow->peer ? peer_start(&flow->seen, flow->before, flow->peer) : 0;
}

static void stop_server(struct flow *flow)
{
	if (flow->seen.serve)
		peer_stop(&flow->seen);
}

/* What the program's environment says of redial, in a static buffer. */
static const char *const *environment(const struct flow *flow, bool redial)
{
	static char preload[4200], policy[200], log[200];
	static const char *env[FLOW_ENV_MAX + 4];
	int count = 0;
	for (int i = 0; i < FLOW_ENV_MAX && flow->env[i]; i++)
		env[count++] = flow->env[i];
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s%s%s",
		 redial ? build_path("libredial.so") : "", flow->behind ? ":" : "",
		 flow->behind ? build_path(flow->behind) : "");
	snprintf(log, sizeof(log), "REDIAL_LOG=file:%s/redial.log", flow->server.dir);
	snprintf(policy, sizeof(policy), "REDIAL_POLICY=%s/policy.cfg", flow->server.dir);
	env[count++] = preload;
	env[count++] = log;
	if (flow->policy)
		write_whole(policy + strlen("REDIAL_POLICY="), flow->policy);
	if (flow->make_policy)
		flow->make_policy(policy + strlen("REDIAL_POLICY="), flow->server.port);
	if (flow->policy || flow->make_policy)
		env[count++] = policy;
	env[count] = NULL;
	return env;
}

/* argv: what runs the program, its argument at the end. */
static void run_script(struct flow *flow, const char *const argv[], const char *const env[])
{
	char variables[8192];
	const char *shell[] = {"env", "-u", "LD_PRELOAD", "sh", "-c", variables, NULL};
	int len =
	    snprintf(variables, sizeof(variables),
		     "export XDG_RUNTIME_DIR=%s\nredial='%s'\npreload='env LD_PRELOAD=%s'\n"
		     "program='",
		     flow->server.dir, tree_path("scripts/redial"), build_path("libredial.so"));
	for (int i = 0; argv[i + 1] && argv[i + 1][0]; i++)
		len += snprintf(variables + len, sizeof(variables) - (size_t)len, "%s ", argv[i]);
	snprintf(variables + len, sizeof(variables) - (size_t)len, "'\n%s", flow->script);
	flow->result = process_run(shell, env, PROGRAM_LIMIT_MS);
}

static void run_program(struct flow *flow, bool redial)
{
	char port[16], way[16];
	const char *address = flow->address  ? flow->address
			      : flow->listen ? flow->listen
					     : "127.0.0.1";
	const char *argv[] = {
	    build_path("tests/flow-tests"), "--program", flow->program, address, port, way,
	    flow->arg ? flow->arg : "",	    NULL};
	snprintf(port, sizeof(port), "%d", flow->peer ? flow->seen.port : flow->server.port);
	snprintf(way, sizeof(way), "%d", (int)flow->way);
	if (flow->script)
		run_script(flow, argv, environment(flow, false));
	else
		flow->result = process_run(argv, environment(flow, redial), PROGRAM_LIMIT_MS);
	if (flow->result.timed_out)
		printf("\n    %s was stopped after %d ms", flow->program, PROGRAM_LIMIT_MS);
	if (*flow->result.err)
		printf("\n    %s: %s", flow->program, flow->result.err);
	runner_expect_long("exit status", flow->status, flow->result.status);
}

/* It says so if there was no rescue to act in. A busy machine may have given it the processor only
 * once that was over. */
static bool missed_its_moment(const struct flow *flow)
{
	return flow->result.out && strstr(flow->result.out, "no rescue");
}

static void run_once(struct flow *flow, bool redial)
{
	char path[200];
	flow_end(flow);
	if (start_server(flow)) {
		CU_FAIL("no server");
		flow->result = (struct process_result){.out = strdup(""), .err = strdup("")};
		return;
	}
	run_program(flow, redial);
	stop_server(flow);
	snprintf(path, sizeof(path), "%s/redial.log", flow->server.dir);
	flow->log = read_whole(path);
}

static void run(struct flow *flow, bool redial)
{
	int tries = 0;
	do
		run_once(flow, redial);
	while (redial && missed_its_moment(flow) && ++tries < 3);
}

void flow_bare(struct flow *flow)
{
	run(flow, false);
}

void flow_redial(struct flow *flow)
{
	run(flow, true);
}

void flow_both_alike(struct flow *flow)
{
	flow_bare(flow);
	char *printed = strdup(flow->result.out);
	struct peer seen = flow->seen;
	flow_redial(flow);
	expect_printed(flow, printed);
	free(printed);
	if (!flow->peer)
		return;
	runner_expect_long("connections", seen.connections, flow->seen.connections);
	runner_expect_long("bytes that the peer received", (long)seen.received,
			   (long)flow->seen.received);
	runner_expect_long("their sum", seen.sum, flow->seen.sum);
}

void flow_end(struct flow *flow)
{
	process_free(&flow->result);
	faultd_stop(&flow->server);
	free(flow->log);
	flow->log = NULL;
}

/* Which of a table's rows has failed; at length only the first. */
static int told(struct flow *flow, int good)
{
	if (good)
		return good;
	printf("\n    -- %s, waiting by %s, faults %s %s", flow->program, way_names[flow->way],
	       flow->faults[0] ? flow->faults[0] : "none", flow->faults[1] ? flow->faults[1] : "");
	if (!flow->told)
		printf("; redial's log:\n%s", flow->log ? flow->log : "    empty");
	flow->told = true;
	return good;
}

int expect_printed(struct flow *flow, const char *text)
{
	return told(flow, runner_expect_text("printed", text, flow->result.out));
}

int expect_seen(struct flow *flow, int count, const char *a, const char *b)
{
	char what[200];
	snprintf(what, sizeof(what), "requests that the server saw with '%s' '%s'", a ? a : "",
		 b ? b : "");
	return told(flow,
		    runner_expect_long(what, count, faultd_count(&flow->server, "request ", a, b)));
}

static int count_lines(const char *text, const char *a, const char *b)
{
	int count = 0;
	for (const char *line = text; line && *line;) {
		size_t len = strcspn(line, "\n");
		char *copy = strndup(line, len);
		count += (!a || strstr(copy, a)) && (!b || strstr(copy, b));
		free(copy);
		line += len + (line[len] == '\n');
	}
	return count;
}

int logged(const struct flow *flow, const char *a, const char *b)
{
	return count_lines(flow->log, a, b);
}

int expect_logged(struct flow *flow, int count, const char *a, const char *b)
{
	char what[200];
	snprintf(what, sizeof(what), "lines logged with '%s' '%s'", a ? a : "", b ? b : "");
	return told(flow, runner_expect_long(what, count, logged(flow, a, b)));
}

int expect_within(const struct flow *flow, long ms)
{
	int good = flow->result.elapsed_ms <= ms;
	if (!good)
		printf("\n    took %ld ms, more than %ld", flow->result.elapsed_ms, ms);
	CU_ASSERT(good);
	return good;
}
