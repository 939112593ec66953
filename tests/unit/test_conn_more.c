/* SPDX-License-Identifier: MIT */
/* What the tracker knows of a connection by what its server has said. */
#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>

#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/hello.h"
#include "../../preload/conn/table.h"
#include "../../preload/process/config.h"
#include "../../preload/process/peers.h"

enum { FD = 78 };

#define GET    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
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

static bool record(struct conn *conn, const char *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	return conn_record(conn, &piece, 1, len);
}

static bool received(struct conn *conn, const char *text)
{
	struct iovec piece = {(void *)text, strlen(text)};
	return conn_received(conn, &piece, 1, piece.iov_len);
}

/* It may be the server alone that says so: RFC 4559 section 4. */
static void scheme_in_an_answer_makes_the_connection_authenticated(void)
{
	static const char *const schemes[] = {"NTLM", "Negotiate", "Basic realm=x"};
	char answer[200];
	for (int i = 0; i < 3; i++) {
		struct conn *conn = opened();
		struct decide_facts facts = {.attempts = 1};
		CU_ASSERT(record(conn, GET, sizeof(GET) - 1));
		strcpy(answer, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
			       "WWW-Authenticate: ");
		strcat(strcat(answer, schemes[i]), "\r\n\r\n");
		CU_ASSERT(received(conn, answer));
		CU_ASSERT(record(conn, GET, sizeof(GET) - 1));
		conn_facts(conn, &facts);
		runner_expect_long(schemes[i], i < 2, facts.connection_auth);
		conn_end(conn, WHY_CLOSED);
	}
}

/* A handshake that comes later is one that HTTP has led to (RFC 2817), and begins elsewhere. */
static void handshake_behind_an_answer_is_no_first_flight(void)
{
	static const char hello[] = "\x16\x03\x01\0\4\1\0\0\0";
	static struct policy policy;
	const struct policy *before = config.policy;
	policy = *before;
	policy.uses |= POLICY_USES_TLS_HANDSHAKE;
	config.policy = &policy;
	struct conn *conn = opened();
	CU_ASSERT(record(conn, hello, sizeof(hello) - 1));
	CU_ASSERT(conn_is_hello(conn));
	conn_end(conn, WHY_CLOSED);
	conn = opened();
	CU_ASSERT(record(conn, GET, sizeof(GET) - 1));
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT(!record(conn, hello, sizeof(hello) - 1));
	conn_end(conn, WHY_CLOSED);
	config.policy = before;
}

/* How often this thread has gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* That one has the lock, and goes on only once the handler has returned. */
static void handler_does_not_wait_for_the_thread_that_it_interrupted(void)
{
	struct conn *conn = opened();
	long before = sleeps();
	CU_ASSERT_FALSE(conn_lock(conn, FD));
	long slept = sleeps() - before;
	if (slept > 20)
		runner_expect_long("sleeps", 0, slept);
	CU_ASSERT(conn->flags & CONN_DOUBT);
	conn_end(conn, WHY_CLOSED);
}

void suite_conn_more(void)
{
	static const struct runner_test tests[] = {
	    TEST(handler_does_not_wait_for_the_thread_that_it_interrupted),
	    TEST(scheme_in_an_answer_makes_the_connection_authenticated),
	    TEST(handshake_behind_an_answer_is_no_first_flight), TEST_END};

	runner_suite("conn_more", tests);
}
