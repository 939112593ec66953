/* SPDX-License-Identifier: MIT */
/* Threads that are counted as waiting for a connection. */
#include "unit.h"

#include <pthread.h>
#include <unistd.h>

#include "../../preload/conn/conn.h"
#include "../../preload/conn/end.h"
#include "../../preload/conn/pollers.h"
#include "../../preload/conn/table.h"

enum { FIRST = 81, SECOND };

static struct conn *opened(int fd)
{
	conn_open(fd);
	struct conn *conn = table_find(fd);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conn);
	CU_ASSERT_FATAL(conn_lock(conn, fd));
	return conn;
}

static bool entered, begins_again, has_second;

/* As a poll of both does. */
static void *enter_both(void *arg)
{
	struct conn *first = table_find(FIRST), *second = table_find(SECOND);
	struct pollers self = {0};
	if (pollers_lock(&self, first, FIRST)) {
		pollers_enter(&self, first, true);
		conn_unlock(first);
	}
	__atomic_store_n(&entered, true, __ATOMIC_RELEASE);
	has_second = pollers_lock(&self, second, SECOND);
	if (has_second)
		conn_unlock(second);
	begins_again = self.again;
	pollers_leave(&self);
	return arg;
}

/* For who has that one, or waits to have it, may wait for the thread. */
static void thread_that_waits_for_another_connection_is_counted_no_more(void)
{
	struct conn *first = opened(FIRST), *second = opened(SECOND);
	pthread_t thread;
	conn_unlock(first);
	pthread_create(&thread, NULL, enter_both, NULL);
	while (!__atomic_load_n(&entered, __ATOMIC_ACQUIRE))
		usleep(100);
	CU_ASSERT_FATAL(conn_lock(first, FIRST));
	CU_ASSERT(pollers_are_out(first, true));
	conn_unlock(second);
	pthread_join(thread, NULL);
	CU_ASSERT(has_second && begins_again);
	conn_end(first, WHY_CLOSED);
	CU_ASSERT_FATAL(conn_lock(second, SECOND));
	conn_end(second, WHY_CLOSED);
}

static void *enter_first(void *arg)
{
	struct pollers *self = arg;
	struct conn *conn = table_find(FIRST);
	if (pollers_lock(self, conn, FIRST)) {
		pollers_enter(self, conn, true);
		conn_unlock(conn);
	}
	return arg;
}

/* It may have been left by a handler that jumped out of it: what it waits for next counts it. */
static void thread_waits_for_others_but_not_for_itself(void)
{
	struct conn *conn = opened(FIRST);
	struct pollers left = {0}, other = {0}, again = {0};
	pthread_t thread;
	conn_unlock(conn);
	enter_first(&left);
	CU_ASSERT_FATAL(conn_lock(conn, FIRST));
	CU_ASSERT(pollers_are_out(conn, true));
	conn_unlock(conn);
	enter_first(&again);
	CU_ASSERT_EQUAL(again.count, 0); /* it is counted already */
	pthread_create(&thread, NULL, enter_first, &other);
	pthread_join(thread, NULL);
	CU_ASSERT_FATAL(conn_lock(conn, FIRST));
	CU_ASSERT_FALSE(pollers_are_out(conn, true));
	CU_ASSERT(pollers_are_out(conn, true)); /* who does not come is awaited once */
	conn_end(conn, WHY_CLOSED);
}

void suite_pollers(void)
{
	static const struct runner_test tests[] = {
	    TEST(thread_that_waits_for_another_connection_is_counted_no_more),
	    TEST(thread_waits_for_others_but_not_for_itself), TEST_END};

	runner_suite("pollers", tests);
}
