/* SPDX-License-Identifier: MIT */
/* What is looked over when it is written, and read when it matters: GET, HEAD (http1/lines.h). */
#include "http1_messages.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/table.h"
#include "../../preload/http1/lines.h"

enum { FD = 83, ROOM = 1 << 18 };

/* More than HTTP1_LINES_MIN bytes in any case. */
#define BEGINNING                                                                                  \
	"GET /v2/orders/4711?expand=items HTTP/1.1\r\nHost: api.example.net\r\nX-A: " LONG_100 CRLF
#define GET_OF(lines) BEGINNING lines CRLF

static struct conn *opened(void)
{
	conn_open(FD);
	struct conn *conn = table_find(FD);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, FD));
	return conn;
}

static bool is_held(const struct conn *conn)
{
	struct decide_facts facts = {.attempts = 1};
	conn_facts(conn, &facts);
	return facts.held;
}

static bool was_looked_over(const struct conn *conn)
{
	return conn->exchange->request.flags & HTTP1_LOOKED_OVER;
}

/*
 * The bytes are recorded in one piece, and read in full beside that: one complete GET or HEAD
 * without a body is what may be taken at a glance, or what is bad wherever it ends.
 */
static bool late_is_as_early(const char *name, const char *bytes, size_t len)
{
	struct http1 message;
	size_t used;
	http1_request(&message);
	enum http1_result early = http1_feed(&message, bytes, len, &used);
	bool whole = early == HTTP1_DONE && used == len;
	struct conn *conn = opened();
	bool recorded = conn_record_piece(conn, bytes, len), looked_over = was_looked_over(conn);
	if (whole)
		CU_ASSERT(recorded);
	if (looked_over) {
		runner_expect_long(name, whole || early == HTTP1_BAD, 1);
		runner_expect_long(name, whole, is_held(conn));
		runner_expect_long(name, 1, conn->request_count);
		runner_expect_long(name, message.method, conn->exchange->requests[0].method);
		runner_expect_long(name, 0, memcmp(conn->held, bytes, len));
		runner_expect_long(name, 0, conn_is_writing(conn));
		runner_expect_long(name, whole && message.flags & HTTP1_CONNECTION_AUTH,
				   !!(conn->flags & CONN_AUTH));
	}
	conn_end(conn, WHY_TOLD);
	return looked_over;
}

/* The same, with enough fields in front of its own that there is a look over it. */
static bool filled_up_is_as_early(const struct http1_case *it)
{
	static char bytes[ROOM];
	const char *own = memchr(it->bytes, '\n', it->len);
	if (!own || it->len > ROOM / 2)
		return false;
	own++;
	size_t rest = it->len - (size_t)(own - it->bytes), filled = sizeof(BEGINNING) - 1;
	memcpy(bytes, BEGINNING, filled);
	memcpy(bytes + filled, own, rest);
	bool get = late_is_as_early(it->name, bytes, filled + rest);
	memmove(bytes + 1, bytes, filled + rest);
	memcpy(bytes, "HEAD", 4);
	return late_is_as_early(it->name, bytes, filled + rest + 1) && get;
}

static void late_reading_comes_to_the_early_verdict(void)
{
	const struct http1_case *tables[] = {http1_requests, http1_bad};
	int looked_over = 0;
	for (int i = 0; i < 2; i++) {
		for (const struct http1_case *it = tables[i]; it->name; it++) {
			if (it->flags & HTTP1_IS_RESPONSE)
				continue;
			late_is_as_early(it->name, it->bytes, it->len);
			looked_over += filled_up_is_as_early(it);
		}
	}
	/* Where the processor cannot, all is read at once. */
	CU_ASSERT(looked_over > 3 || http1_blocks == HTTP1_BLOCKS_NO);
}

/* Each of these behind a name that begins at any place of a block. */
static void what_says_where_a_request_ends_is_found_wherever_it_is(void)
{
	static const char *const lines[] = {
	    "\r\nContent-Length: 5\r\nX-B: y",
	    "\ncontent-length: 5\r\nX-B: y",
	    "\r\nTransfer-Encoding: chunked\r\nX-B: y",
	    "\nTRANSFER-ENCODING: chunked\r\nX-B: y",
	    "\r\n\r\nGET / HTTP/1.1\r\nX-B: y",
	    "\n\nGET / HTTP/1.1\r\nX-B: y",
	    "\n\r\nGET / HTTP/1.1\r\nX-B: y",
	    "\r\n\r\n\x80\x80\x80\x80: y",
	    "\r\n Content-Length: 5\r\nX-B: y",
	    "\r\n\tContent-Length: 5\r\nX-B: y",
	    "\r\nContent-Length : 5\r\nX-B: y",
	    "\r\nExpect: 100-continue, x\r\nContent-Length: 5\r\nX-B: y",
	};
	static char bytes[1024];
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		for (int before = 0; before < 130; before++) {
			int len = snprintf(bytes, sizeof(bytes), BEGINNING "X-C: %.*s%s\r\n\r\n",
					   before, LONG_100 LONG_100, lines[i]);
			struct conn *conn = opened();
			conn_record_piece(conn, bytes, (size_t)len);
			runner_expect_long(lines[i], 0, was_looked_over(conn));
			conn_end(conn, WHY_TOLD);
		}
	}
}

static void authentication_of_a_connection_is_found_wherever_it_is(void)
{
	static const char *const lines[] = {
	    "Authorization: Negotiate abc",	 "authorization:NTLM abc",
	    "Authorization: Basic x, Negotiate", "Proxy-Authorization: ntlm abc",
	    "AUTHORIZATION: \tnegotiate abc",	 "Proxy-authorization: Digest x, NTLM",
	};
	static char bytes[1024];
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		for (int before = 0; before < 130; before++) {
			int len =
			    snprintf(bytes, sizeof(bytes), BEGINNING "X-C: %.*s\r\n%s\r\n\r\n",
				     before, LONG_100 LONG_100, lines[i]);
			struct conn *conn = opened();
			CU_ASSERT(conn_record_piece(conn, bytes, (size_t)len));
			runner_expect_long(lines[i], CONN_AUTH, (long)conn->flags & CONN_AUTH);
			conn_end(conn, WHY_TOLD);
		}
	}
}

static const char *const doubtful[] = {
    GET_OF("X-B: a\nX-C: b\r\n"),
    GET_OF("X-B: a\rContent-Length: 5\r\n"),
    GET_OF("X-B: a\r\r\n"),
    GET_OF("X-B: a\x01z\r\n"),
    GET_OF("X-B: a\r\nConnection : close\r\n"),
};

static void doubtful_get_is_never_sent_again(void)
{
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
		struct conn *conn = opened();
		if (conn_record_piece(conn, doubtful[i], strlen(doubtful[i])))
			runner_expect_long(doubtful[i], 0, is_held(conn));
		conn_end(conn, WHY_TOLD);
	}
	struct conn *conn = opened();
	CU_ASSERT(conn_record_piece(conn, GET_OF(""), sizeof(GET_OF("")) - 1));
	CU_ASSERT(is_held(conn));
	conn_end(conn, WHY_TOLD);
}

static void nothing_may_follow_a_doubtful_get_unanswered(void)
{
	static const char *const next[] = {GET_OF(""), "GET / HTTP/1.1\r\n\r\n", "abcde"};
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
		for (size_t n = 0; n < sizeof(next) / sizeof(*next); n++) {
			struct conn *conn = opened();
			if (conn_record_piece(conn, doubtful[i], strlen(doubtful[i])))
				CU_ASSERT_FALSE(conn_record_piece(conn, next[n], strlen(next[n])));
			conn_end(conn, WHY_TOLD);
		}
	}
	struct conn *conn = opened();
	for (int i = 1; i < 4; i++) {
		CU_ASSERT(conn_record_piece(conn, GET_OF(""), sizeof(GET_OF("")) - 1));
		runner_expect_long("requests", i, conn->request_count);
		CU_ASSERT(is_held(conn));
	}
	conn_end(conn, WHY_TOLD);
}

/* Cut in three, behind a piece of no bytes; false if that is not recorded. */
static bool record_cut(struct conn *conn, const char *bytes, size_t len, size_t first, size_t next)
{
	const struct iovec pieces[] = {
	    {NULL, 0},
	    {(char *)bytes, first},
	    {(char *)bytes + first, next - first},
	    {(char *)bytes + next, len - next},
	};
	return conn_record(conn, pieces, 4, len);
}

static void pieces_of_one_call_are_looked_over_together(void)
{
	static const char *const whole[] = {
	    GET_OF("X-B: y\r\n"),
	    GET_OF("Authorization: Negotiate abc\r\n"),
	    "HEAD /v2/orders/4711 HTTP/1.1\r\nHost: api.example.net\r\nX-A: " LONG_100 CRLF CRLF,
	};
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		size_t len = strlen(whole[i]);
		for (size_t first = 0; first < len; first++) {
			struct conn *conn = opened();
			size_t next = first + (len - first) / 2;
			CU_ASSERT(record_cut(conn, whole[i], len, first, next));
			bool at_once = first == 0 || first > 4;
			runner_expect_long(whole[i], at_once && http1_blocks != HTTP1_BLOCKS_NO,
					   was_looked_over(conn));
			runner_expect_long(whole[i], 1, conn->request_count);
			runner_expect_long(whole[i], len, conn->held_len);
			runner_expect_long(whole[i], 0, memcmp(conn->held, whole[i], len));
			runner_expect_long(whole[i], i == 1 ? CONN_AUTH : 0,
					   (long)conn->flags & CONN_AUTH);
			conn_end(conn, WHY_TOLD);
		}
	}
}

static void pieces_of_other_requests_are_read_as_ever(void)
{
	static const char *const others[] = {
	    "POST /" LONG_100 " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
	    GET_OF("Content-Length: 5\r\n") "abcde",
	    GET_OF("X-B: y\r\n") GET_OF("X-B: y\r\n"),
	    "HEAD /" LONG_100 " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		size_t len = strlen(others[i]);
		for (size_t first = 0; first < len; first++) {
			struct conn *conn = opened();
			CU_ASSERT(record_cut(conn, others[i], len, first, len));
			runner_expect_long(others[i], 0, was_looked_over(conn));
			runner_expect_long(others[i], i == 2 ? 2 : 1, conn->request_count);
			runner_expect_long(others[i], 0, conn_is_writing(conn));
			runner_expect_long(others[i], len, conn->held_len);
			runner_expect_long(others[i], 0, memcmp(conn->held, others[i], len));
			conn_end(conn, WHY_TOLD);
		}
	}
}

void suite_looked_over(void)
{
	static const struct runner_test tests[] = {
	    TEST(late_reading_comes_to_the_early_verdict),
	    TEST(what_says_where_a_request_ends_is_found_wherever_it_is),
	    TEST(authentication_of_a_connection_is_found_wherever_it_is),
	    TEST(doubtful_get_is_never_sent_again),
	    TEST(nothing_may_follow_a_doubtful_get_unanswered),
	    TEST(pieces_of_one_call_are_looked_over_together),
	    TEST(pieces_of_other_requests_are_read_as_ever),
	    TEST_END};

	runner_suite("looked_over", tests);
}
