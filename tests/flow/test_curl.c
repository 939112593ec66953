/* SPDX-License-Identifier: MIT */
/*
 * libcurl as programs use it. It resends by itself, so an answer proves nothing: what tells who
 * healed a transfer is CURLINFO_NUM_CONNECTS, 0 if curl did not have to connect for it.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"

enum { PARALLEL = 20, ROUNDS = 3 };

static size_t discard(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * count;
}

static void set_up(CURL *curl, const char *path, const char *body)
{
	char url[128];
	snprintf(url, sizeof(url), "http://%s:%d%s", program.address, program.port, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 8000L);
	if (body)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	else
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
}

static void tell(CURL *curl, CURLcode code)
{
	long status = 0, connects = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
	say("%d %ld, %ld connects", (int)code, status, connects);
}

/* arg: the body of a POST; "" for a GET. */
PROGRAM(curl_easy)
{
	CURL *curl = curl_easy_init();
	set_up(curl, "/1", NULL);
	tell(curl, curl_easy_perform(curl));
	set_up(curl, "/2", *program.arg ? program.arg : NULL);
	tell(curl, curl_easy_perform(curl));
	set_up(curl, "/3", NULL);
	tell(curl, curl_easy_perform(curl));
	curl_easy_cleanup(curl);
}

static void curl_easy_get_is_healed_without_curl_noticing(void)
{
	static const char *const faults[] = {"reset@1.2",	 "close@1.2",  "reset-unread@1.2",
					     "close-unread@1.2", "shed=1@1.2", "fin-unread@1.2"};
	struct flow flow = {.program = "curl_easy"};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		flow.faults[0] = faults[i];
		flow_bare(&flow);
		if (strncmp(faults[i], "shed", 4)) /* that fails even curl's own resending */
			expect_printed(&flow,
				       "0 200, 1 connects\n0 200, 1 connects\n0 200, 0 connects\n");
		flow_redial(&flow);
		expect_printed(&flow, "0 200, 1 connects\n0 200, 0 connects\n0 200, 0 connects\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

/* It is curl that sends the POST twice, bare and preloaded alike. */
static void curl_easy_post_is_left_to_curl(void)
{
	struct flow flow = {.program = "curl_easy", .arg = "order=7", .faults = {"reset@1.2"}};
	flow_bare(&flow);
	int bare = faultd_count(&flow.server, "request ", "path=/2 ", NULL);
	flow_redial(&flow);
	expect_seen(&flow, bare, "path=/2 ", NULL);
	expect_logged(&flow, 1, "event=refused reason=method", NULL);
	expect_logged(&flow, 0, "event=attempt", NULL);
	flow_end(&flow);
}

static void add(CURLM *multi, CURL *curl, int round, int i)
{
	char path[40];
	snprintf(path, sizeof(path), "/%d/%d", round, i);
	set_up(curl, path, NULL);
	curl_multi_add_handle(multi, curl);
}

static void run_round(CURLM *multi, CURL *curls[PARALLEL], int round)
{
	int running = 1, good = 0, left;
	long connects = 0;
	CURLMsg *message;
	for (int i = 0; i < PARALLEL; i++)
		add(multi, curls[i], round, i);
	while (running && curl_multi_perform(multi, &running) == CURLM_OK && running)
		curl_multi_poll(multi, NULL, 0, 1000, NULL);
	while ((message = curl_multi_info_read(multi, &left))) {
		long own = 0, status = 0;
		curl_easy_getinfo(message->easy_handle, CURLINFO_NUM_CONNECTS, &own);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		good += message->data.result == CURLE_OK && status == 200;
		connects += own;
	}
	for (int i = 0; i < PARALLEL; i++)
		curl_multi_remove_handle(multi, curls[i]);
	say("%d good, %ld connects", good, connects);
}

PROGRAM(curl_multi)
{
	CURLM *multi = curl_multi_init();
	CURL *curls[PARALLEL];
	int before = 0;
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)PARALLEL);
	for (int i = 0; i < PARALLEL; i++)
		curls[i] = curl_easy_init();
	for (int round = 1; round <= ROUNDS; round++) {
		run_round(multi, curls, round);
		if (round == 1)
			before = descriptors();
	}
	say("%d descriptors more", descriptors() - before);
	for (int i = 0; i < PARALLEL; i++)
		curl_easy_cleanup(curls[i]);
	curl_multi_cleanup(multi);
}

#define HEALED                                                                                     \
	"20 good, 20 connects\n20 good, 0 connects\n20 good, 0 connects\n"                         \
	"0 descriptors more\n"

static void twenty_parallel_transfers_are_healed_without_curl_noticing(void)
{
	static const char *const faults[] = {"reset@2", "close@2", "reset-unread@2"};
	struct flow flow = {.program = "curl_multi"};
	for (int i = 0; i < 3; i++) {
		flow.faults[0] = faults[i];
		flow_bare(&flow);
		CU_ASSERT(strcmp(flow.result.out, HEALED) != 0);
		flow_redial(&flow);
		expect_printed(&flow, HEALED);
		expect_seen(&flow, 20, "path=/1/", NULL);
		expect_seen(&flow, 40, "path=/2/", NULL);
		expect_seen(&flow, 40, "path=/3/", NULL);
	}
	flow_end(&flow);
}

const struct runner_test curl_tests[] = {
    T(curl_easy_get_is_healed_without_curl_noticing),
    T(curl_easy_post_is_left_to_curl),
    T(twenty_parallel_transfers_are_healed_without_curl_noticing),
    T_END,
};
