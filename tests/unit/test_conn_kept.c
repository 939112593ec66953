/* SPDX-License-Identifier: MIT */
/* What a connection has of its own, and until when. */
#include "unit.h"

#include <string.h>

#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/table.h"

enum { FD = 81 };

#define GET    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static struct conn *opened(int fd)
{
	conn_open(fd);
	struct conn *conn = table_find(fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, fd));
	return conn;
}

static bool record(struct conn *conn, const char *text)
{
	return conn_record_piece(conn, text, strlen(text));
}

static bool received(struct conn *conn, const char *text)
{
	struct iovec piece = {(void *)text, strlen(text)};
	return conn_received(conn, &piece, 1, piece.iov_len);
}

static void registrations_beside_the_first_are_its_own_until_it_ends(void)
{
	static const struct conn_more none;
	struct conn *conns[2];
	for (int i = 0; i < 2; i++) {
		conns[i] = opened(FD + i);
		for (int n = 0; n < CONN_REGISTRATIONS_MAX; n++) {
			struct conn_registration *added = conn_add_registration(conns[i]);
			CU_ASSERT_PTR_NOT_NULL_FATAL(added);
			*added = (struct conn_registration){10 * i + n, FD + i, 1, 0};
		}
		CU_ASSERT_PTR_NULL(conn_add_registration(conns[i]));
		CU_ASSERT(conn_add_alias(conns[i], FD + 2 + i));
	}
	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < CONN_REGISTRATIONS_MAX; n++)
			runner_expect_long("set", 10 * i + n, conn_registration(conns[i], n)->epfd);
		CU_ASSERT(conn_has(conns[i], FD + 2 + i));
		conn_end(conns[i], WHY_TOLD);
		CU_ASSERT_PTR_EQUAL(conns[i]->more, &conn_no_more);
	}
	CU_ASSERT(memcmp(&conn_no_more, &none, sizeof(none)) == 0);
}

static void idle_connection_keeps_nothing_of_its_last_exchange(void)
{
	static const struct conn_exchange none;
	static const char end[] = " HTTP/1.1\r\nHost: x\r\n\r\n";
	static char large[3 * CONN_HELD_FEW];
	struct conn *conn = opened(FD);
	CU_ASSERT_PTR_EQUAL(conn->exchange, &conn_no_exchange);
	CU_ASSERT(record(conn, GET));
	CU_ASSERT_PTR_NOT_EQUAL(conn->exchange, &conn_no_exchange);
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT_PTR_EQUAL(conn->exchange, &conn_no_exchange);
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "GET /", 5);
	memcpy(large + sizeof(large) - sizeof(end), end, sizeof(end));
	CU_ASSERT(record(conn, large));
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT_PTR_EQUAL(conn->exchange, &conn_no_exchange);
	conn_end(conn, WHY_TOLD);
	CU_ASSERT(memcmp(&conn_no_exchange, &none, sizeof(none)) == 0);
}

/* What one has left in memory that the next one is given is not the next one's. */
static void exchange_begins_anew_in_memory_that_another_has_left(void)
{
	struct conn *conn = opened(FD);
	CU_ASSERT(record(conn, GET GET));
	CU_ASSERT(received(conn, "HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nhalf"));
	void *left = conn->exchange;
	conn_end(conn, WHY_CLOSED);
	conn = opened(FD);
	CU_ASSERT(record(conn, GET));
	CU_ASSERT_PTR_EQUAL(conn->exchange, left);
	CU_ASSERT(received(conn, ANSWER));
	CU_ASSERT_FALSE(conn_waiting(conn));
	conn_end(conn, WHY_TOLD);
}

void suite_conn_kept(void)
{
	static const struct runner_test tests[] = {
	    TEST(idle_connection_keeps_nothing_of_its_last_exchange),
	    TEST(exchange_begins_anew_in_memory_that_another_has_left),
	    TEST(registrations_beside_the_first_are_its_own_until_it_ends), TEST_END};

	runner_suite("conn_kept", tests);
}
