/* SPDX-License-Identifier: MIT */
/*
 * Orders at an Express shop, under resets at every point of the exchange (node/cutter.js), each on
 * a reused connection and on a new one. Where shop and policy know the Idempotency-Key that the
 * client sends, each order exists exactly once and is answered; without it none exists twice. The
 * shop itself says how often it executed an order.
 */
#include "programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/process.h"
#include "support/runner.h"

#define ORDERS_MAX 128
#define KEYED_POLICY                                                                               \
	"retry = { idempotency_key_headers = [\"Idempotency-Key\"];\n"                             \
	"          on = [\"stale\", \"reset\", \"eof\", \"first-use\"]; };\n"
#define UNKEYED_POLICY "retry = { on = [\"stale\", \"reset\", \"eof\", \"first-use\"]; };\n"

enum client_id { FETCH, PYTHON_REQUESTS, REST_TEMPLATE, N_CLIENTS };

static const struct client {
	const char *name;
	const char *argv[8];
	bool heeds_idle_end; /* it sees by itself that an idle connection is dead */
	bool chooses; /* its pool may hold another connection, and it takes that now and then */
} clients[N_CLIENTS] = {
    [FETCH] = {"Node fetch", {"node", "@node/place_orders.js"}, .chooses = true},
    [PYTHON_REQUESTS] = {"Python requests",
			 {"/usr/bin/python3", "@python/place_orders.py"},
			 .heeds_idle_end = true},
    [REST_TEMPLATE] = {.name = "Spring RestTemplate", .argv = {JAVA, "PlaceOrders"}},
};

/* A shop, a client, and what stands between them. */
enum setting_id {
	BARE,	  /* keys and a shop that honours them, but no redial */
	KEYED,	  /* the same with redial, whose policy names the header */
	UNKEYED,  /* the same policy; neither client nor shop knows of keys */
	UNNAMED,  /* the client sends keys, but neither policy nor shop knows of them */
	MISNAMED, /* the policy names the header for a shop that ignores it: what the name claims */
	N_SETTINGS
};

static const struct setting {
	const char *name, *shop, *kind, *policy;
} settings[N_SETTINGS] = {
    [BARE] = {"bare", "idempotent", "keyed", NULL},
    [KEYED] = {"redial, with the key", "idempotent", "keyed", KEYED_POLICY},
    [UNKEYED] = {"redial, without", "plain", "plain", KEYED_POLICY},
    [UNNAMED] = {"redial, key not in the policy", "plain", "keyed", UNKEYED_POLICY},
    [MISNAMED] = {"redial, key not in the shop", "plain", "keyed", KEYED_POLICY},
};

struct order {
	char point[16], how[16], use[16], met[16];
	int cuts_left;
	int sightings; /* how often some of it came to the server's machine */
	int executed;
	int answers, errors; /* what the client says */
};

struct day {
	struct order orders[ORDERS_MAX + 1];
	int count;
	int answers, once, never, twice, sent_twice;
};

static struct day days[N_CLIENTS][N_SETTINGS];

static bool is_calm(const struct order *order)
{
	return !strcmp(order->point, "calm");
}

static bool is_idle(const struct order *order)
{
	return !strcmp(order->point, "idle");
}

/* Part of the answer has reached the program: there is no way but an error. */
static bool is_answered_in_part(const struct order *order)
{
	return !strncmp(order->point, "response-", 9);
}

/* Does the shop get the whole order at its first sending? */
static bool is_received(const struct order *order)
{
	static const char *const points[] = {"unread", "head", "half-body", "not-executed"};

	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		if (!strcmp(order->point, points[i]))
			return false;
	return true;
}

static void read_order(struct day *day, const char *line)
{
	struct order found = {.answers = 0}, *order;
	int number;

	if (sscanf(line, "order %d %15s %15s %15s met=%15s cuts_left=%d sightings=%d executed=%d",
		   &number, found.point, found.how, found.use, found.met, &found.cuts_left,
		   &found.sightings, &found.executed) != 8 ||
	    number != day->count + 1 || number > ORDERS_MAX)
		return;
	order = &day->orders[++day->count];
	found.answers = order->answers;
	found.errors = order->errors;
	*order = found;
}

static void read_day(struct day *day, char *text)
{
	for (char *line; (line = strsep(&text, "\n"));) {
		int number;

		if (sscanf(line, "ok %d ", &number) == 1 && number > 0 && number <= ORDERS_MAX)
			day->orders[number].answers++;
		else if (sscanf(line, "error %d ", &number) == 1 && number > 0 &&
			 number <= ORDERS_MAX)
			day->orders[number].errors++;
		else
			read_order(day, line);
	}
	for (int i = 1; i <= day->count; i++) {
		const struct order *order = &day->orders[i];

		day->answers += order->answers;
		day->never += order->executed == 0;
		day->once += order->executed == 1;
		day->twice += order->executed > 1;
		day->sent_twice += order->sightings > 1;
	}
}

static int write_policy(char path[64], const char *policy)
{
	int fd = mkstemp(strcpy(path, "/tmp/redial-orders-XXXXXX"));
	ssize_t n;

	if (fd < 0)
		return -1;
	n = policy ? write(fd, policy, strlen(policy)) : 0;
	fchmod(fd, 0644);
	close(fd);
	return n < 0 ? -1 : 0;
}

static void fill_client(const char *argv[], size_t n, const struct client *client)
{
	for (size_t i = 0; client->argv[i]; i++) {
		const char *arg = client->argv[i];
		char source[96];

		snprintf(source, sizeof source, "../tests/clients/%s", arg + 1);
		argv[n++] = *arg == '@'	  ? build_path(source)
			    : *arg == '%' ? build_path(arg + 1)
					  : arg;
	}
}

/* Lets the client place its orders. Returns NULL, the failure noted, if they did not all come. */
static struct day *run(enum client_id c, enum setting_id s)
{
	const struct setting *setting = &settings[s];
	char policy[64], policy_env[96], preload[4096], modules[4096];
	const char *argv[20] = {
	    "node",	   build_path("../tests/clients/node/orders_under_resets.js"),
	    setting->shop, setting->kind,
	    "env",	   preload};
	const char *env[] = {policy_env, modules, "REDIAL_LOG=none", "NO_PROXY=*", NULL};
	struct process_result result;
	struct day *day = &days[c][s];
	bool complete;

	if (!runner_expect_long("policy written", 0, write_policy(policy, setting->policy)))
		return NULL;
	snprintf(policy_env, sizeof policy_env, "REDIAL_POLICY=%s", policy);
	snprintf(modules, sizeof modules, "NODE_PATH=%s", build_path("tests/node/node_modules"));
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s",
		 setting->policy ? build_path("libredial.so") : "");
	fill_client(argv, 6, &clients[c]);
	memset(day, 0, sizeof *day);
	result = process_run(argv, env, 40000);
	if (getenv("REDIAL_TEST_VERBOSE") || result.status)
		printf("    %s, %s: status %d after %ld ms\n%s%s", clients[c].name, setting->name,
		       result.status, result.elapsed_ms, result.out, result.err);
	read_day(day, result.out);
	complete = runner_expect_long("status", 0, result.status) &&
		   runner_expect_long("some orders", true, day->count > 40);
	process_free(&result);
	unlink(policy);
	return complete ? day : NULL;
}

static int expect(const struct order *order, int number, const char *what, int expected, int got)
{
	char text[160];

	snprintf(text, sizeof text, "order %d, %s, %s, %s: %s", number, order->point, order->how,
		 order->use, what);
	return runner_expect_long(text, expected, got);
}

/* Did what was planned happen at all? A bare client meets only the first of two cuts. */
static void expect_planned(const struct day *day, enum client_id c, enum setting_id s)
{
	int reused = 0, first = 0;

	for (int i = 1; i <= day->count; i++) {
		const struct order *order = &day->orders[i];
		bool cut_again = s == KEYED || s == MISNAMED;
		int left = strchr(order->how, '+') && !cut_again;

		expect(order, i, "cuts that did not happen", left, order->cuts_left);
		expect(order, i, "answers and errors", 1, order->answers + order->errors);
		if (!clients[c].chooses)
			expect(order, i, "on such a connection", 0, strcmp(order->use, order->met));
		reused += !strcmp(order->met, "reused");
		first += !strcmp(order->met, "first");
	}
	runner_expect_long("cut off on reused connections, at least 15", true, reused >= 15);
	runner_expect_long("cut off on new connections, at least 15", true, first >= 15);
}

static struct day *run_as_planned(enum client_id c, enum setting_id s)
{
	struct day *day = run(c, s);

	if (day)
		expect_planned(day, c, s);
	return day;
}

static void bare_fails(enum client_id c)
{
	const struct day *day = run_as_planned(c, BARE);

	for (int i = 1; day && i <= day->count; i++) {
		const struct order *order = &day->orders[i];

		if (is_calm(order) || (is_idle(order) && clients[c].heeds_idle_end))
			expect(order, i, "answers", 1, order->answers);
		else if (!is_idle(order) || !clients[c].chooses)
			expect(order, i, "errors", 1, order->errors);
	}
}

/* Every order exists once, and is answered. */
static void keyed_is_saved(enum client_id c)
{
	const struct day *day = run_as_planned(c, KEYED);

	for (int i = 1; day && i <= day->count; i++) {
		const struct order *order = &day->orders[i];

		expect(order, i, "executions", 1, order->executed);
		expect(order, i, "answers", !is_answered_in_part(order), order->answers);
	}
}

/* No order comes a second time; what was never sent, is sent. */
static void nothing_is_sent_twice(enum client_id c, enum setting_id s)
{
	const struct day *day = run_as_planned(c, s);

	for (int i = 1; day && i <= day->count; i++) {
		const struct order *order = &day->orders[i];

		expect(order, i, "sightings", 1, order->sightings);
		expect(order, i, "executions", is_received(order), order->executed);
		expect(order, i, "answers", is_calm(order) || is_idle(order), order->answers);
	}
}

/* The same resends at a shop that ignores the key: it is the shop that keeps them from harm. */
static void key_not_in_shop_is_executed_again(void)
{
	const struct day *day = run_as_planned(PYTHON_REQUESTS, MISNAMED);

	for (int i = 1; day && i <= day->count; i++) {
		const struct order *order = &day->orders[i];
		bool again = !strncmp(order->point, "execut", 6);

		expect(order, i, "executed more than once", again, order->executed > 1);
	}
}

#define EACH_CLIENT(X)                                                                             \
	X(node_fetch, FETCH)                                                                       \
	X(python_requests, PYTHON_REQUESTS)                                                        \
	X(spring, REST_TEMPLATE)

#define DEFINE(name, id)                                                                           \
	static void name##_bare_fails(void)                                                        \
	{                                                                                          \
		bare_fails(id);                                                                    \
	}                                                                                          \
	static void name##_with_key_each_exists_once(void)                                         \
	{                                                                                          \
		keyed_is_saved(id);                                                                \
	}                                                                                          \
	static void name##_without_key_none_exists_twice(void)                                     \
	{                                                                                          \
		nothing_is_sent_twice(id, UNKEYED);                                                \
	}                                                                                          \
	static void name##_key_not_in_policy(void)                                                 \
	{                                                                                          \
		nothing_is_sent_twice(id, UNNAMED);                                                \
	}

EACH_CLIENT(DEFINE)

#define ENTRIES(name, id)                                                                          \
	{#name "_bare_fails", name##_bare_fails},                                                  \
	    {#name "_with_key_each_exists_once", name##_with_key_each_exists_once},                \
	    {#name "_without_key_none_exists_twice", name##_without_key_none_exists_twice},        \
	    {#name "_key_not_in_policy", name##_key_not_in_policy},

void orders_suite(void)
{
	static const struct runner_test tests[] = {
	    EACH_CLIENT(ENTRIES){"key_not_in_shop_is_executed_again",
				 key_not_in_shop_is_executed_again},
	    {NULL, NULL},
	};

	runner_suite("Orders at an Express shop under resets", tests);
}

static void print_day(enum client_id c, enum setting_id s)
{
	const struct day *day = &days[c][s];
	static bool any;

	if (!day->count)
		return;
	if (!any)
		printf("\n%-20s %-30s %7s %9s %6s %6s %6s %11s\n", "orders under resets", "",
		       "orders", "answered", "once", "never", "twice", "sent again");
	any = true;
	printf("%-20s %-30s %7d %9d %6d %6d %6d %11d\n", clients[c].name, settings[s].name,
	       day->count, day->answers, day->once, day->never, day->twice, day->sent_twice);
}

void orders_print(void)
{
	for (int c = 0; c < N_CLIENTS; c++)
		for (int s = 0; s < N_SETTINGS; s++)
			print_day(c, s);
}
