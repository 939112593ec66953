/* SPDX-License-Identifier: MIT */
/* What the tracker knows of a connection. */
#include "unit.h"

#include <pthread.h>
#include <string.h>

#include "../../preload/process/config.h"
#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/table.h"
#include "../../preload/wire/socket.h"

struct config config = {.active = true, .policy = &policy_builtin};

static int ended;

/* What rescue/ has at work on a connection, stood in for. */
static bool end_rescue(struct conn *conn, enum conn_why why)
{
	ended++;
	if (why == WHY_PASSED)
		return true;
	conn->rescue = NULL;
	return false;
}

struct state_peer peers_nobody;

bool wire_same_peer(int fd, int other, bool process)
{
	return fd == other && process;
}

enum { FD = 77 };

#define GET    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST   "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static struct conn *opened(void)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(80)};
	conn_open(FD);
	struct conn *conn = table_find(FD);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, FD));
	conn_connected(conn, (const struct sockaddr *)&peer, sizeof(peer), 1234, &peers_nobody);
	return conn;
}

static bool record(struct conn *conn, const char *text)
{
	struct iovec piece = {(void *)text, strlen(text)};
	return conn_record(conn, &piece, 1, piece.iov_len);
}

static bool received(struct conn *conn, const char *text)
{
	struct iovec piece = {(void *)text, strlen(text)};
	return conn_received(conn, &piece, 1, piece.iov_len);
}

static struct decide_facts facts_of(const struct conn *conn)
{
	struct decide_facts facts = {.attempts = 1};
	conn_facts(conn, &facts);
	return facts;
}

static void connection_is_reused_once_a_whole_response_was_read(void)
{
	struct conn *conn = opened();
	CU_ASSERT(record(conn, GET));
	runner_expect_long("waiting", 1, conn_waiting(conn));
	runner_expect_long("reused", 0, facts_of(conn).reused);
	CU_ASSERT(received(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh"));
	runner_expect_long("started", 1, facts_of(conn).response_started);
	runner_expect_long("reused half way", 0, facts_of(conn).reused);
	CU_ASSERT(received(conn, "i"));
	runner_expect_long("reused", 1, facts_of(conn).reused);
	runner_expect_long("waiting", 0, conn_waiting(conn));
	runner_expect_long("started", 0, facts_of(conn).response_started);
	CU_ASSERT_PTR_NULL(conn->held);
	conn_end(conn, WHY_TOLD);
	CU_ASSERT_PTR_NULL(table_find(FD));
}

/* The breaker weighs a peer's failures against them: those that end a connection count, too. */
static void every_whole_response_counts_for_the_peer(void)
{
	static const struct {
		const char *request, *response;
		int answers;
	} cases[] = {
	    {GET, ANSWER, 1},
	    {GET, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", 0},
	    {GET, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 1},
	    {GET, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nh", 0},
	    {GET, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1},
	    {GET, "HTTP/1.1 100 Continue\r\n\r\n", 0},
	    {"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na",
	     "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conn *conn = opened();
		uint64_t before = peers_nobody.answered;
		CU_ASSERT(record(conn, cases[i].request));
		received(conn, cases[i].response);
		runner_expect_long(cases[i].response, cases[i].answers,
				   (long)(peers_nobody.answered - before));
		conn_end(conn, WHY_TOLD);
	}
}

static void unanswered_requests_are_held_byte_for_byte(void)
{
	struct conn *conn = opened();
	CU_ASSERT(record(conn, GET));
	CU_ASSERT(record(conn, POST GET));
	struct decide_facts facts = facts_of(conn);
	runner_expect_long("length", (long)strlen(GET POST GET), facts.request_len);
	runner_expect_long("methods", method_bit(METHOD_GET) | method_bit(METHOD_POST),
			   facts.methods);
	CU_ASSERT(memcmp(conn->held, GET POST GET, strlen(GET POST GET)) == 0);
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT(memcmp(conn->held, POST GET, strlen(POST GET)) == 0);
	CU_ASSERT(received(conn, ANSWER));
	runner_expect_long("left", (long)strlen(GET), (long)conn->held_len);
	runner_expect_long("methods left", method_bit(METHOD_GET), facts_of(conn).methods);
	conn_end(conn, WHY_TOLD);
}

static void what_the_kernel_did_not_take_is_taken_back(void)
{
	static const char *const before[] = {"", GET, "GET /a HTTP/1.1\r\nHo"};
	static const char written[] = "st: y\r\nX: 1\r\n\r\n";
	struct conn *conn;

	for (size_t i = 0; i < 3; i++) {
		const char *more = i == 2 ? written : POST;
		for (size_t taken = 0; taken <= strlen(more); taken++) {
			struct iovec piece = {(void *)more, strlen(more)};
			struct conn_mark mark;
			conn = opened();
			CU_ASSERT(record(conn, before[i]));
			conn_mark(conn, &mark);
			CU_ASSERT(record(conn, more));
			CU_ASSERT(conn_unrecord(conn, &mark));
			CU_ASSERT(conn_record(conn, &piece, 1, taken));
			runner_expect_long("held", (long)(strlen(before[i]) + taken),
					   conn->held_len);
			runner_expect_long("whole length", conn->held_len,
					   facts_of(conn).request_len);
			CU_ASSERT(record(conn, more + taken));
			runner_expect_long(
			    "complete", 1,
			    conn->exchange->requests[conn->request_count - 1].complete);
			conn_end(conn, WHY_TOLD);
		}
	}
}

static void nothing_can_be_taken_back_once_it_was_answered(void)
{
	struct conn *conn = opened();
	struct conn_mark mark;
	conn_mark(conn, &mark);
	CU_ASSERT(record(conn, GET));
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT_FALSE(conn_unrecord(conn, &mark));
	conn_end(conn, WHY_TOLD);
}

static void bytes_that_answer_nothing_end_the_tracking(void)
{
	static const struct {
		const char *sent;
		const char *received;
	} cases[] = {
	    {"", "220 smtp.example ready\r\n"},
	    {"", ANSWER},
	    {GET, ANSWER ANSWER},
	    {"GET /a HTTP/1.1\r\nHost", ANSWER},
	    {GET, "SSH-2.0-x\r\n"},
	    {GET, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"},
	    {GET, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conn *conn = opened();
		CU_ASSERT(record(conn, cases[i].sent));
		runner_expect_long(cases[i].received, 0, received(conn, cases[i].received));
		conn_end(conn, WHY_TOLD);
	}
}

static void bytes_that_are_no_request_end_the_tracking(void)
{
	static const char *const cases[] = {"\x16\x02\x01\x02",
					    "\x15\x03\x01\x02",
					    "CONNECT x:443 HTTP/1.1\r\n\r\n",
					    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
					    "EHLO x\r\n",
					    GET GET GET GET GET GET GET GET GET};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conn *conn = opened();
		runner_expect_long(cases[i], 0, record(conn, cases[i]));
		conn_end(conn, WHY_TOLD);
	}
}

static void request_that_is_too_large_to_hold_is_still_followed(void)
{
	static char body[70000];
	struct conn *conn = opened();

	memset(body, 'b', sizeof(body) - 1);
	CU_ASSERT(record(conn, "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 69999\r\n\r\n"));
	runner_expect_long("held", 1, facts_of(conn).held);
	CU_ASSERT(record(conn, body));
	runner_expect_long("held", 0, facts_of(conn).held);
	CU_ASSERT_PTR_NULL(conn->held);
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT(record(conn, GET));
	runner_expect_long("the next is held again", 1, facts_of(conn).held);
	conn_end(conn, WHY_TOLD);
}

static void first_status_of_a_rescue_is_noted(void)
{
	struct conn *conn = opened();
	struct conn_rescue rescue = {.end = end_rescue};
	conn->rescue = (struct rescue *)(void *)&rescue;
	CU_ASSERT(record(conn, GET GET));
	CU_ASSERT(received(conn, "HTTP/1.1 50"));
	runner_expect_long("not yet", 0, rescue.status);
	CU_ASSERT(received(conn, "3 Busy\r\nContent-Length: 0\r\n\r\n" ANSWER));
	runner_expect_long("status", 503, rescue.status);
	conn_end(conn, WHY_TOLD);
}

/* Whatever ends it, what is at work on it is asked what the program is still owed. */
static void connection_stays_as_long_as_the_program_is_owed_something(void)
{
	struct conn *conn = opened();
	struct conn_rescue rescue = {.end = end_rescue};
	conn->rescue = (struct rescue *)(void *)&rescue;
	ended = 0;
	CU_ASSERT_FALSE(conn_end(conn, WHY_PASSED));
	runner_expect_long("asked", 1, ended);
	CU_ASSERT_PTR_EQUAL(table_find(FD), conn);
	CU_ASSERT_FATAL(conn_lock(conn, FD));
	runner_expect_long("in doubt", CONN_DOUBT, (long)(conn->flags & CONN_DOUBT));
	CU_ASSERT(conn_end(conn, WHY_CLOSED));
	runner_expect_long("asked", 2, ended);
	CU_ASSERT_PTR_NULL(table_find(FD));
}

static void connection_lives_as_long_as_one_of_its_numbers(void)
{
	struct conn *conn = opened();
	CU_ASSERT(conn_add_alias(conn, FD + 1));
	conn_unlock(conn);
	CU_ASSERT_PTR_EQUAL(table_find(FD + 1), conn);
	conn_drop_fd(FD);
	CU_ASSERT_PTR_NULL(table_find(FD));
	CU_ASSERT(conn_lock(conn, FD + 1));
	runner_expect_long("number", FD + 1, conn->fd);
	conn_unlock(conn);
	conn_drop_fd(FD + 1);
	CU_ASSERT_PTR_NULL(table_find(FD + 1));
}

/* Calls on such a number would be missed. */
static void number_that_the_table_has_no_room_for_is_none_of_a_connections(void)
{
	volatile int last = TABLE_MAX - 1; /* for the compiler: as unknown as in a call */
	CU_ASSERT(table_ready(last));
	struct conn *conn = opened();
	CU_ASSERT_FALSE(conn_add_alias(conn, last + 1));
	CU_ASSERT_FALSE(conn_has(conn, last + 1));
	CU_ASSERT(conn_end(conn, WHY_PASSED));
	conn_open(last + 1);
	conn_open(last);
	CU_ASSERT_PTR_NULL(table_find(last + 1));
	CU_ASSERT_PTR_EQUAL(table_find(last), conn); /* no memory was lost over it */
	conn_drop_fd(last);
	CU_ASSERT_PTR_NULL(table_find(last));
}

static void lock_is_refused_for_a_number_that_is_not_the_connections(void)
{
	struct conn *conn = opened();
	conn_unlock(conn);
	CU_ASSERT_FALSE(conn_lock(conn, FD + 5));
	CU_ASSERT(conn_lock(conn, FD));
	CU_ASSERT_FALSE(conn_lock(conn, FD)); /* a signal handler of the thread that is inside */
	runner_expect_long("in doubt", CONN_DOUBT, (long)(conn->flags & CONN_DOUBT));
	conn_end(conn, WHY_TOLD);
}

/* Many threads open, use and close connections on the same few numbers. */
static void *hammer(void *seed)
{
	unsigned state = (unsigned)(uintptr_t)seed;
	for (int i = 0; i < 20000; i++) {
		state = state * 1103515245 + 12345;
		int fd = FD + 10 + (int)(state >> 16 & 3);
		struct conn *conn = table_find(fd);
		if (!conn || (state >> 20 & 7) == 0) {
			conn_open(fd);
			continue;
		}
		if (!conn_lock(conn, fd))
			continue;
		if (conn->request_count < 4 && record(conn, GET)) {
			if (!received(conn, ANSWER))
				CU_ASSERT(0);
			conn_unlock(conn);
		} else {
			conn_end(conn, WHY_TOLD);
		}
	}
	return NULL;
}

static void threads_may_share_and_replace_connections(void)
{
	pthread_t threads[4];
	for (uintptr_t i = 0; i < 4; i++)
		CU_ASSERT_FATAL(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int fd = FD + 10; fd < FD + 14; fd++)
		conn_end_fd(fd, WHY_LOST);
}

void suite_conn(void)
{
	static const struct runner_test tests[] = {
	    TEST(connection_is_reused_once_a_whole_response_was_read),
	    TEST(every_whole_response_counts_for_the_peer),
	    TEST(unanswered_requests_are_held_byte_for_byte),
	    TEST(what_the_kernel_did_not_take_is_taken_back),
	    TEST(nothing_can_be_taken_back_once_it_was_answered),
	    TEST(bytes_that_answer_nothing_end_the_tracking),
	    TEST(bytes_that_are_no_request_end_the_tracking),
	    TEST(request_that_is_too_large_to_hold_is_still_followed),
	    TEST(first_status_of_a_rescue_is_noted),
	    TEST(connection_stays_as_long_as_the_program_is_owed_something),
	    TEST(connection_lives_as_long_as_one_of_its_numbers),
	    TEST(number_that_the_table_has_no_room_for_is_none_of_a_connections),
	    TEST(lock_is_refused_for_a_number_that_is_not_the_connections),
	    TEST(threads_may_share_and_replace_connections),
	    TEST_END};

	runner_suite("conn", tests);
}
