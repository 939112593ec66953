/* SPDX-License-Identifier: MIT */
/* Real programs, bare and under redial, side by side. */
#include "programs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/process.h"
#include "support/runner.h"

static bool matrix_wanted;

static int expect_at_most(const char *what, int most, int got)
{
	char text[160];

	snprintf(text, sizeof text, "%s at most %d", what, most);
	return runner_expect_long(text, got <= most ? got : most, got);
}

static int expect_at_least(const char *what, int least, int got)
{
	char text[160];

	snprintf(text, sizeof text, "%s at least %d", what, least);
	return runner_expect_long(text, got >= least ? got : least, got);
}

static void meet(enum program_id p, enum fault_id f, struct run *bare, struct run *redial)
{
	if (!runner_expect_long("servers started", 0,
				program_run(bare, p, &faults[f], false) ||
				    program_run(redial, p, &faults[f], true)))
		return;
	matrix_note(p, f, bare, redial);
	matrix_wanted = true;
	if (program_survives_bare(p, f)) {
		runner_expect_long("bare: ok by itself", faults[f].count, bare->ok);
	} else {
		expect_at_least("bare: errors", 1, bare->errors);
		expect_at_least("bare: exit status", 1, bare->status);
	}
	runner_expect_long("redial: timed out", 0, redial->timed_out);
}

/* Everything is answered, and redial's log says who did it. */
static void expect_saved(enum program_id p, enum fault_id f, const struct run *redial)
{
	runner_expect_long("redial: ok", faults[f].count, redial->ok);
	runner_expect_long("redial: exit status", 0, redial->status);
	/* A program that resends by itself is not even given the reason to. */
	if (!faults[f].idle || !(programs[p].self & (PROBES_IDLE | HEEDS_IDLE_END)))
		expect_at_least("redial: recovered in its log", 1, redial->recovered);
}

/* GET: saved; the server sees a path once more at most, and only once if it was never sent. */
static void get_is_saved(enum program_id p, enum fault_id f)
{
	struct run bare = {0}, redial = {0};

	meet(p, f, &bare, &redial);
	expect_saved(p, f, &redial);
	expect_at_most("redial: sightings of one GET", faults[f].idle ? 1 : 2, redial.seen_most);
}

/* POST that the server may have acted on: the error stays, and nothing is sent a second time. */
static void post_stays_lost(enum program_id p, enum fault_id f)
{
	struct run bare = {0}, redial = {0};

	meet(p, f, &bare, &redial);
	/* Over several connections it is chance how often one is used again. */
	if (programs[p].dials)
		expect_at_least("redial: errors", 1, redial.errors);
	else
		runner_expect_long("redial: errors", bare.errors, redial.errors);
	if (programs[p].parallel) {
		/* It sends POSTs again by itself, but it says how many. */
		runner_expect_long("redial: POSTs seen beyond those that libcurl sent",
				   bare.requests - bare.sent_again,
				   redial.requests - redial.sent_again);
		return;
	}
	for (int i = 1; i <= faults[f].count; i++)
		expect_at_most("redial: sightings of one POST", bare.seen[i], redial.seen[i]);
}

/* POST to a connection that was dead before: never sent, so it is sent now, once. */
static void post_is_saved(enum program_id p, enum fault_id f)
{
	struct run bare = {0}, redial = {0};

	meet(p, f, &bare, &redial);
	expect_saved(p, f, &redial);
	for (int i = 1; i <= faults[f].count; i++)
		runner_expect_long("redial: sightings of one POST", 1, redial.seen[i]);
}

static void endures(enum program_id p)
{
	static const struct fault fifty = {"50 GET", "reset@2", "GET", 50, 0, false};
	static const struct fault ten = {"10 rounds of GET", "reset@2", "GET", 10, 0, false};
	const struct fault *fault = programs[p].parallel ? &ten : &fifty;
	int dials = programs[p].dials ? programs[p].dials : 1;
	struct run redial = {0};

	if (!runner_expect_long("server started", 0, program_run(&redial, p, fault, true)))
		return;
	runner_expect_long("ok", fault->count, redial.ok);
	runner_expect_long("exit status", 0, redial.status);
	expect_at_most("sightings of one GET", 2, redial.seen_most);
	/* The first request of each connection of its own is not reset. */
	expect_at_least("recovered in the log", 50 - dials, redial.recovered);
	if (programs[p].tells_fds)
		expect_at_most("open descriptors at the end", redial.fds_start, redial.fds_end);
}

#define EACH_PROGRAM(X)                                                                            \
	X(python_http_client, HTTP_CLIENT)                                                         \
	X(python_requests, REQUESTS)                                                               \
	X(python_aiohttp, AIOHTTP)                                                                 \
	X(python_httpx, HTTPX)                                                                     \
	X(python_httpx_async, HTTPX_ASYNC)                                                         \
	X(node_http_agent, NODE_AGENT)                                                             \
	X(node_fetch, NODE_FETCH)                                                                  \
	X(perl_lwp, PERL_LWP)                                                                      \
	X(wget_one_try, WGET)                                                                      \
	X(php_streams, PHP_STREAMS)                                                                \
	X(java_url_connection, JAVA_URL_CONNECTION)                                                \
	X(java_net_http, JAVA_NET_HTTP)                                                            \
	X(c_blocking, C_BLOCKING)                                                                  \
	X(c_poll, C_POLL)                                                                          \
	X(c_epoll_edge_triggered, C_EPOLL_ET)                                                      \
	X(ruby_net_http, RUBY_NET_HTTP)                                                            \
	X(perl_http_tiny, PERL_HTTP_TINY)                                                          \
	X(npm_undici, NODE_UNDICI)                                                                 \
	X(npm_axios, NODE_AXIOS)                                                                   \
	X(spring_on_http_client_4, JAVA_SPRING)                                                    \
	X(python_while_spawning, PYTHON_SPAWNING)                                                  \
	X(java_while_spawning, JAVA_SPAWNING)                                                      \
	X(libcurl_multi, CURL_MULTI)                                                               \
	X(c_select, C_SELECT)                                                                      \
	X(c_stdio, C_STDIO)                                                                        \
	X(c_stdio_pair, C_STDIO_PAIR)                                                              \
	X(c_dup, C_DUP)                                                                            \
	X(c_two_threads, C_THREADS)                                                                \
	X(nginx_one_worker, NGINX_1)                                                               \
	X(nginx_two_workers, NGINX_2)                                                              \
	X(haproxy_two_threads, HAPROXY)

/* For each program, the tests that the suites below name. */
#define DEFINE(name, id)                                                                           \
	static void name##_get_reset(void)                                                         \
	{                                                                                          \
		get_is_saved(id, GET_RESET);                                                       \
	}                                                                                          \
	static void name##_get_close(void)                                                         \
	{                                                                                          \
		get_is_saved(id, GET_CLOSE);                                                       \
	}                                                                                          \
	static void name##_get_unread(void)                                                        \
	{                                                                                          \
		get_is_saved(id, GET_UNREAD);                                                      \
	}                                                                                          \
	static void name##_get_idle_close(void)                                                    \
	{                                                                                          \
		get_is_saved(id, GET_IDLE_CLOSE);                                                  \
	}                                                                                          \
	static void name##_get_idle_reset(void)                                                    \
	{                                                                                          \
		get_is_saved(id, GET_IDLE_RESET);                                                  \
	}                                                                                          \
	static void name##_post_reset(void)                                                        \
	{                                                                                          \
		post_stays_lost(id, POST_RESET);                                                   \
	}                                                                                          \
	static void name##_post_close(void)                                                        \
	{                                                                                          \
		post_stays_lost(id, POST_CLOSE);                                                   \
	}                                                                                          \
	static void name##_post_unread(void)                                                       \
	{                                                                                          \
		post_stays_lost(id, POST_UNREAD);                                                  \
	}                                                                                          \
	static void name##_post_idle_close(void)                                                   \
	{                                                                                          \
		post_is_saved(id, POST_IDLE_CLOSE);                                                \
	}                                                                                          \
	static void name##_post_idle_reset(void)                                                   \
	{                                                                                          \
		post_is_saved(id, POST_IDLE_RESET);                                                \
	}                                                                                          \
	static void name##_fifty(void)                                                             \
	{                                                                                          \
		endures(id);                                                                       \
	}

EACH_PROGRAM(DEFINE)

#define SUITE(suffix, title)                                                                       \
	do {                                                                                       \
		static const struct runner_test tests[] = {                                        \
		    EACH_PROGRAM(ENTRY_##suffix){NULL, NULL}};                                     \
		runner_suite(title, tests);                                                        \
	} while (0)

#define ENTRY_get_reset(name, id)	{#name, name##_get_reset},
#define ENTRY_get_close(name, id)	{#name, name##_get_close},
#define ENTRY_get_unread(name, id)	{#name, name##_get_unread},
#define ENTRY_get_idle_close(name, id)	{#name, name##_get_idle_close},
#define ENTRY_get_idle_reset(name, id)	{#name, name##_get_idle_reset},
#define ENTRY_post_reset(name, id)	{#name, name##_post_reset},
#define ENTRY_post_close(name, id)	{#name, name##_post_close},
#define ENTRY_post_unread(name, id)	{#name, name##_post_unread},
#define ENTRY_post_idle_close(name, id) {#name, name##_post_idle_close},
#define ENTRY_post_idle_reset(name, id) {#name, name##_post_idle_reset},
#define ENTRY_fifty(name, id)		{#name, name##_fifty},

int main(int argc, char **argv)
{
	int status;

	if (access(build_path("libredial.so"), R_OK)) {
		fprintf(stderr, "client-tests: build/libredial.so is missing; run make\n");
		return 2;
	}
	if (programs_prepare())
		return 2;
	runner_begin();
	SUITE(get_reset, "GET read, then RST, is saved");
	SUITE(get_close, "GET read, then FIN, is saved");
	SUITE(get_unread, "GET never read, RST, is saved");
	SUITE(get_idle_close, "GET after FIN while idle is saved");
	SUITE(get_idle_reset, "GET after RST while idle is saved");
	SUITE(post_reset, "POST read, then RST, is never resent");
	SUITE(post_close, "POST read, then FIN, is never resent");
	SUITE(post_unread, "POST accepted by the kernel, RST, is never resent");
	SUITE(post_idle_close, "POST after FIN while idle is sent once");
	SUITE(post_idle_reset, "POST after RST while idle is sent once");
	SUITE(fifty, "50 GET, each second one reset: no error, no descriptor left");
	idle_suite();
	git_suite();
	orders_suite();
	status = runner_end(argc, argv);
	if (matrix_wanted)
		matrix_print();
	git_print();
	orders_print();
	return status;
}
