/* SPDX-License-Identifier: MIT */
/* The programs, the faults they meet, and one meeting. */
#ifndef REDIAL_TEST_PROGRAMS_H
#define REDIAL_TEST_PROGRAMS_H

#include <stdbool.h>

enum program_id {
	HTTP_CLIENT,
	REQUESTS,
	AIOHTTP,
	HTTPX,
	HTTPX_ASYNC,
	NODE_AGENT,
	NODE_FETCH,
	PERL_LWP,
	WGET,
	PHP_STREAMS,
	JAVA_URL_CONNECTION,
	JAVA_NET_HTTP,
	C_BLOCKING,
	C_POLL,
	C_EPOLL_ET,
	RUBY_NET_HTTP,
	PERL_HTTP_TINY,
	NODE_UNDICI,
	NODE_AXIOS,
	JAVA_SPRING,
	PYTHON_SPAWNING,
	JAVA_SPAWNING,
	CURL_MULTI,
	C_SELECT,
	C_STDIO,
	C_STDIO_PAIR,
	C_DUP,
	C_THREADS,
	NGINX_1,
	NGINX_2,
	HAPROXY,
	N_PROGRAMS
};

enum fault_id {
	GET_RESET,
	GET_CLOSE,
	GET_UNREAD,
	GET_IDLE_CLOSE,
	GET_IDLE_RESET,
	POST_RESET,
	POST_CLOSE,
	POST_UNREAD,
	POST_IDLE_CLOSE,
	POST_IDLE_RESET,
	N_FAULTS
};

/* What a program gets over without help. */
#define PROBES_IDLE    1u /* looks at an idle connection before it uses it again */
#define HEEDS_IDLE_END 2u /* the same, but falls over its reset */
#define RESENDS_GET    4u /* sends a GET again by itself, and cannot be told not to */
#define RESENDS_ON_END 8u /* the same, but not after a reset */

/* Arguments of a Java program; % stands for build/. */
#define JARS                                                                                       \
	"/usr/share/java/spring3-web.jar:/usr/share/java/spring3-core.jar:"                        \
	"/usr/share/java/spring3-beans.jar:/usr/share/java/httpclient.jar:"                        \
	"/usr/share/java/httpcore.jar:/usr/share/java/commons-logging.jar"
#define JAVA "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "%tests/clients:" JARS

struct program {
	const char *name;
	const char *argv[8];
	unsigned self;
	bool tells_fds;
	bool parallel; /* many connections at once: a fault on each would be more than bad luck */
	int dials;     /* connections it opens of its own accord; 0: one */
	const char *files; /* a folder that the server has; its requests are the program's own */
};

struct fault {
	const char *name;
	const char *spec;
	const char *method;
	int count, pause_ms;
	bool idle; /* the connection is dead before the request is sent */
};

extern const struct program programs[N_PROGRAMS];
extern const struct fault faults[N_FAULTS];

/* Does this program survive this fault bare? */
bool program_survives_bare(enum program_id program, enum fault_id fault);

/* Does it get over this one itself once it sees the end of the connection? */
bool program_heeds_end(enum program_id program, enum fault_id fault);

/* Compiles the Java programs if they are older than their sources. Returns 0 or -1. */
int programs_prepare(void);

/* One program's run against one server, and what that server saw. */
#define RUN_MAX 64
struct run {
	int status;
	int ok, errors;
	int seen[RUN_MAX + 1]; /* the most requests with one path of request i */
	int seen_most;
	int connections, requests;
	int sent_again; /* by the program, as it says itself */
	int fds_start, fds_end;
	int recovered;	 /* outcomes that redial's log says it saved */
	char reason[32]; /* why it refused the last one that it did refuse */
	long elapsed_ms, cpu_ms;
	int port;
	bool timed_out;
};

/* How a program is started. What is NULL or 0 is left out. */
struct way {
	bool redial;
	const char *policy;	    /* the text of a policy file */
	const char *const *members; /* a program that is several: which of them; NULL at the end */
	const char *const *front;   /* words before the command, as of a tracer; NULL at the end */
	const char *const *env;	    /* NAME=value strings; NULL at the end */
	int rest_ms; /* how long it stays, its event loop alive, after the last answer */
};

/* What stands for @FILE (of tests/clients/), %FILE (of build/) or itself. */
const char *program_path(const char *arg);

/*
 * Runs it against a server of its own with this fault. Fills one run for each member, or one.
 * Returns 0, or -1 if no server could be started.
 */
int program_meet(struct run *runs, const struct program *program, const struct fault *fault,
		 const struct way *way);

/* Runs it, with or without redial. Returns 0, or -1 if no server could be started. */
int program_run(struct run *run, enum program_id program, const struct fault *fault, bool redial);

/* The same with redial under a policy, the text of a policy file. */
int program_run_under(struct run *run, enum program_id program, const struct fault *fault,
		      const char *policy);

/* What test_matrix.c prints. */
void matrix_note(enum program_id program, enum fault_id fault, const struct run *bare,
		 const struct run *redial);
void matrix_print(void);

/* test_idle.c: POSTs after a pause, under a policy that looks to it. Adds a suite. */
void idle_suite(void);

/* test_git.c: git, whose requests are its own. Adds a suite, and prints what it saw. */
void git_suite(void);
void git_print(void);

/* test_orders.c: orders at a shop that honours Idempotency-Key, and at one that does not. */
void orders_suite(void);
void orders_print(void);

#endif
