/* SPDX-License-Identifier: MIT */
/* Every message of the tables: whole, split in two at each byte, byte by byte. */
#include "http1_messages.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What came of feeding a message. */
struct outcome {
	enum http1_result result;
	size_t used;
	struct http1 message;
};

/* Room between two pages that may not be touched. */
static struct {
	char *begin, *end;
} room;

static void make_room(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (room.begin)
		return;
	char *map = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + page, 2 * page, PROT_READ | PROT_WRITE))
		CU_FAIL_FATAL("no memory between guard pages");
	room.begin = map + page;
	room.end = room.begin + 2 * page;
}

static void feed_at(struct outcome *outcome, char *place, const char *bytes, size_t len)
{
	size_t used = 0;
	memcpy(place, bytes, len);
	outcome->result = http1_feed(&outcome->message, place, len, &used);
	outcome->used += used;
}

/* Each piece ends, or begins, where reading on would crash. */
static void feed(struct outcome *outcome, const char *bytes, size_t len, bool at_end)
{
	feed_at(outcome, at_end ? room.end - len : room.begin, bytes, len);
}

static struct outcome fresh(const struct http1_case *it)
{
	struct outcome outcome = {.result = HTTP1_MORE};
	memset(&outcome.message, 0xa5, sizeof(outcome.message));
	if (it->flags & HTTP1_IS_RESPONSE)
		http1_response(&outcome.message, it->method);
	else
		http1_request(&outcome.message);
	return outcome;
}

static struct outcome feed_in_steps(const struct http1_case *it, size_t first, size_t step,
				    bool at_end)
{
	struct outcome outcome = fresh(it);
	size_t from = 0, len = first;
	while (from < it->len && outcome.result == HTTP1_MORE) {
		feed(&outcome, it->bytes + from, len, at_end);
		from += len;
		len = it->len - from < step ? it->len - from : step;
	}
	return outcome;
}

static bool ends(enum http1_result result)
{
	return result == HTTP1_BAD || result == HTTP1_TUNNEL;
}

static int same_facts(const struct http1 *a, const struct http1 *b)
{
	return a->flags == b->flags && a->status == b->status && a->head_len == b->head_len &&
	       a->method == b->method && a->remaining == b->remaining;
}

static int compare(const char *how, const struct http1_case *it, const struct outcome *whole,
		   const struct outcome *split)
{
	char what[160];
	snprintf(what, sizeof(what), "%s, %s: result", it->name, how);
	if (!runner_expect_long(what, whole->result, split->result))
		return 0;
	if (ends(whole->result))
		return 1;
	snprintf(what, sizeof(what), "%s, %s: used", it->name, how);
	if (!runner_expect_long(what, (long)whole->used, (long)split->used))
		return 0;
	snprintf(what, sizeof(what), "%s, %s: same facts", it->name, how);
	return runner_expect_long(what, 1, same_facts(&whole->message, &split->message));
}

static void check_splits(const struct http1_case *it, const struct outcome *whole)
{
	char how[64];
	for (size_t at = 1; at < it->len; at++) {
		snprintf(how, sizeof(how), "split at %zu", at);
		struct outcome split = feed_in_steps(it, at, it->len, at % 2);
		if (!compare(how, it, whole, &split))
			return;
	}
	for (size_t step = 1; step < 40; step += step < 4 ? 1 : 7) {
		snprintf(how, sizeof(how), "in steps of %zu", step);
		struct outcome split =
		    feed_in_steps(it, step < it->len ? step : it->len, step, step % 2);
		if (!compare(how, it, whole, &split))
			return;
	}
}

static void check_facts(const struct http1_case *it, const struct outcome *got)
{
	char what[160];
	snprintf(what, sizeof(what), "%s: result", it->name);
	runner_expect_long(what, it->result, got->result);
	if (it->result == HTTP1_BAD)
		return;
	snprintf(what, sizeof(what), "%s: flags", it->name);
	if (it->result != HTTP1_TUNNEL)
		runner_expect_long(what, it->flags, got->message.flags);
	snprintf(what, sizeof(what), "%s: status", it->name);
	runner_expect_long(what, it->status, got->message.status);
	snprintf(what, sizeof(what), "%s: method", it->name);
	runner_expect_long(what, it->method, got->message.method);
	snprintf(what, sizeof(what), "%s: used", it->name);
	if (it->result != HTTP1_TUNNEL)
		runner_expect_long(what, (long)it->used, (long)got->used);
	const char *end = memmem(it->bytes, it->len, "\r\n\r\n", 4);
	snprintf(what, sizeof(what), "%s: head_len", it->name);
	if (it->result == HTTP1_DONE)
		runner_expect_long(what, end ? end - it->bytes + 4 : -1, got->message.head_len);
}

static void check_table(const struct http1_case *it)
{
	make_room();
	for (; it->name; it++) {
		struct outcome whole = feed_in_steps(it, it->len, it->len, true);
		check_facts(it, &whole);
		struct outcome again = feed_in_steps(it, it->len, it->len, false);
		compare("after a guard page", it, &whole, &again);
		check_splits(it, &whole);
	}
}

static void requests_are_framed(void)
{
	check_table(http1_requests);
}

static void responses_are_framed(void)
{
	check_table(http1_responses);
}

static void what_is_in_doubt_is_bad(void)
{
	check_table(http1_bad);
}

/* The other half of the promise for an incomplete message: each beginning of a good one is MORE. */
static void beginnings_of_good_messages_go_on(void)
{
	make_room();
	const struct http1_case *tables[] = {http1_requests, http1_responses};
	for (size_t i = 0; i < 2; i++) {
		for (const struct http1_case *it = tables[i]; it->name; it++) {
			struct outcome got = fresh(it);
			size_t len = it->result == HTTP1_TUNNEL ? 8 : it->used - 1;
			feed(&got, it->bytes, len, true);
			runner_expect_long(it->name, HTTP1_MORE, got.result);
			runner_expect_long(it->name, (long)len, (long)got.used);
		}
	}
}

static void a_feed_of_nothing_changes_nothing(void)
{
	struct http1 message, before;
	size_t used = 7;
	http1_response(&message, METHOD_GET);
	memset(message.line, 0, sizeof(message.line));
	before = message;
	CU_ASSERT_EQUAL(http1_feed(&message, NULL, 0, &used), HTTP1_MORE);
	CU_ASSERT_EQUAL(used, 0);
	CU_ASSERT_EQUAL(memcmp(&message, &before, sizeof(message)), 0);
	CU_ASSERT_EQUAL(message.flags & HTTP1_STARTED, 0);
}

static void the_struct_stays_small(void)
{
	CU_ASSERT(sizeof(struct http1) <= 112);
}

void suite_http1(void)
{
	static const struct runner_test tests[] = {
	    TEST(requests_are_framed),
	    TEST(responses_are_framed),
	    TEST(what_is_in_doubt_is_bad),
	    TEST(beginnings_of_good_messages_go_on),
	    TEST(a_feed_of_nothing_changes_nothing),
	    TEST(the_struct_stays_small),
	    TEST_END,
	};
	runner_suite("http1", tests);
	suite_http1_stream();
	suite_http1_oracle();
	suite_http1_head();
	suite_http1_fuzz();
}
