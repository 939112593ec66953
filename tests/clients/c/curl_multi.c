/* SPDX-License-Identifier: MIT */
/*
 * libcurl's multi interface: each round is 200 transfers at once, over the connections that the
 * round before has left open. libcurl sends again by itself, a POST too, and cannot be told not to;
 * but it tells of it, and CURLINFO_NUM_CONNECTS of each dialing. A round where it did either counts
 * as an error here. After a pause it may dial: libcurl looks at an idle connection before it uses
 * it.
 */
#include <curl/curl.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARALLEL 200

struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	char path[300], body[32];
	char answer[1024];
	size_t len;
	int sent_again;
};

static struct transfer transfers[PARALLEL];
static CURLM *multi;

static size_t keep(char *data, size_t size, size_t n, void *user)
{
	struct transfer *t = user;

	if (n * size > sizeof t->answer - 1 - t->len)
		return 0;
	memcpy(t->answer + t->len, data, n * size);
	t->len += n * size;
	t->answer[t->len] = '\0';
	return n * size;
}

static int listen_in(CURL *easy, curl_infotype type, char *text, size_t len, void *user)
{
	static const char admits[] = "retrying a fresh connect";
	struct transfer *t = user;

	(void)easy;
	if (type == CURLINFO_TEXT && memmem(text, len, admits, sizeof admits - 1))
		t->sent_again++;
	return 0;
}

static void prepare(struct transfer *t, const char *base, int round, int number, bool post)
{
	char url[400], id[64];

	if (!t->easy)
		t->easy = curl_easy_init();
	snprintf(url, sizeof url, "%s-%d-%d", base, round, number);
	snprintf(t->path, sizeof t->path, "\"path\":\"%s\"", strchr(url + 7, '/'));
	snprintf(id, sizeof id, "X-Request-Id: %d-%d", round, number);
	t->headers = curl_slist_append(NULL, id);
	t->len = 0;
	t->sent_again = 0;
	curl_easy_setopt(t->easy, CURLOPT_URL, url);
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(t->easy, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(t->easy, CURLOPT_DEBUGDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(t->easy, CURLOPT_TIMEOUT, 20L);
	if (post) {
		snprintf(t->body, sizeof t->body, "payload-%d", number);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
	}
	curl_multi_add_handle(multi, t->easy);
}

static bool is_right(const struct transfer *t, CURLcode result)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return result == CURLE_OK && status == 200 && strstr(t->answer, t->path);
}

struct tally {
	int wrong, sent_again, dialed;
};

static void finish(CURLMsg *msg, struct tally *tally)
{
	CURLcode result = msg->data.result;
	struct transfer *t;
	long connects;

	curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
	tally->wrong += !is_right(t, result);
	tally->sent_again += t->sent_again;
	tally->dialed += (int)connects;
	curl_multi_remove_handle(multi, t->easy);
	curl_slist_free_all(t->headers);
}

static struct tally perform(void)
{
	struct tally tally = {0};
	int running = 1, left;
	CURLMsg *msg;

	while (running) {
		if (curl_multi_perform(multi, &running))
			exit(2);
		if (running)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
		while ((msg = curl_multi_info_read(multi, &left)))
			finish(msg, &tally);
	}
	return tally;
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n - 3;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 0, pause_ms = argc > 4 ? atoi(argv[4]) : 0;
	bool post = argc > 3 && !strcmp(argv[3], "POST");
	int failed = 0, start = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)PARALLEL);
	for (int i = 1; i <= count; i++) {
		struct tally tally;

		for (int t = 0; t < PARALLEL; t++)
			prepare(&transfers[t], argv[1], i, t, post);
		tally = perform();
		if (!tally.wrong && !tally.sent_again && (i == 1 || pause_ms || !tally.dialed)) {
			printf("ok %d 200\n", i);
		} else {
			failed++;
			printf("error %d of %d: %d wrong; libcurl sent %d again, dialed %d\n", i,
			       PARALLEL, tally.wrong, tally.sent_again, tally.dialed);
		}
		if (i == 2)
			start = open_fds();
		if (i < count)
			usleep((useconds_t)pause_ms * 1000);
	}
	printf("fds %d %d\n", start, open_fds());
	return failed ? 1 : 0;
}
