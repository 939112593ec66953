/* SPDX-License-Identifier: MIT */
/* The table of the zoo, measured: outcomes from the runs, calls from strace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/process.h"
#include "zoo.h"

#define TRACED                                                                                     \
	"trace=read,readv,recvfrom,recvmsg,recvmmsg,write,writev,sendto,sendmsg,sendmmsg,"         \
	"sendfile,splice,poll,ppoll,select,pselect6,epoll_ctl,epoll_wait,epoll_pwait,"             \
	"epoll_pwait2,io_uring_enter"

/* Calls of one kind, in the order in which they are told. */
static const char *const reads[] = {"read", "readv", "recvfrom", "recvmsg", "recvmmsg", NULL};
static const char *const writes[] = {"write",	 "writev",   "sendto", "sendmsg",
				     "sendmmsg", "sendfile", "splice", NULL};
static const char *const waits[] = {"poll",	    "ppoll",	      "select",
				    "pselect6",	    "epoll_wait",     "epoll_pwait",
				    "epoll_pwait2", "io_uring_enter", NULL};

/* "PID name(...": does the line begin with this call? */
static const char *called(const char *line, const char *name)
{
	const char *at = line + strspn(line, "0123456789 ");
	size_t n = strlen(name);

	return !strncmp(at, name, n) && at[n] == '(' ? at + n : NULL;
}

/* poll and select tell of the socket; epoll and io_uring wait for whatever was registered. */
static bool is_of_port(const char *line, const char *name, int port)
{
	char peer[32];

	if (!strncmp(name, "epoll_", 6) || !strncmp(name, "io_", 3))
		return true;
	snprintf(peer, sizeof peer, ":%d]", port);
	return strstr(line, "->") && strstr(line, peer);
}

static void print_calls(const char *text, const char *const names[], int port)
{
	const char *comma = "";

	for (; *names; names++) {
		bool found = false;

		for (const char *line = text; !found && line && *line;
		     line = strchr(line, '\n'), line += line != NULL) {
			char one[1024];

			snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n"), line);
			found = called(one, *names) && is_of_port(one, *names, port);
		}
		if (found) {
			printf("%s%s", comma, *names);
			comma = ", ";
		}
	}
	printf("%s | ", *comma ? "" : "-");
}

static void print_traced(const struct zoo_row *row)
{
	char log[] = "/tmp/redial-zoo-XXXXXX";
	const char *front[] = {"strace", "-f",	 "-yy", "-qq", "-s", "32",
			       "-e",	 TRACED, "-o",	log,   NULL};
	const char *members[] = {row->member, NULL};
	const struct way way = {
	    .front = front, .members = row->member ? members : NULL, .env = zoo_environment()};
	int fd = mkstemp(log);
	struct run run;
	char *text;

	if (fd < 0)
		return;
	close(fd);
	if (!program_meet(&run, &row->program, &faults[GET_RESET], &way) &&
	    (text = read_whole(log))) {
		print_calls(text, writes, run.port);
		print_calls(text, reads, run.port);
		print_calls(text, waits, run.port);
		free(text);
	}
	unlink(log);
}

void zoo_table(const char *only)
{
	for (const struct zoo_row *row = zoo_rows; row->test; row++) {
		char bare[N_ZOO_MODES + 1] = {0}, redial[N_ZOO_MODES + 1] = {0};
		char reason[40] = "";

		if (!zoo_has(row) || (only && !strstr(row->test, only)))
			continue;
		printf("| %s | ", row->program.name);
		print_traced(row);
		for (int mode = 0; mode < N_ZOO_MODES; mode++) {
			struct run runs[2] = {0};

			bare[mode] = redial[mode] = '.';
			if (row->bare[mode] == '.')
				continue;
			zoo_meet(row, (enum zoo_mode)mode, &runs[0], &runs[1]);
			bare[mode] = zoo_letter(&runs[0], (enum zoo_mode)mode);
			redial[mode] = zoo_letter(&runs[1], (enum zoo_mode)mode);
			if (mode != ZOO_POST_RESET && redial[mode] == '-' && *runs[1].reason)
				snprintf(reason, sizeof reason, " `%s`", runs[1].reason);
			if (runs[1].elapsed_ms > runs[0].elapsed_ms + 1000 ||
			    runs[1].cpu_ms > runs[0].cpu_ms * 6 / 5 + 150)
				fprintf(stderr,
					"%s, %s: %ld ms and %ld of CPU time, bare %ld and %ld\n",
					row->test, faults[zoo_faults[mode]].name,
					runs[1].elapsed_ms, runs[1].cpu_ms, runs[0].elapsed_ms,
					runs[0].cpu_ms);
		}
		printf("`%s` | `%s`%s |\n", bare, redial, reason);
		fflush(stdout);
	}
}
