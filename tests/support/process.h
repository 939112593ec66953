/* SPDX-License-Identifier: MIT */
/* Programs under test and the faulty server beside them, started and always reaped by pid. */
#ifndef REDIAL_TEST_PROCESS_H
#define REDIAL_TEST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A program that ran to its end. Free with process_free. */
struct process_result {
	int status;	/* exit status; 128 + signal if it was killed; -1 if it never started */
	bool timed_out; /* it was killed because the time given was over */
	char *out;	/* what it wrote to standard output, NUL-terminated */
	char *err;	/* the same of standard error */
	long elapsed_ms;
	long cpu_ms; /* of it, and of those of its children that it has waited for */
};

/*
 * Runs argv[0] (looked up in PATH) to its end or for at most timeout_ms. env: "NAME=value" strings,
 * NULL at the end, added to (or replacing those of) our environment; may be NULL.
 */
struct process_result process_run(const char *const argv[], const char *const env[],
				  int timeout_ms);
void process_free(struct process_result *result);

/* A faultd under test. */
struct faultd {
	pid_t pid;
	int port;
	char dir[64]; /* its temporary folder */
	char log[96]; /* its request log, in that folder */
};

/*
 * Starts build/faultd on a free port of 127.0.0.1 with these further arguments (NULL at the end;
 * may be NULL), and waits until it listens. Returns 0, or -1 with the reason printed.
 */
int faultd_start(struct faultd *server, const char *const args[]);

/* Stops it and removes its folder. */
void faultd_stop(struct faultd *server);

/*
 * How many lines of its log hold all of these fragments (each may be NULL): e.g.
 * faultd_count(&s, "request ", "method=POST ", "path=/order/7 ").
 */
int faultd_count(const struct faultd *server, const char *a, const char *b, const char *c);

/* Waits until that count is at least `count`. Returns 0, or -1 when timeout_ms are over. */
int faultd_wait(const struct faultd *server, int count, const char *a, const char *b, const char *c,
		int timeout_ms);

/* The absolute path of a file below build/, "build/" + name; a static buffer per call site is not
 * needed: the text lives until the test program ends. */
const char *build_path(const char *name);

/* The absolute path of a file of the sources, wherever this program was built; a static buffer. */
const char *tree_path(const char *name);

/* The number of descriptors that process pid has open, or -1. */
int open_descriptors(pid_t pid);

/* Reads a whole file into memory, NUL-terminated; free() it. NULL if it cannot be read. */
char *read_whole(const char *path);

#endif
