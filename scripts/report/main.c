/* SPDX-License-Identifier: MIT */
/* redial report: log lines in, a report out. The launcher runs it. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "print.h"
#include "stamp.h"

enum { OK = 0, WRONG_USAGE = 2, FAILED = 3 };

/* A longer line is not redial's. */
enum { LINE_MAX_BYTES = 65536 };

static const char help[] =
    "usage: redial report [OPTIONS] [FILE...]\n"
    "\n"
    "Sums up what redial has logged: per host and method how many requests failed,\n"
    "were recovered or not, how long that took, and the busiest request ids. Reads\n"
    "log files of redial's or of syslog's, what journalctl prints, or, without FILE\n"
    "or for \"-\", standard input; lines of others are passed over.\n"
    "\n"
    "  --json        one JSON document\n"
    "  --prometheus  the text format that Prometheus reads\n"
    "  --since TIME  only events from TIME on: 2026-01-31, 2026-01-31T13:30 (local\n"
    "                time; UTC with Z behind it), or 90s, 30m, 12h, 7d ago\n"
    "  --until TIME  only events before TIME\n"
    "  --top N       so many request ids, 0 to 1000; else 10\n"
    "  --verbose     say on standard error how many lines were passed over\n"
    "  --help        print this\n"
    "\n"
    "Exit status: 0 all right, 2 wrong usage, 3 a file cannot be read.\n";

struct options {
	enum { AS_TABLE, AS_JSON, AS_PROMETHEUS } form;
	bool verbose;
	bool has_since, has_until;
	int64_t since_ms, until_ms, now_ms;
	size_t top;
};

static void complain(const char *what, const char *why)
{
	fprintf(stderr, "redial report: %s: %s\n", what, why);
}

static bool in_range(const struct options *options, const struct entry *entry)
{
	if (!entry->timed)
		return !options->has_since && !options->has_until;
	return (!options->has_since || entry->time_ms >= options->since_ms) &&
	       (!options->has_until || entry->time_ms < options->until_ms);
}

static void take_line(struct tally *tally, const struct options *options, char *line, size_t len)
{
	struct entry entry;

	tally->lines++;
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	if (!entry_read(&entry, line, options->now_ms))
		return;
	if (in_range(options, &entry))
		tally_add(tally, &entry);
	else
		tally->outside++;
}

/* Takes the whole lines of buffer and moves the rest to its start. Returns the rest's length. */
static size_t take_lines(struct tally *tally, const struct options *options, char *buffer,
			 size_t len, bool *skipping)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', len - (size_t)(line - buffer)))) {
		if (*skipping)
			tally->lines++;
		else
			take_line(tally, options, line, (size_t)(end - line));
		*skipping = false;
		line = end + 1;
	}
	len -= (size_t)(line - buffer);
	memmove(buffer, line, len);
	return len;
}

static int read_all(struct tally *tally, const struct options *options, int fd)
{
	static char buffer[LINE_MAX_BYTES + 1];
	size_t held = 0;
	bool skipping = false;

	for (;;) {
		ssize_t got = read(fd, buffer + held, LINE_MAX_BYTES - held);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		held = take_lines(tally, options, buffer, held + (size_t)got, &skipping);
		if (skipping || held == LINE_MAX_BYTES) {
			skipping = true;
			held = 0;
		}
	}
	if (held)
		take_line(tally, options, buffer, held);
	else if (skipping)
		tally->lines++;
	return 0;
}

static int read_file(struct tally *tally, const struct options *options, const char *path)
{
	bool is_standard = !strcmp(path, "-");
	FILE *file = is_standard ? stdin : fopen(path, "re");
	struct stat about;
	int result = -1;

	if (!file || fstat(fileno(file), &about)) {
		complain(path, strerror(errno));
	} else if (S_ISDIR(about.st_mode)) {
		complain(path, strerror(EISDIR));
	} else {
		result = read_all(tally, options, fileno(file));
		if (result)
			complain(path, strerror(errno));
	}
	if (file && !is_standard)
		fclose(file);
	return result;
}

static int wrong(const char *what, const char *why)
{
	complain(what, why);
	fputs("redial report: see redial report --help\n", stderr);
	return WRONG_USAGE;
}

static int set_limit(const char *option, const char *text, const struct options *options, bool *has,
		     int64_t *ms)
{
	*has = stamp_parse_limit(text, options->now_ms, ms);
	return *has ? OK : wrong(option, "is a time such as 2026-01-31T13:30 or 2h");
}

static int set_top(struct options *options, const char *text)
{
	char *end;
	unsigned long top = strtoul(text, &end, 10);

	options->top = top;
	if (*text >= '0' && *text <= '9' && !*end && top <= PRINT_TOP_MAX)
		return OK;
	return wrong("--top", "is a number from 0 to 1000");
}

/* Returns OK, WRONG_USAGE, or -1 if help was asked for. */
static int read_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
	    {"json", no_argument, NULL, 'j'},	     {"prometheus", no_argument, NULL, 'p'},
	    {"since", required_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
	    {"top", required_argument, NULL, 't'},   {"verbose", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'},	     {NULL, 0, NULL, 0}};
	int option, result = OK;

	opterr = 0;
	while (result == OK && (option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		if (option == 'j')
			options->form = AS_JSON;
		else if (option == 'p')
			options->form = AS_PROMETHEUS;
		else if (option == 's')
			result = set_limit("--since", optarg, options, &options->has_since,
					   &options->since_ms);
		else if (option == 'u')
			result = set_limit("--until", optarg, options, &options->has_until,
					   &options->until_ms);
		else if (option == 't')
			result = set_top(options, optarg);
		else if (option == 'v')
			options->verbose = true;
		else if (option == 'h')
			return -1;
		else
			result = wrong(argv[optind - 1],
				       option == ':' ? "needs a value" : "is not an option");
	}
	return result;
}

static void tell(const struct tally *tally, const struct options *options)
{
	uint64_t foreign = tally->lines - tally->events - tally->damaged - tally->outside;

	if (tally->damaged)
		fprintf(stderr, "redial report: %" PRIu64 " of redial's lines are not understood\n",
			tally->damaged);
	if (options->verbose)
		fprintf(stderr,
			"redial report: %" PRIu64 " lines, %" PRIu64
			" of them not redial's, %" PRIu64 " outside the time\n",
			tally->lines, foreign, tally->outside);
}

static int flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return OK;
	complain("standard output", strerror(errno));
	return FAILED;
}

int main(int argc, char **argv)
{
	struct options options = {.top = 10, .now_ms = (int64_t)time(NULL) * 1000};
	struct tally *tally;
	int result = read_options(&options, argc, argv);

	if (result == -1) {
		fputs(help, stdout);
		return flush();
	}
	if (result)
		return result;
	if (optind == argc && isatty(STDIN_FILENO))
		return wrong("FILE", "is missing, and standard input is a terminal");
	tally = tally_new();
	if (optind == argc)
		result = read_file(tally, &options, "-") ? FAILED : OK;
	for (; optind < argc; optind++)
		if (read_file(tally, &options, argv[optind]))
			result = FAILED;
	tally_sort(tally);
	if (options.form == AS_JSON)
		print_json(tally, options.top);
	else if (options.form == AS_PROMETHEUS)
		print_prometheus(tally);
	else
		print_table(tally, options.top);
	tell(tally, &options);
	return flush() ? FAILED : result;
}
