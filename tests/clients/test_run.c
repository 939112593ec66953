/* SPDX-License-Identifier: MIT */
/* A program's run against one server, and what the server and redial have seen of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs.h"
#include "support/process.h"

static const char *const no_members[] = {"", NULL};

struct path {
	int number;
	char text[80];
};

static int count_lines(const char *text, const char *start)
{
	int n = 0;

	for (const char *at = text; at && *at; at = strchr(at, '\n')) {
		at += *at == '\n';
		n += !strncmp(at, start, strlen(start));
	}
	return n;
}

static int sum_sent_again(const char *text)
{
	int sum = 0;

	for (const char *at = text; (at = strstr(at, "libcurl sent ")); at += 13)
		sum += atoi(at + 13);
	return sum;
}

static void read_output(struct run *run, const char *text)
{
	const char *fds = strstr(text, "fds "), *took = strstr(text, "took ");

	run->ok = count_lines(text, "ok ");
	run->errors = count_lines(text, "error ");
	run->sent_again = sum_sent_again(text);
	if (fds)
		sscanf(fds, "fds %d %d", &run->fds_start, &run->fds_end);
	if (took)
		sscanf(took, "took %ld %ld", &run->elapsed_ms, &run->cpu_ms);
}

/* A program that is several says `client NAME` before each one's lines. */
static void read_result(struct run *run, const char *member, const struct process_result *result)
{
	char title[80], *text, *at, *end;

	run->status = result->status;
	run->timed_out = result->timed_out;
	run->elapsed_ms = result->elapsed_ms;
	run->cpu_ms = result->cpu_ms;
	if (!*member) {
		read_output(run, result->out);
		return;
	}
	snprintf(title, sizeof title, "client %s\n", member);
	text = strdup(result->out);
	if (text && (at = strstr(text, title))) {
		at += strlen(title);
		end = strstr(at, "client ");
		if (end)
			*end = '\0';
		read_output(run, at);
	}
	free(text);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct path *)a)->text, ((const struct path *)b)->text);
}

static size_t read_paths(struct path *paths, size_t max, char *text, const char *start)
{
	size_t n = 0;

	for (char *line; n < max && (line = strsep(&text, "\n"));) {
		const char *path = strstr(line, start);

		if (!strncmp(line, "request ", 8) && path &&
		    sscanf(path, " path=%79s", paths[n].text) == 1) {
			paths[n].number = atoi(path + strlen(start));
			n++;
		}
	}
	return n;
}

/* How often did the server see a path? A parallel program has several for request i. */
static void read_log(struct run *run, const struct faultd *server, const char *start)
{
	static struct path paths[8192];
	char *text = read_whole(server->log);
	size_t n = text ? read_paths(paths, sizeof paths / sizeof *paths, text, start) : 0;
	int times = 0;

	qsort(paths, n, sizeof *paths, compare_paths);
	for (size_t i = 0; i < n; i++) {
		int number = paths[i].number;

		times = i && !strcmp(paths[i].text, paths[i - 1].text) ? times + 1 : 1;
		if (number <= RUN_MAX && times > run->seen[number])
			run->seen[number] = times;
		if (times > run->seen_most)
			run->seen_most = times;
	}
	free(text);
	run->requests = (int)n;
	run->connections = faultd_count(server, "connect ", NULL, NULL);
}

/* What redial's log says of the paths that start so. */
static void read_redial(struct run *run, const char *path, const char *start)
{
	char *text = read_whole(path), *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n"))) {
		const char *reason = strstr(line, " reason=");

		if (!strstr(line, start))
			continue;
		run->recovered += strstr(line, "result=recovered") != NULL;
		if (strstr(line, "event=refused") && reason)
			sscanf(reason, " reason=%31s", run->reason);
	}
	free(text);
}

/* A server that fails one request in ten is bad luck; one that fails every one is down. */
static const char *spec_for(const struct program *program, const struct fault *fault)
{
	static char spec[64];

	if (!program->parallel || fault->idle)
		return fault->spec;
	snprintf(spec, sizeof spec, "%s+,every:10", fault->spec);
	return spec;
}

static void tell(const struct program *program, const struct fault *fault, bool redial,
		 const struct process_result *result, const char *redial_log)
{
	char *log = redial ? read_whole(redial_log) : NULL;

	printf("    %s, %s, %s: status %d after %ld ms, %ld ms of CPU time\n%s%s%s", program->name,
	       fault->name, redial ? "redial" : "bare", result->status, result->elapsed_ms,
	       result->cpu_ms, result->out, result->err, log ? log : "");
	free(log);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return;
	fputs(text, file);
	fclose(file);
}

/* NAME=value strings of the program's environment. */
struct environment {
	char preload[4096], log[160], modules[8192], policy[160];
	const char *list[8];
};

static void set_environment(struct environment *env, const struct way *way, const char *dir)
{
	size_t n = 0;

	snprintf(env->preload, sizeof env->preload, "LD_PRELOAD=%s",
		 way->redial ? build_path("libredial.so") : "");
	snprintf(env->log, sizeof env->log, "REDIAL_LOG=file:%s/redial.log", dir);
	snprintf(env->modules, sizeof env->modules, "NODE_PATH=%s:%s",
		 build_path("tests/node/node_modules"), build_path("tests/zoo/zoo/node_modules"));
	env->list[n++] = env->preload;
	env->list[n++] = env->log;
	env->list[n++] = env->modules;
	env->list[n++] = "NO_PROXY=*";
	if (way->policy) {
		snprintf(env->policy, sizeof env->policy, "REDIAL_POLICY=%s/policy.cfg", dir);
		write_text(env->policy + strlen("REDIAL_POLICY="), way->policy);
		env->list[n++] = env->policy;
	}
	for (size_t i = 0; way->env && way->env[i]; i++)
		env->list[n++] = way->env[i];
	env->list[n] = NULL;
}

/* MEMBER,MEMBER..., what a program that is several takes as its first argument. */
static char *joined(const char *const members[])
{
	static char text[1024];
	size_t len = 0;

	for (size_t i = 0; members[i]; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i ? "," : "",
					members[i]);
	return text;
}

struct arguments {
	char base[64], count[16], pause[16], rest[16];
	const char *list[32];
};

static void set_arguments(struct arguments *args, const struct program *program,
			  const struct fault *fault, const struct way *way, int port)
{
	size_t n = 0;

	snprintf(args->base, sizeof args->base, "http://127.0.0.1:%d/r", port);
	snprintf(args->count, sizeof args->count, "%d", fault->count);
	snprintf(args->pause, sizeof args->pause, "%d", fault->pause_ms);
	snprintf(args->rest, sizeof args->rest, "%d", way->rest_ms);
	for (size_t i = 0; way->front && way->front[i]; i++)
		args->list[n++] = way->front[i];
	for (size_t i = 0; program->argv[i]; i++)
		args->list[n++] = program_path(program->argv[i]);
	if (way->members)
		args->list[n++] = joined(way->members);
	args->list[n++] = args->base;
	args->list[n++] = args->count;
	args->list[n++] = fault->method;
	args->list[n++] = args->pause;
	args->list[n++] = args->rest;
	args->list[n] = NULL;
}

/* The log lines of one member's requests hold this. */
static const char *path_start(const struct program *program, const char *member)
{
	static char start[80];

	if (program->files)
		return " path=/";
	snprintf(start, sizeof start, " path=/r-%s%s", member, *member ? "-" : "");
	return start;
}

int program_meet(struct run *runs, const struct program *program, const struct fault *fault,
		 const struct way *way)
{
	const char *server_args[] = {"--fault", spec_for(program, fault), "--root",
				     program->files ? program_path(program->files) : NULL, NULL};
	const char *const *members = way->members ? way->members : no_members;
	struct environment env;
	struct arguments args;
	struct process_result result;
	struct faultd server;
	bool lost = false;
	char log[128];

	if (!program->files)
		server_args[2] = NULL;
	if (faultd_start(&server, server_args))
		return -1;
	snprintf(log, sizeof log, "%s/redial.log", server.dir);
	set_environment(&env, way, server.dir);
	set_arguments(&args, program, fault, way, server.port);
	result = process_run(args.list, env.list, way->members ? 120000 : 40000);
	for (size_t i = 0; members[i]; i++) {
		memset(&runs[i], 0, sizeof runs[i]);
		runs[i].port = server.port;
		read_result(&runs[i], members[i], &result);
		read_log(&runs[i], &server, path_start(program, members[i]));
		if (way->redial)
			read_redial(&runs[i], log, path_start(program, members[i]));
		lost |= runs[i].ok + runs[i].errors != fault->count;
	}
	if (getenv("REDIAL_TEST_VERBOSE") || result.timed_out || lost)
		tell(program, fault, way->redial, &result, log);
	process_free(&result);
	faultd_stop(&server);
	return 0;
}

int program_run(struct run *run, enum program_id program, const struct fault *fault, bool redial)
{
	return program_meet(run, &programs[program], fault, &(struct way){.redial = redial});
}

int program_run_under(struct run *run, enum program_id program, const struct fault *fault,
		      const char *policy)
{
	return program_meet(run, &programs[program], fault,
			    &(struct way){.redial = true, .policy = policy});
}
