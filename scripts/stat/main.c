/* SPDX-License-Identifier: MIT */
/* redial stat: what redial is doing right now. The launcher runs it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "print.h"
#include "serve.h"

enum { OK = 0, NONE = 1, WRONG_USAGE = 2, FAILED = 3 };

static const char help[] =
    "usage: redial stat [OPTIONS] [PID]\n"
    "\n"
    "Shows what redial is doing right now in the processes of each launch (redial\n"
    "COMMAND and all that it starts) of yours that is alive, as root of everybody's;\n"
    "or of the one launch that the process PID is of.\n"
    "\n"
    "  --watch[=SECONDS]  show it again and again, every second or so often (from 0.1\n"
    "                     to 3600), until Ctrl-C is pressed or PID's launch is over\n"
    "  --processes        with a line for each process that has connected\n"
    "  --json             one JSON document on one line; with --watch one each time\n"
    "  --prometheus       once, in Prometheus' text format\n"
    "  --listen ADDRESS:PORT\n"
    "                     the same by HTTP, http://ADDRESS:PORT/metrics, until Ctrl-C\n"
    "                     is pressed; both numbers, [::1]:9180 for IPv6, port 0 any\n"
    "  --dir FOLDER       what processes tell there that were started with\n"
    "                     REDIAL_STATE=FOLDER, by whatever means, in any container\n"
    "  --help             print this\n"
    "\n"
    "Exit status: 0 all right, 1 there is no such launch, 2 wrong usage, 3 it cannot\n"
    "be read or shown.\n";

struct options {
	bool json, processes, watch, prometheus;
	const char *listen; /* NULL: answer at once */
	const char *dir;    /* NULL: where launchers make their files */
	double seconds;
	uint32_t pid; /* 0: all launches */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int wrong(const char *what, const char *why)
{
	fprintf(stderr, "redial stat: %s %s\nredial stat: see redial stat --help\n", what, why);
	return WRONG_USAGE;
}

static int set_seconds(struct options *options, const char *text)
{
	char *end;

	options->watch = true;
	options->seconds = text ? strtod(text, &end) : 1;
	if (text && (end == text || *end || !(options->seconds >= 0.1 && options->seconds <= 3600)))
		return wrong("--watch", "takes seconds from 0.1 to 3600");
	return OK;
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
	static const struct option known[] = {
	    {"watch", optional_argument, NULL, 'w'},  {"processes", no_argument, NULL, 'p'},
	    {"json", no_argument, NULL, 'j'},	      {"prometheus", no_argument, NULL, 'm'},
	    {"listen", required_argument, NULL, 'l'}, {"dir", required_argument, NULL, 'd'},
	    {"help", no_argument, NULL, 'h'},	      {NULL, 0, NULL, 0}};
	int option, result = OK;

	opterr = 0;
	while (result == OK && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'w')
			result = set_seconds(options, optarg);
		else if (option == 'p')
			options->processes = true;
		else if (option == 'j')
			options->json = true;
		else if (option == 'm')
			options->prometheus = true;
		else if (option == 'l')
			options->listen = optarg;
		else if (option == 'd')
			options->dir = optarg;
		else if (option == 'h')
			return -1;
		else
			result = wrong(argv[optind - 1], "is not an option");
	}
	if (result == OK && optind < argc)
		result = set_pid(options, argv[optind++]);
	if (result == OK && optind < argc)
		result = wrong(argv[optind], "is one word too many");
	if (result == OK && options->watch + options->prometheus + !!options->listen > 1)
		result = wrong("--watch, --prometheus and --listen", "exclude each other");
	if (result == OK && options->dir && options->pid)
		result = wrong("--dir", "shows all that is in the folder, and takes no PID");
	if (result == OK && options->json && (options->prometheus || options->listen))
		result = wrong("--json", "is another form than Prometheus'");
	return result;
}

static int complain(const struct options *options, int error)
{
	if (options->dir) {
		fprintf(stderr, "redial stat: %s: %s\n", options->dir, strerror(error));
		return FAILED;
	}
	if (error == ESRCH)
		fprintf(stderr, "redial stat: there is no process %" PRIu32 "\n", options->pid);
	else if (error == ENOENT)
		fprintf(stderr,
			"redial stat: process %" PRIu32 " is of no launch that can be seen: the "
			"launcher\nredial stat: has not started it, or without a file to share\n",
			options->pid);
	else if (error == ENOMSG)
		fprintf(stderr, "redial stat: process %" PRIu32 " shares a file that is damaged\n",
			options->pid);
	else
		fprintf(stderr, "redial stat: process %" PRIu32 ": %s\n", options->pid,
			strerror(error));
	return error == ESRCH || error == ENOENT ? NONE : FAILED;
}

static int find(struct launches *found, const struct options *options, bool again)
{
	int error = 0;

	if (options->pid)
		error = launches_add_of(found, options->pid);
	else if (options->dir)
		error = folder_find(found, options->dir);
	else
		launches_find(found);
	if (again)
		return error || !found->count ? NONE : OK;
	if (error)
		return complain(options, error);
	if (found->others)
		fprintf(stderr,
			"redial stat: %zu launched by another version of redial cannot be read\n",
			found->others);
	if (found->count || (options->watch && !options->pid))
		return OK;
	if (!found->others)
		fputs("redial stat: no launch is alive\n", stderr);
	return found->others ? FAILED : NONE;
}

static void print_time(void)
{
	time_t now = time(NULL);
	char text[32] = "";
	struct tm broken;

	if (localtime_r(&now, &broken))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken);
	printf("%s\n\n", text);
}

static int show(const struct launches *found, const struct options *options)
{
	if (options->json) {
		print_json(found);
	} else if (options->prometheus) {
		print_prometheus(stdout, found);
	} else {
		if (options->watch) {
			/* ECMA-48: to the upper left corner, and erase all. */
			if (isatty(STDOUT_FILENO))
				fputs("\033[H\033[2J", stdout);
			print_time();
			if (!found->count)
				puts("no launch is alive");
		}
		print_text(found, options->processes);
		if (options->watch && !isatty(STDOUT_FILENO))
			putchar('\n');
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return OK;
	fprintf(stderr, "redial stat: standard output: %s\n", strerror(errno));
	return FAILED;
}

/* false if Ctrl-C was pressed. */
static bool wait_for_next(const struct options *options, const sigset_t *unblocked)
{
	struct timespec pause = {(time_t)options->seconds, 0};

	pause.tv_nsec = (long)((options->seconds - (double)pause.tv_sec) * 1e9);
	return !interrupted && pselect(0, NULL, NULL, NULL, &pause, unblocked) == 0 && !interrupted;
}

static int run(const struct options *options)
{
	const struct sigaction action = {.sa_handler = interrupt};
	struct launches now = {0}, before = {0};
	sigset_t blocked, unblocked;
	int result;

	if (options->watch) {
		/* Only while we wait: each block is shown whole. */
		sigemptyset(&blocked);
		sigaddset(&blocked, SIGINT);
		sigprocmask(SIG_BLOCK, &blocked, &unblocked);
		sigdelset(&unblocked, SIGINT);
		sigaction(SIGINT, &action, NULL);
	}
	result = find(&now, options, false);
	if (result == OK || (result == NONE && (options->json || options->prometheus)))
		result = show(&now, options) ? FAILED : result;
	while (result == OK && options->watch && wait_for_next(options, &unblocked)) {
		launches_drop(&before);
		before = now;
		memset(&now, 0, sizeof(now));
		if (find(&now, options, true) != OK && options->pid)
			break;
		launches_compare(&now, &before);
		result = show(&now, options);
	}
	launches_drop(&before);
	launches_drop(&now);
	return result;
}

static bool write_page(FILE *to, const void *of)
{
	struct launches found = {0};

	find(&found, of, true);
	print_prometheus(to, &found);
	launches_drop(&found);
	return !ferror(to);
}

static int serve(const struct options *options)
{
	const struct sigaction action = {.sa_handler = interrupt};
	sigset_t blocked, unblocked;
	bool malformed;
	int listener = serve_listen(options->listen, &malformed);

	if (malformed)
		return wrong(options->listen, "is no ADDRESS:PORT of numbers");
	if (listener < 0)
		return FAILED;
	/* Only while we wait: each answer is made whole. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	sigdelset(&unblocked, SIGINT);
	sigdelset(&unblocked, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	serve_run(listener, write_page, options, &unblocked, &interrupted);
	return OK;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int result = read_options(&options, argc, argv);

	if (result == -1) {
		fputs(help, stdout);
		return fflush(stdout) || ferror(stdout) ? FAILED : OK;
	}
	if (result)
		return result;
	return options.listen ? serve(&options) : run(&options);
}
