/* SPDX-License-Identifier: MIT */
/* redial report: what lines add up to, against numbers worked out by hand. */
#include "unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

static void quantiles_of_small_values_are_exact(void)
{
	struct quantile q = {0};

	runner_expect_long("median of nothing", 0, (long)quantile_of(&q, 500));
	quantile_add(&q, 7);
	runner_expect_long("median of one", 7, (long)quantile_of(&q, 500));
	runner_expect_long("p99 of one", 7, (long)quantile_of(&q, 990));
	for (uint64_t i = 1; i <= 99; i++)
		quantile_add(&q, i <= 49 ? 3 : i <= 97 ? 9 : 100 + i - 97);
	/* 49 times 3, once 7, 48 times 9, 101, 102 */
	runner_expect_long("count", 100, (long)q.count);
	runner_expect_long("sum", 49 * 3 + 7 + 48 * 9 + 101 + 102, (long)q.sum);
	runner_expect_long("p49", 3, (long)quantile_of(&q, 490));
	runner_expect_long("median", 7, (long)quantile_of(&q, 500));
	runner_expect_long("p51", 9, (long)quantile_of(&q, 510));
	runner_expect_long("p98", 9, (long)quantile_of(&q, 980));
	runner_expect_long("p99", 101, (long)quantile_of(&q, 990));
	runner_expect_long("p100", 102, (long)quantile_of(&q, 1000));
	runner_expect_long("max", 102, (long)q.max);
}

static void quantiles_of_large_values_are_off_by_less_than_one_in_a_hundred(void)
{
	for (uint64_t value = 1; value < UINT32_MAX; value += value / 7 + 1) {
		struct quantile q = {0};
		uint64_t got, error;

		quantile_add(&q, value);
		quantile_add(&q, UINT64_MAX); /* so that the largest is no bound */
		got = quantile_of(&q, 500);
		error = got > value ? got - value : value - got;
		if (error * 100 >= value && error)
			runner_expect_long("quantile", (long)value, (long)got);
	}
}

static void ids_are_counted_exactly_while_there_is_room(void)
{
	static struct busy busy;
	const struct busy_id *top[10];
	char id[32];

	memset(&busy, 0, sizeof(busy));
	busy_begin(&busy);
	for (int i = 0; i < BUSY_MAX; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		for (int j = 0; j < (i % 1000 == 7 ? 2 + i / 1000 : 1); j++)
			busy_add(&busy, id, "");
	}
	CU_ASSERT(busy.exact);
	runner_expect_long("top", 3, (long)busy_top(&busy, top, 3));
	runner_expect_text("first", "id-4007", top[0]->id);
	runner_expect_long("its count", 6, (long)top[0]->count);
	runner_expect_text("second", "id-3007", top[1]->id);
	runner_expect_text("third", "id-2007", top[2]->id);
	runner_expect_long("none left out", 0, (long)top[2]->over);
}

static void busy_ids_are_found_among_too_many(void)
{
	static struct busy busy;
	const struct busy_id *top[10];
	char id[32];

	memset(&busy, 0, sizeof(busy));
	busy_begin(&busy);
	for (int i = 0; i < 100000; i++) {
		snprintf(id, sizeof(id), "id-%d", i);
		busy_add(&busy, id, "");
		if (i % 100 == 0)
			busy_add(&busy, "busy", "00-0af7651916cd43dd8448eb211c80319c-b7ad-01");
	}
	CU_ASSERT(!busy.exact);
	runner_expect_long("top", 1, (long)busy_top(&busy, top, 1));
	runner_expect_text("first", "busy", top[0]->id);
	runner_expect_text("its trace", "0af7651916cd43dd8448eb211c80319c", top[0]->trace);
	CU_ASSERT(top[0]->count - top[0]->over <= 1000);
	CU_ASSERT(top[0]->count >= 1000);
	CU_ASSERT(top[0]->count - top[0]->over >= 900);
}

static void add(struct tally *tally, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct tally *tally, const char *format, ...)
{
	char line[1000];
	struct entry entry;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	CU_ASSERT_FATAL(entry_read(&entry, line, 0));
	tally_add(tally, &entry);
}

static void lines_add_up(void)
{
	struct tally *tally = tally_new();
	const struct tally_row *row;

	add(tally, "event=attempt attempt=2 cause=reset method=GET host=Api:80");
	add(tally, "event=attempt attempt=3 cause=connect method=GET host=api:80");
	add(tally,
	    "event=outcome result=recovered attempts=3 elapsed_ms=30 method=GET host=api:80");
	add(tally, "event=attempt attempt=2 cause=eof method=GET host=api:80");
	add(tally, "event=outcome result=exhausted attempts=2 cause=connect reason=deadline "
		   "elapsed_ms=5000 method=GET host=api:80");
	add(tally, "event=outcome result=abandoned attempts=2 elapsed_ms=1 method=GET host=api:80");
	add(tally, "event=refused reason=method cause=reset method=POST host=api:80 dropped=2");
	add(tally, "event=refused reason=brand-new cause=new method=POST host=api:80");
	add(tally, "event=refused reason=cause cause=connect peer=10.0.0.1:80");
	for (int i = 0; i < 5; i++)
		add(tally, "event=refused reason=budget cause=eof method=GET host=zoo dropped=1");
	tally_sort(tally);

	runner_expect_long("events", 14, (long)tally->events);
	runner_expect_long("dropped", 7, (long)tally->dropped);
	runner_expect_long("rows", 4, (long)tally->row_count);
	/* api:80 and zoo have 5 requests each: by name. */
	row = tally->rows[0];
	runner_expect_text("host", "api:80", row->host);
	runner_expect_text("method", "GET", row->method);
	runner_expect_long("requests", 3, (long)tally_touched(row));
	runner_expect_long("attempts", 3, (long)row->attempts);
	runner_expect_long("recovered", 1, (long)row->recovered);
	runner_expect_long("exhausted", 1, (long)row->exhausted);
	runner_expect_long("abandoned", 1, (long)row->abandoned);
	runner_expect_long("resets", 1, (long)row->causes[CAUSE_RESET]);
	runner_expect_long("connects", 1, (long)row->causes[CAUSE_CONNECT]);
	runner_expect_long("deadlines", 1, (long)row->exhaustions[REASON_DEADLINE]);
	runner_expect_long("median", 30, (long)quantile_of(&row->added, 500));
	runner_expect_long("sum", 5031, (long)row->added.sum);
	row = tally->rows[1];
	runner_expect_text("method", "POST", row->method);
	runner_expect_long("refused", 2, (long)row->refused);
	runner_expect_long("method", 1, (long)row->refusals[REASON_METHOD]);
	runner_expect_long("one that is not known", 1, (long)row->refusals[REASON_COUNT]);
	runner_expect_long("cause that is not known", 1, (long)row->causes[CAUSE_COUNT]);
	runner_expect_text("host", "zoo", tally->rows[2]->host);
	runner_expect_long("budget", 5, (long)tally->rows[2]->refusals[REASON_BUDGET]);
	runner_expect_text("a peer for want of a host", "10.0.0.1:80", tally->rows[3]->host);
}

static void breakers_policies_and_times_add_up(void)
{
	struct tally *tally = tally_new();

	add(tally, "2026-01-02T03:04:05Z redial[1]: event=breaker state=open peer=10.0.0.1:80");
	add(tally, "2026-01-02T03:04:04Z redial[1]: event=breaker state=open peer=10.0.0.2:80");
	add(tally,
	    "2026-01-02T03:04:06Z redial[1]: event=breaker state=half-open peer=10.0.0.2:80");
	add(tally, "event=breaker state=open peer=10.0.0.2:80");
	add(tally, "event=breaker state=closed peer=10.0.0.2:80");
	add(tally, "event=policy result=invalid file=/a.cfg line=3 error=\"is bad\"");
	add(tally, "event=tls result=left-alone file=/libssl.so.3 error=\"it lacks SSL_read\"");
	add(tally, "event=fault kind=reset method=GET host=api:80 path=/ fd=4");
	add(tally, "event=tls result=odd");
	add(tally, "event=policy result=odd");
	add(tally, "event=outcome result=odd");
	add(tally, "event=breaker state=odd peer=x");
	add(tally, "event=odd");
	tally_sort(tally);
	runner_expect_long("events", 8, (long)tally->events);
	runner_expect_long("made by a rehearsal", 1, (long)tally->rehearsed);
	runner_expect_long("damaged", 5, (long)tally->damaged);
	runner_expect_long("peers", 2, (long)tally->peer_count);
	runner_expect_text("peer", "10.0.0.2:80", tally->peers[0].peer);
	runner_expect_long("opened", 2, (long)tally->peers[0].opened);
	runner_expect_long("half-open", 1, (long)tally->peers[0].half_opened);
	runner_expect_long("closed", 1, (long)tally->peers[0].closed);
	runner_expect_long("invalid", 1, (long)tally->invalid);
	runner_expect_text("file", "/a.cfg", tally->invalid_file);
	runner_expect_text("error", "is bad", tally->invalid_error);
	runner_expect_long("span", 2000, (long)(tally->last_ms - tally->first_ms));
}

static void hosts_and_peers_beyond_the_limit_share_one_row(void)
{
	struct tally *tally = tally_new();

	for (int i = 0; i < TALLY_ROWS_MAX + 5; i++)
		add(tally, "event=attempt cause=eof method=GET host=h%d", i);
	for (int i = 0; i < TALLY_PEERS_MAX + 7; i++)
		add(tally, "event=breaker state=open peer=p%d", i);
	tally_sort(tally);
	runner_expect_long("rows", TALLY_ROWS_MAX + 1, (long)tally->row_count);
	runner_expect_text("host", TALLY_OTHERS, tally->rows[TALLY_ROWS_MAX]->host);
	runner_expect_long("attempts", 5, (long)tally->rows[TALLY_ROWS_MAX]->attempts);
	runner_expect_long("peers", TALLY_PEERS_MAX + 1, (long)tally->peer_count);
	runner_expect_text("peer", TALLY_OTHERS, tally->peers[TALLY_PEERS_MAX].peer);
	runner_expect_long("opened", 7, (long)tally->peers[TALLY_PEERS_MAX].opened);
}

void suite_tally(void)
{
	static const struct runner_test tests[] = {
	    TEST(quantiles_of_small_values_are_exact),
	    TEST(quantiles_of_large_values_are_off_by_less_than_one_in_a_hundred),
	    TEST(ids_are_counted_exactly_while_there_is_room),
	    TEST(busy_ids_are_found_among_too_many),
	    TEST(lines_add_up),
	    TEST(breakers_policies_and_times_add_up),
	    TEST(hosts_and_peers_beyond_the_limit_share_one_row),
	    TEST_END};

	runner_suite("tally", tests);
}
