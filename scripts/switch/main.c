/* SPDX-License-Identifier: MIT */
/*
 * redial off, on and reload: what running programs are to do from now on, written into the memory
 * that the processes of their launch share. The launcher runs it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policy/load.h"
#include "../stat/launches.h"
#include "turn.h"

enum { OK = 0, NONE = 1, WRONG_USAGE = 2, FAILED = 3, BAD_POLICY = 78 };

static const char help[] =
    "usage: redial off [PID | --all]\n"
    "       redial on [PID | --all]\n"
    "       redial reload [--policy FILE] [PID | --all]\n"
    "\n"
    "Asks it of the running processes of a launch (redial COMMAND and all that it\n"
    "starts), each of which sees it when it next begins a connection, a request or a\n"
    "rescue. PID is the process that the launch began with, or for off and on also\n"
    "any other that has connected, which is then asked alone. Without PID the one\n"
    "launch of yours that is alive.\n"
    "\n"
    "  off            nothing is rescued any more; what is under way ends by itself\n"
    "  on             takes that back\n"
    "  reload         by another policy from now on: what its file says now; a wrong\n"
    "                 one changes nothing\n"
    "  --policy FILE  another file than the launch was started with\n"
    "  --all          all launches of yours, as root of everybody\n"
    "  --help         print this\n"
    "\n"
    "Exit status: 0 all right, 1 there is no such launch, or it cannot be reached,\n"
    "2 wrong usage, 3 it cannot be written to, 78 bad policy (says file and line).\n";

struct options {
	enum turn turn;
	const char *name; /* of the turn */
	const char *policy;
	bool all;
	uint32_t pid; /* 0: none given */
};

static int wrong(const char *what, const char *why)
{
	fprintf(stderr, "redial: %s %s; see redial off --help\n", what, why);
	return WRONG_USAGE;
}

static int set_turn(struct options *options, const char *name)
{
	static const char *const names[] = {
	    [TURN_ALL_OFF] = "off", [TURN_ALL_ON] = "on", [TURN_RELOAD] = "reload"};

	for (int i = 0; name && i < 3; i++)
		if (strcmp(name, names[i]) == 0) {
			options->turn = (enum turn)i;
			options->name = names[i];
			return OK;
		}
	return wrong(name ? name : "what to do", "is none of off, on, reload");
}

static int set_pid(struct options *options, const char *text)
{
	char *end;
	unsigned long pid = strtoul(text, &end, 10);

	options->pid = (uint32_t)pid;
	if (*text < '0' || *text > '9' || *end || pid < 1 || pid > INT_MAX)
		return wrong(text, "is no PID");
	return OK;
}

/* Returns OK, WRONG_USAGE, or -1 if help was asked for. */
static int read_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {{"policy", required_argument, NULL, 'p'},
					      {"all", no_argument, NULL, 'a'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int option, result = set_turn(options, argv[1]);

	opterr = 0;
	while (result == OK && (option = getopt_long(argc - 1, argv + 1, "", known, NULL)) != -1) {
		if (option == 'p' && options->turn == TURN_RELOAD && *optarg)
			options->policy = optarg;
		else if (option == 'a')
			options->all = true;
		else if (option == 'h')
			return -1;
		else
			result = wrong(argv[optind], "is not right here");
	}
	argc -= 1, argv += 1;
	if (result == OK && optind < argc)
		result = set_pid(options, argv[optind++]);
	if (result == OK && (optind < argc || (options->all && options->pid)))
		result = wrong(optind < argc ? argv[optind] : "--all", "is one word too many");
	return result;
}

static int complain(uint32_t pid, int error)
{
	if (error == ESRCH)
		fprintf(stderr, "redial: there is no process %" PRIu32 "\n", pid);
	else if (error == ENOENT)
		fprintf(stderr,
			"redial: process %" PRIu32 " is of no launch: without the launcher (by "
			"LD_PRELOAD alone, or\nredial: not under redial at all) it shares nothing, "
			"and cannot be switched\n",
			pid);
	else if (error == EACCES || error == EPERM)
		fprintf(stderr,
			"redial: process %" PRIu32 " is another user's: only that user "
			"and root can switch it\n",
			pid);
	else
		fprintf(stderr, "redial: process %" PRIu32 ": %s\n", pid,
			error == ENOMSG ? "shares a file that is damaged" : strerror(error));
	return error == ESRCH || error == ENOENT ? NONE : FAILED;
}

/* Several, and nobody has said which. */
static int list(const struct launches *found)
{
	fprintf(stderr, "redial: %zu launches are alive, say which one, or --all:\n", found->count);
	for (size_t i = 0; i < found->count; i++)
		fprintf(stderr, "%7" PRIu32 " %s\n", found->each[i].pid,
			*found->each[i].name ? found->each[i].name : "gone");
	return WRONG_USAGE;
}

static int find(struct launches *found, const struct options *options)
{
	int error = options->pid ? launches_add_of(found, options->pid) : 0;

	if (error)
		return complain(options->pid, error);
	if (!options->pid)
		launches_find(found);
	if (found->others)
		fprintf(stderr,
			"redial: %zu launched by another version of redial cannot be switched\n",
			found->others);
	if (!found->count && !found->others)
		fputs("redial: no launch is alive\n", stderr);
	if (!found->count)
		return NONE;
	return found->count > 1 && !options->all ? list(found) : OK;
}

/* Reads the policy that is to be brought into this launch. */
static int read_policy(const struct options *options, const struct launch *launch,
		       struct turned *turned)
{
	static const char system[] = "/etc/redial/redial.cfg";
	const char *path = options->policy ? options->policy : launch->policy_path;
	struct load_error error;
	bool compiled;

	if (!*path && access(system, F_OK) == 0)
		path = system;
	if (!*path) {
		fprintf(stderr,
			"redial: launch %" PRIu32 " has the built-in policy: name a file by "
			"--policy\n",
			launch->pid);
		return BAD_POLICY;
	}
	if (!realpath(path, turned->path))
		snprintf(turned->path, sizeof(turned->path), "%s", path);
	if (load_any_policy(path, &turned->policy, &error, &compiled) == 0)
		return OK;
	if (error.line)
		fprintf(stderr, "redial: %s:%u: %s\n", path, error.line, error.text);
	else
		fprintf(stderr, "redial: %s: %s\n", path, error.text);
	fprintf(stderr, "redial: launch %" PRIu32 " goes on as it was\n", launch->pid);
	return BAD_POLICY;
}

/* The one process that is asked, or NULL with *result set: OK if it is all of them. */
static const struct launch_process *find_process(const struct options *options,
						 const struct launch *launch, int *result)
{
	*result = OK;
	if (!options->pid || options->pid == launch->pid || options->turn == TURN_RELOAD)
		return NULL;
	for (unsigned i = 0; i < launch->process_count; i++)
		if (launch->processes[i].pid == options->pid)
			return &launch->processes[i];
	fprintf(stderr,
		"redial: process %" PRIu32 " has made no connection yet, or has no entry of its "
		"own: it can be\nredial: switched with its launch, %" PRIu32 "\n",
		options->pid, launch->pid);
	*result = NONE;
	return NULL;
}

static int turn_one(const struct options *options, const struct launch *launch)
{
	static struct turned turned;
	const struct launch_process *process;
	int result;

	process = find_process(options, launch, &result);
	if (result != OK)
		return result;
	turned.turn = options->turn;
	turned.place = process ? (int)process->place : -1;
	if (options->turn == TURN_RELOAD)
		result = read_policy(options, launch, &turned);
	if (result != OK)
		return result;
	if (!turn_apply(launch, &turned)) {
		fprintf(stderr, "redial: launch %" PRIu32 ": %s\n", launch->pid,
			errno == EXDEV ? "is in another IPC namespace: run redial in there"
			: errno == EACCES
			    ? "is another user's: only that user and root can switch it"
			    : strerror(errno));
		return errno == EXDEV ? NONE : FAILED;
	}
	if (process)
		printf("%s: process %" PRIu32 " (%s) of launch %" PRIu32 "\n", options->name,
		       process->pid, process->name, launch->pid);
	else if (options->turn == TURN_RELOAD)
		printf("reload: launch %" PRIu32 " (%s), policy %08" PRIx32 " of %s\n", launch->pid,
		       *launch->name ? launch->name : "gone", (uint32_t)turned.sum, turned.path);
	else
		printf("%s: launch %" PRIu32 " (%s)\n", options->name, launch->pid,
		       *launch->name ? launch->name : "gone");
	return OK;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct launches found = {0};
	int result = read_options(&options, argc, argv);

	if (result == -1) {
		fputs(help, stdout);
		return fflush(stdout) || ferror(stdout) ? FAILED : OK;
	}
	if (result == OK)
		result = find(&found, &options);
	for (size_t i = 0; result != WRONG_USAGE && i < found.count; i++) {
		int one = turn_one(&options, &found.each[i]);

		result = one ? one : result;
	}
	launches_drop(&found);
	if (fflush(stdout) || ferror(stdout))
		return FAILED;
	return result;
}
