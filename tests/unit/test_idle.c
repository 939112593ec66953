/* SPDX-License-Identifier: MIT */
/* When a connection has been idle for so long that its server may be closing it. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "../../preload/process/config.h"
#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/idle.h"
#include "../../preload/http1/keep_alive.h"
#include "../../preload/conn/table.h"

static void hint_is_read_from_the_head(void)
{
#define HEAD(line) "HTTP/1.1 200 OK\r\nServer: x\r\n" line "\r\nContent-Length: 2\r\n\r\nhi"
	static const struct {
		const char *bytes;
		int seconds;
	} cases[] = {
	    {HEAD("Keep-Alive: timeout=5"), 5},
	    {HEAD("keep-alive:timeout=5, max=100"), 5},
	    {HEAD("KEEP-ALIVE: max=100 , Timeout=75"), 75},
	    {HEAD("Keep-Alive: max=1,timeout = 7\t"), 7},
	    {HEAD("Keep-Alive: timeout=\"9\""), 9},
	    {HEAD("Keep-Alive: timeout=0"), 0},
	    {HEAD("Keep-Alive: timeout="), 0},
	    {HEAD("Keep-Alive: timeout"), 0},
	    {HEAD("Keep-Alive: timeout=x5"), 0},
	    {HEAD("Keep-Alive: timeouts=5"), 0},
	    {HEAD("Keep-Alive: my-timeout=5"), 0},
	    {HEAD("Keep-Alive: mytimeout=5, timeout=6"), 6},
	    {HEAD("Keep-Alive: 300"), 0},
	    {HEAD("Keep-Alive:"), 0},
	    {HEAD("X-Keep-Alive: timeout=5"), 0},
	    {HEAD("Keep-Alive: timeout=99999999999999999999"), 65535},
	    {HEAD("X: y") "Keep-Alive: timeout=5\r\n", 0},
	    {"HTTP/1.1 100 Continue\r\n\r\n" HEAD("Keep-Alive: timeout=5"), 5},
	    {"HTTP/1.1 103 Early Hints\r\nKeep-Alive: timeout=1\r\n\r\n" HEAD("X: y"), 0},
	    {"HTTP/1.1 100 Continue\r\n\r\n", 0},
	    {"Server: x\r\nKeep-Alive: timeout=5\r\n\r\n", 5}, /* the head came in pieces */
	    {"\r\n\r\nKeep-Alive: timeout=5\r\n", 0},
	    {"", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char copy[200]; /* ends where the bytes do */
		size_t len = strlen(cases[i].bytes);
		memcpy(copy + sizeof(copy) - len, cases[i].bytes, len);
		struct http1_keep_alive said;
		http1_keep_alive(copy + sizeof(copy) - len, len, &said);
		runner_expect_long(cases[i].bytes, cases[i].seconds, said.timeout_s);
	}
}

static void requests_that_a_server_yet_takes_are_read_as_well(void)
{
	static const struct {
		const char *bytes;
		int has_max, max;
	} cases[] = {
	    {HEAD("Keep-Alive: timeout=5, max=100"), 1, 100},
	    {HEAD("Keep-Alive: MAX = \"7\""), 1, 7},
	    {HEAD("Keep-Alive: max=0"), 1, 0},
	    {HEAD("Keep-Alive: timeout=5, max=99999999999999999999"), 1, 65535},
	    {HEAD("Keep-Alive: timeout=5"), 0, 0},
	    {HEAD("Keep-Alive: timeout=5, max"), 0, 0},
	    {HEAD("Keep-Alive: timeout=5, max=x"), 0, 0},
	    {HEAD("Keep-Alive: timeout=5, climax=1"), 0, 0},
	    {HEAD("Keep-Alive: timeout=5, max=-1"), 0, 0},
	    {HEAD("X: max=1"), 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http1_keep_alive said;
		http1_keep_alive(cases[i].bytes, strlen(cases[i].bytes), &said);
		runner_expect_long(cases[i].bytes, cases[i].has_max, said.has_max);
		runner_expect_long(cases[i].bytes, cases[i].max, said.max);
	}
}

static void limits_are_reached_at_their_time(void)
{
	static const struct {
		uint32_t max_idle_ms, hints;
		uint16_t hint_s;
		uint32_t idle_ms;
		int over;
	} cases[] = {
	    {0, 0, 0, UINT32_MAX, 0}, /* neither key */
	    {0, 0, 5, 60000, 0},	{100, 0, 0, 99, 0},	    {100, 0, 0, 100, 1},
	    {100, 0, 5, 101, 1},	{0, 1, 0, 600000, 0}, /* nothing was promised */
	    {0, 1, 5, 3999, 0},		{0, 1, 5, 4000, 1},	    {0, 1, 2, 999, 0},
	    {0, 1, 2, 1000, 1},		{0, 1, 1, 499, 0},	    {0, 1, 1, 500, 1},
	    {0, 1, 65535, 65533999, 0}, {0, 1, 65535, 65534000, 1}, {3000, 1, 5, 2999, 0},
	    {3000, 1, 5, 3000, 1},	{9000, 1, 5, 4000, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy_retry settings = {.max_idle_ms = cases[i].max_idle_ms,
						.keep_alive_hints = cases[i].hints};
		char what[80];
		snprintf(what, sizeof(what), "case %zu", i);
		runner_expect_long(what, cases[i].over,
				   idle_is_over(&settings, cases[i].idle_ms, cases[i].hint_s));
	}
}

enum { FD = 91 };

static struct conn *opened(struct policy *policy)
{
	policy->rule_count = 0;
	policy_finish(policy);
	config.policy = policy;
	conn_open(FD);
	struct conn *conn = table_find(FD);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, FD));
	return conn;
}

static void note(struct conn *conn, const char *bytes)
{
	struct iovec piece = {(void *)bytes, strlen(bytes)};
	idle_note(conn, &piece, 1, piece.iov_len);
}

static bool is_due(const struct conn *conn, uint64_t at_ms)
{
	static const char head[] = "POST /a HTTP/1.1\r\nHost: x\r\n\r\n";
	enum cause cause;
	clock_ms = at_ms;
	return idle_is_due(conn, head, sizeof(head) - 1, &cause) && cause == CAUSE_IDLE;
}

static bool is_spent(const struct conn *conn)
{
	static const char head[] = "POST /a HTTP/1.1\r\nHost: x\r\n\r\n";
	enum cause cause;
	return idle_is_due(conn, head, sizeof(head) - 1, &cause) && cause == CAUSE_MAX_REQUESTS;
}

static void time_counts_from_the_last_byte_read(void)
{
	/* The clock fits 32 bits, is 0 in them, goes round. */
	static const uint64_t starts[] = {5, UINT32_C(1) << 31, UINT64_C(1) << 32,
					  (UINT64_C(1) << 32) - 7, (UINT64_C(7) << 32) - 1};
	struct policy policy;
	policy_defaults(&policy);
	policy.retry.max_idle_ms = 100;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct conn *conn = opened(&policy);
		CU_ASSERT(conn->care & CARE_IDLE);
		runner_expect_long("nothing read", 0, is_due(conn, starts[i] + 1000));
		clock_ms = starts[i];
		note(conn, "HTTP/1.1 200 OK\r\n");
		runner_expect_long("at once", 0, is_due(conn, starts[i]));
		runner_expect_long("later", 1, is_due(conn, starts[i] + 150));
		clock_ms = starts[i] + 50;
		note(conn, "Content-Length: 0\r\n\r\n");
		runner_expect_long("before", 0, is_due(conn, starts[i] + 148));
		runner_expect_long("when it is over", 1, is_due(conn, starts[i] + 150));
		conn_end(conn, WHY_TOLD);
	}
	config.policy = &policy_builtin;
}

static void last_promise_counts_until_the_socket_is_another(void)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.retry.keep_alive_hints = 1;
	struct conn *conn = opened(&policy);
	clock_ms = 1000;
	note(conn, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=10\r\n\r\n");
	runner_expect_long("before", 0, is_due(conn, 9999));
	runner_expect_long("after", 1, is_due(conn, 10000));
	clock_ms = 1000;
	note(conn, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\n\r\n");
	runner_expect_long("a shorter one", 1, is_due(conn, 3000));
	clock_ms = 1000;
	note(conn, "HTTP/1.1 304 Not Modified\r\n\r\n");
	runner_expect_long("none in between", 1, is_due(conn, 3000));
	conn_renewed(conn, 77);
	runner_expect_long("of another socket", 0, is_due(conn, 3000));
	conn_end(conn, WHY_TOLD);
	config.policy = &policy_builtin;
}

static void requests_count_on_each_socket(void)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.retry.max_requests = 3;
	struct conn *conn = opened(&policy);
	CU_ASSERT(conn->care & CARE_IDLE);
	conn->popped = 2;
	runner_expect_long("two of three", 0, is_spent(conn));
	conn->popped = 3;
	runner_expect_long("three", 1, is_spent(conn));
	conn_renewed(conn, 77);
	runner_expect_long("none on another socket", 0, is_spent(conn));
	conn->popped = 5;
	runner_expect_long("two there", 0, is_spent(conn));
	conn->popped = 7;
	runner_expect_long("four there", 1, is_spent(conn));
	conn_end(conn, WHY_TOLD);
	config.policy = &policy_builtin;
}

static void last_request_is_what_the_server_said_last(void)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.retry.keep_alive_hints = 1;
	struct conn *conn = opened(&policy);
	clock_ms = 1000;
	note(conn, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=10, max=2\r\n\r\n");
	runner_expect_long("two more", 0, is_spent(conn));
	note(conn, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=10, max=1\r\n\r\n");
	runner_expect_long("one more", 1, is_spent(conn));
	note(conn, "HTTP/1.1 304 Not Modified\r\n\r\n");
	runner_expect_long("it stays said", 1, is_spent(conn));
	note(conn, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=10, max=9\r\n\r\n");
	runner_expect_long("it was said otherwise", 0, is_spent(conn));
	note(conn, "HTTP/1.1 200 OK\r\nKeep-Alive: max=0\r\n\r\n");
	conn_renewed(conn, 77);
	runner_expect_long("of another socket", 0, is_spent(conn));
	conn_end(conn, WHY_TOLD);
	config.policy = &policy_builtin;
}

static void body_is_no_head(void)
{
	struct policy policy;
	policy_defaults(&policy);
	policy.retry.keep_alive_hints = 1;
	struct conn *conn = opened(&policy);
	CU_ASSERT(conn_record_piece(conn, "GET /", 5));
	conn->exchange->response.flags = HTTP1_STARTED | HTTP1_HEAD_DONE;
	note(conn, "x\r\nKeep-Alive: timeout=1\r\n\r\n");
	runner_expect_long("hint", 0, conn->idle_hint_s);
	conn_end(conn, WHY_TOLD);
	config.policy = &policy_builtin;
}

void suite_idle(void)
{
	static const struct runner_test tests[] = {
	    TEST(hint_is_read_from_the_head),
	    TEST(limits_are_reached_at_their_time),
	    TEST(time_counts_from_the_last_byte_read),
	    TEST(last_promise_counts_until_the_socket_is_another),
	    TEST(requests_that_a_server_yet_takes_are_read_as_well),
	    TEST(requests_count_on_each_socket),
	    TEST(last_request_is_what_the_server_said_last),
	    TEST(body_is_no_head),
	    TEST_END};

	runner_suite("idle", tests);
}
