/* SPDX-License-Identifier: MIT */
/* attempt_header: where it goes in requests that are sent again, however the kernel splits them. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "../../preload/process/config.h"
#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/wire/socket.h"
#include "../../preload/conn/mark.h"
#include "../../preload/conn/table.h"

#define GET    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST   "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 21\r\n\r\nGET /c HTTP/1.1\r\n\r\n.."
#define OWN    "GET /d HTTP/1.1\r\nHost: x\r\nx-retry-attempt:\r\n\r\n"
#define MARKED "GET /a HTTP/1.1\r\nX-Retry-Attempt: 2\r\nHost: x\r\n\r\n"
#define MARKED_POST                                                                                \
	"POST /b HTTP/1.1\r\nX-Retry-Attempt: 2\r\nHost: x\r\nContent-Length: 21\r\n\r\n"          \
	"GET /c HTTP/1.1\r\n\r\n.."

enum { FD = 90 };

/* The kernel's end: takes at most `room` bytes a call. */
static struct {
	char bytes[1024];
	size_t len, room;
} out;

long wire_send(int fd, const void *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	return wire_send_pieces(fd, &piece, 1);
}

int wire_widen(int fd, size_t by)
{
	(void)fd;
	(void)by;
	return 0;
}

void wire_narrow(int fd, int half)
{
	(void)fd;
	(void)half;
}

uint64_t wire_cookie(int fd)
{
	(void)fd;
	return 0;
}

long wire_send_pieces(int fd, const struct iovec *pieces, int count)
{
	size_t taken = 0;
	(void)fd;
	for (int i = 0; i < count; i++) {
		size_t left = out.room - taken;
		size_t len = pieces[i].iov_len < left ? pieces[i].iov_len : left;
		CU_ASSERT_FATAL(out.len + len < sizeof(out.bytes));
		memcpy(out.bytes + out.len, pieces[i].iov_base, len);
		out.len += len;
		taken += len;
	}
	return taken ? (long)taken : -EAGAIN;
}

static struct conn *holding(const char *text)
{
	static struct policy policy;
	struct iovec piece = {(void *)text, strlen(text)};

	policy_defaults(&policy);
	strcpy(policy.names[0], "Idempotency-Key");
	strcpy(policy.names[1], "X-Retry-Attempt");
	policy.name_count = 2;
	config.policy = &policy;
	conn_open(FD);
	struct conn *conn = table_find(FD);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, FD));
	CU_ASSERT_FATAL(conn_record(conn, &piece, 1, piece.iov_len));
	return conn;
}

static void let_go(struct conn *conn)
{
	conn_end(conn, WHY_TOLD);
	config.policy = &policy_builtin;
}

/* Sends all that is held, at most so many bytes at once, and says what came out. */
static const char *sent(struct conn *conn, size_t room)
{
	uint32_t at = 0;
	out.len = 0;
	out.room = room;
	for (int calls = 0; at < conn->held_len && calls < 1000; calls++)
		at += (uint32_t)mark_send(conn, FD, at, conn->held_len);
	out.bytes[out.len] = '\0';
	return out.bytes;
}

static void every_split_gives_the_same_bytes(void)
{
	static const struct {
		const char *held, *expected;
	} cases[] = {
	    {GET, MARKED},
	    {POST, MARKED_POST},
	    {GET POST GET, MARKED MARKED_POST MARKED},
	    {OWN, OWN},
	    {GET OWN GET, MARKED OWN MARKED},
	    {"GET /a HTTP/1.1\r\nHost", "GET /a HTTP/1.1\r\nHost"},
	    {"GET /a HT", "GET /a HT"},
	    {GET "GET /b HTTP/1.1\r\n", MARKED "GET /b HTTP/1.1\r\n"},
	    {"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1",
	     "PUT / HTTP/1.1\r\nX-Retry-Attempt: 2\r\nContent-Length: 9\r\n\r\n1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conn *conn = holding(cases[i].held);
		for (size_t room = 1; room <= strlen(cases[i].expected); room++) {
			mark_attempt(conn, 2);
			mark_choose(conn, config.policy, 2);
			if (!runner_expect_text("sent", cases[i].expected, sent(conn, room)))
				break;
		}
		CU_ASSERT(memcmp(conn->held, cases[i].held, strlen(cases[i].held)) == 0);
		runner_expect_long("held", (long)strlen(cases[i].held), conn->held_len);
		let_go(conn);
	}
}

/* As when some bytes, then the header's first, then its last, then the rest fit. */
static void every_pair_of_splits_gives_the_same_bytes(void)
{
	struct conn *conn = holding(GET GET);
	size_t len = strlen(MARKED MARKED);
	for (size_t first = 1; first < len; first++) {
		for (size_t second = first + 1; second < len; second++) {
			uint32_t at = 0;
			mark_attempt(conn, 2);
			mark_choose(conn, config.policy, 2);
			out.len = 0;
			while (out.len < len) {
				size_t stop = out.len < first	 ? first
					      : out.len < second ? second
								 : len;
				out.room = stop - out.len;
				at += (uint32_t)mark_send(conn, FD, at, conn->held_len);
			}
			out.bytes[out.len] = '\0';
			runner_expect_long("offset", conn->held_len, at);
			if (!runner_expect_text("sent", MARKED MARKED, out.bytes))
				first = second = len;
		}
	}
	let_go(conn);
}

/* Pipelined requests go out by turns, each to its own end. */
static void share_of_one_request_ends_with_it(void)
{
	struct conn *conn = holding(GET GET);
	uint32_t end = conn->exchange->requests[0].len, at = 0;
	mark_attempt(conn, 2);
	mark_choose(conn, config.policy, 2);
	out.len = 0;
	for (out.room = 7; at < end;)
		at += (uint32_t)mark_send(conn, FD, at, end);
	out.bytes[out.len] = '\0';
	runner_expect_text("first", MARKED, out.bytes);
	out.len = 0;
	for (; at < conn->held_len;)
		at += (uint32_t)mark_send(conn, FD, at, conn->held_len);
	out.bytes[out.len] = '\0';
	runner_expect_text("second", MARKED, out.bytes);
	let_go(conn);
}

static void number_is_that_of_the_attempt(void)
{
	struct conn *conn = holding(GET);
	mark_attempt(conn, 10);
	mark_choose(conn, config.policy, 2);
	expect_contains("sent", "\r\nX-Retry-Attempt: 10\r\nHost", sent(conn, 5));
	mark_attempt(conn, 3);
	mark_choose(conn, config.policy, 1);
	expect_contains("sent", "\r\nIdempotency-Key: 3\r\nHost", sent(conn, 500));
	let_go(conn);
}

static void nothing_is_added_unless_it_is_asked_for(void)
{
	struct conn *conn = holding(GET);
	mark_choose(conn, config.policy, 2); /* never sent again */
	runner_expect_text("first sending", GET, sent(conn, 11));
	mark_attempt(conn, 1);
	mark_choose(conn, config.policy, 2);
	runner_expect_text("the program's own", GET, sent(conn, 11));
	mark_attempt(conn, 2);
	mark_choose(conn, config.policy, 0);
	runner_expect_text("no attempt_header", GET, sent(conn, 11));
	let_go(conn);
}

/* It goes out for the first time, with a resend or not. */
static void request_that_is_written_during_the_rescue_is_no_copy(void)
{
	struct conn *conn = holding(GET);
	struct iovec piece = {(void *)GET, strlen(GET)};
	mark_attempt(conn, 2);
	CU_ASSERT(conn_record(conn, &piece, 1, piece.iov_len));
	mark_choose(conn, config.policy, 2);
	runner_expect_text("sent", MARKED GET, sent(conn, 9));
	mark_attempt(conn, 3);
	mark_choose(conn, config.policy, 2);
	expect_contains("sent again",
			"3\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\nX-Retry-Attempt: 3\r\n",
			sent(conn, 9));
	let_go(conn);
}

void suite_mark(void)
{
	static const struct runner_test tests[] = {
	    TEST(every_split_gives_the_same_bytes),
	    TEST(every_pair_of_splits_gives_the_same_bytes),
	    TEST(share_of_one_request_ends_with_it),
	    TEST(number_is_that_of_the_attempt),
	    TEST(nothing_is_added_unless_it_is_asked_for),
	    TEST(request_that_is_written_during_the_rescue_is_no_copy),
	    TEST_END};

	runner_suite("mark", tests);
}
