/* SPDX-License-Identifier: MIT */
/* POST after a pause, crossing the server's close of the connection: what max_idle_ms is for. */
#include "programs.h"

#include "support/runner.h"

static const struct fault crossing = {.name = "POST crosses the close",
				      .spec = "idle-race=60@1+",
				      .method = "POST",
				      .count = 4,
				      .pause_ms = 90,
				      .idle = true};

static void is_sent_once_on_a_new_connection(enum program_id p)
{
	static const char policy[] = "retry = { max_idle_ms = 40; };";
	struct run bare = {0}, without = {0}, redial = {0};

	if (!runner_expect_long("servers started", 0,
				program_run(&bare, p, &crossing, false) ||
				    program_run(&without, p, &crossing, true) ||
				    program_run_under(&redial, p, &crossing, policy)))
		return;
	CU_ASSERT(bare.errors > 0);
	runner_expect_long("errors without a limit", bare.errors, without.errors);
	runner_expect_long("ok", crossing.count, redial.ok);
	runner_expect_long("exit status", 0, redial.status);
	/* undici opens a second connection for its second request. */
	CU_ASSERT(redial.recovered >= crossing.count - 2);
	for (int i = 1; i <= crossing.count; i++)
		runner_expect_long("sightings of one POST", 1, redial.seen[i]);
}

#define EACH(X)                                                                                    \
	X(python_http_client, HTTP_CLIENT)                                                         \
	X(python_requests, REQUESTS)                                                               \
	X(python_aiohttp, AIOHTTP)                                                                 \
	X(python_httpx, HTTPX)                                                                     \
	X(node_http_agent, NODE_AGENT)                                                             \
	X(node_fetch, NODE_FETCH)                                                                  \
	X(npm_axios, NODE_AXIOS)                                                                   \
	X(java_net_http, JAVA_NET_HTTP)                                                            \
	X(php_streams, PHP_STREAMS)                                                                \
	X(c_epoll_edge_triggered, C_EPOLL_ET)

#define DEFINE(name, id)                                                                           \
	static void name(void)                                                                     \
	{                                                                                          \
		is_sent_once_on_a_new_connection(id);                                              \
	}
EACH(DEFINE)

#define ENTRY(name, id) {#name, name},

void idle_suite(void)
{
	static const struct runner_test tests[] = {EACH(ENTRY){NULL, NULL}};

	runner_suite("POST that would cross the close of an idle connection is sent once", tests);
}
