/* SPDX-License-Identifier: MIT */
/* Of which body that breaks off the rest may be asked for, as far as its connection tells. */
#include "unit.h"

#include <string.h>

#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/resume.h"
#include "../../preload/conn/secured.h"
#include "../../preload/conn/table.h"
#include "../../preload/process/config.h"

enum { FD = 83, FIRST = 10 };

#define GET  "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
#define OK   "HTTP/1.1 200 OK\r\nETag: \"a\"\r\n"
#define BODY OK "Content-Length: 100\r\n\r\n0123456789"
#define PART OK "Transfer-Encoding: chunked\r\n\r\n64\r\n0123456789"

static struct policy policy;
static const struct policy *before;

static struct conn *opened(const char *request)
{
	before = config.policy;
	policy = *before;
	policy.uses |= POLICY_USES_RESUME;
	config.policy = &policy;
	conn_open(FD);
	struct conn *conn = table_find(FD);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, FD));
	CU_ASSERT(conn_record_piece(conn, request, strlen(request)));
	return conn;
}

static void received(struct conn *conn, const char *text)
{
	struct iovec piece = {(void *)text, strlen(text)};
	conn_note_head(conn, &piece, 1, piece.iov_len);
	CU_ASSERT(conn_received(conn, &piece, 1, piece.iov_len));
}

static void ended(struct conn *conn)
{
	conn_end(conn, WHY_CLOSED);
	config.policy = before;
}

static void body_that_has_begun_goes_on_behind_what_came(void)
{
	static const char *const answers[] = {BODY, PART};
	for (int i = 0; i < 2; i++) {
		struct conn *conn = opened(GET);
		CU_ASSERT(!conn_is_resumable(conn));
		received(conn, answers[i]);
		CU_ASSERT(conn_is_resumable(conn));
		runner_expect_long("at", FIRST, (long)conn_resume_at(conn));
		ended(conn);
	}
}

static void body_that_answers_a_post_does_not(void)
{
	struct conn *conn = opened(POST);
	received(conn, BODY);
	CU_ASSERT(!conn_is_resumable(conn));
	ended(conn);
}

/* The next answer would come before the rest of this one. */
static void body_behind_which_more_was_asked_for_does_not(void)
{
	struct conn *conn = opened(GET);
	received(conn, BODY);
	CU_ASSERT(conn_record_piece(conn, GET, sizeof(GET) - 1));
	CU_ASSERT(!conn_is_resumable(conn));
	ended(conn);
}

/* Its own head was not looked at, under a policy that did not ask for it then. */
static void what_is_known_of_another_body_does_not_count(void)
{
	char rest[91];
	struct conn *conn = opened(GET);
	received(conn, BODY);
	memset(rest, 'x', 90);
	rest[90] = '\0';
	received(conn, rest);
	CU_ASSERT(conn_record_piece(conn, GET, sizeof(GET) - 1));
	policy.uses &= ~(uint32_t)POLICY_USES_RESUME;
	received(conn, BODY);
	policy.uses |= POLICY_USES_RESUME;
	CU_ASSERT(!conn_is_resumable(conn));
	ended(conn);
}

/* Of chunks that came while nobody counted it is not known how much was in them. */
static void body_in_chunks_with_a_gap_does_not(void)
{
	struct conn *conn = opened(GET);
	received(conn, PART);
	policy.uses &= ~(uint32_t)POLICY_USES_RESUME;
	received(conn, "0123456789");
	policy.uses |= POLICY_USES_RESUME;
	received(conn, "0123456789");
	CU_ASSERT(!conn_is_resumable(conn));
	ended(conn);
}

static long hear(struct conn *conn, int fd, char *bytes, size_t room, bool takes)
{
	(void)conn, (void)fd, (void)bytes, (void)room, (void)takes;
	return 0;
}

/* Nobody puts frames around what a session reads. */
static void body_in_chunks_inside_tls_does_not(void)
{
	static const struct wire_carrier carrier = {.hear = hear};
	static const char *const answers[] = {BODY, PART};
	for (int i = 0; i < 2; i++) {
		struct conn *conn = opened(GET);
		received(conn, answers[i]);
		CU_ASSERT_FATAL(conn_is_resumable(conn));
		struct conn_resume *resume = conn_resume(conn);
		struct conn_secured secured = {.resume = resume, .carrier = &carrier};
		conn->secured = &secured;
		conn->flags |= CONN_SECURED;
		runner_expect_long(i ? "chunks" : "a body", !i, conn_is_resumable(conn));
		conn->flags &= ~(uint32_t)CONN_SECURED;
		conn->resume = resume;
		ended(conn);
	}
}

void suite_conn_resume(void)
{
	static const struct runner_test tests[] = {
	    TEST(body_that_has_begun_goes_on_behind_what_came),
	    TEST(body_that_answers_a_post_does_not),
	    TEST(body_behind_which_more_was_asked_for_does_not),
	    TEST(what_is_known_of_another_body_does_not_count),
	    TEST(body_in_chunks_with_a_gap_does_not),
	    TEST(body_in_chunks_inside_tls_does_not),
	    TEST_END};

	runner_suite("conn_resume", tests);
}
