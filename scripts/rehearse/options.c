/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: redial rehearse [OPTIONS] [--] COMMAND [ARG...]\n"
    "\n"
    "Runs COMMAND under redial, ends its kept-alive connections at the moments that\n"
    "matter, and says what became of each: saved, or given to the program and why.\n"
    "\n"
    "  --fault KIND[@every:N]  stale, reset, eof, silent, connect or dns, at every Nth\n"
    "                          chance; may be given again. Else stale, reset and eof\n"
    "                          in turn, at every 5th request on a used connection\n"
    "  --bare                  the same faults without redial\n"
    "  --for SECONDS           end COMMAND after that time\n"
    "  --policy FILE           the policy, as for redial itself\n"
    "  --report FILE           write all of it as JSON, too\n"
    "  --html FILE             write it as one page that can be mailed, too\n"
    "  --help                  print this\n"
    "\n"
    "Exit status: 0 all that could be saved was, 1 something was lost that should not\n"
    "have been, 2 no fault came about, 3 no connection was ever used again, 64 wrong\n"
    "usage, 120 it could not be done; else as of redial.\n";

const char *fault_name(int fault)
{
	static const char *const names[] = {
#define X(name, text) text,
	    REHEARSE_FAULTS(X)
#undef X
	};
	return names[fault];
}

static int wrong(const char *what, const char *why)
{
	fprintf(stderr, "redial rehearse: %s %s\nredial rehearse: see redial rehearse --help\n",
		what, why);
	return WRONG_USAGE;
}

static int fault_parse(const char *name, size_t len)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		if (strlen(fault_name(i)) == len && !strncmp(fault_name(i), name, len))
			return i;
	return -1;
}

/* Kinds without a number of their own share one turn; connects and look-ups have chances apart. */
static struct plan_turn *find_turn(struct options *options, int fault, unsigned long every)
{
	bool apart = every || !(FAULTS_OF_REQUESTS >> fault & 1);
	uint32_t wanted = every ? (uint32_t)every : EVERY_DEFAULT;
	for (unsigned i = 0; i < options->turn_count && !apart; i++)
		if (options->turns[i].next && options->turns[i].kinds & FAULTS_OF_REQUESTS)
			return &options->turns[i];
	struct plan_turn *turn = &options->turns[options->turn_count++];
	/* `next` marks the shared one until all are read. */
	*turn = (struct plan_turn){.every = wanted, .next = !apart};
	return turn;
}

static int add_fault(struct options *options, const char *text)
{
	const char *rest = strchr(text, '@');
	int fault = fault_parse(text, rest ? (size_t)(rest - text) : strlen(text));
	unsigned long every = 0;
	char *end;

	if (fault < 0)
		return wrong("--fault", "is stale, reset, eof, silent, connect or dns");
	if (rest) {
		if (strncmp(rest, "@every:", 7) != 0)
			return wrong("--fault", "is KIND or KIND@every:N");
		every = strtoul(rest + 7, &end, 10);
		if (rest[7] < '0' || rest[7] > '9' || *end || every < 1 || every > 1000000)
			return wrong("--fault", "KIND@every:N has an N from 1 to 1000000");
	}
	for (unsigned i = 0; i < options->turn_count; i++)
		if (options->turns[i].kinds >> fault & 1)
			return wrong(text, "is there twice");
	find_turn(options, fault, every)->kinds |= 1u << fault;
	return 0;
}

static int set_seconds(struct options *options, const char *text)
{
	char *end;

	options->seconds = strtod(text, &end);
	if (end == text || *end || !(options->seconds >= 0.1 && options->seconds <= 1e6))
		return wrong("--for", "takes seconds from 0.1 to 1000000");
	return 0;
}

static void settle(struct options *options)
{
	if (!options->turn_count)
		options->turns[options->turn_count++] = (struct plan_turn){
		    .kinds = 1 << FAULT_STALE | 1 << FAULT_RESET | 1 << FAULT_EOF,
		    .every = EVERY_DEFAULT};
	for (unsigned i = 0; i < options->turn_count; i++)
		options->turns[i].next = 0;
}

static int take(struct options *options, int option, char **argv)
{
	switch (option) {
	case 'f':
		return add_fault(options, optarg);
	case 's':
		return set_seconds(options, optarg);
	case 'b':
		options->bare = true;
		return 0;
	case 'p':
		options->policy = optarg;
		return *optarg ? 0 : wrong("--policy", "needs a value");
	case 'r':
		options->report = optarg;
		return 0;
	case 'w':
		options->html = optarg;
		return 0;
	case 'l':
		options->launcher = optarg;
		return 0;
	case ':':
		return wrong(argv[optind - 1], "needs a value");
	default:
		return wrong(argv[optind - 1], "is not an option");
	}
}

int options_read(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {{"fault", required_argument, NULL, 'f'},
					      {"bare", no_argument, NULL, 'b'},
					      {"for", required_argument, NULL, 's'},
					      {"policy", required_argument, NULL, 'p'},
					      {"report", required_argument, NULL, 'r'},
					      {"html", required_argument, NULL, 'w'},
					      {"launcher", required_argument, NULL, 'l'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	int option, result = 0;

	opterr = 0;
	while (!result && (option = getopt_long(argc, argv, "+:", known, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return -1;
		}
		result = take(options, option, argv);
	}
	if (!result && optind >= argc)
		result = wrong("COMMAND", "is missing");
	if (!result && !options->launcher)
		result = wrong("redial-rehearse", "is run by redial rehearse");
	options->command = argv + optind;
	settle(options);
	return result;
}
