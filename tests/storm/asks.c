/* SPDX-License-Identifier: MIT */
/*
 * asks BASE NAME SECONDS: as asks.py, by libcurl's multi interface with eight transfers at a time.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRANSFERS = 8, MOST_MS = 20000, TEXT_MAX = 70000 };

struct asked {
	CURL *easy;
	char id[100], path[160], url[256];
	const char *method;
	long body, size; /* size -1: the answer is JSON that names the path */
	double began;
	size_t got;
	char text[TEXT_MAX + 1];
};

static const char *base, *name;
static unsigned long number;

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static size_t take(char *bytes, size_t one, size_t len, void *of)
{
	struct asked *asked = of;
	size_t room = TEXT_MAX - asked->got;

	(void)one;
	memcpy(asked->text + asked->got, bytes, len < room ? len : room);
	asked->got += len < room ? len : room;
	return len;
}

static void begin(CURLM *multi, struct asked *asked)
{
	static const long sizes[] = {0, 10, 3000, 70000}, bodies[] = {1, 100, 5000};
	static char body[5000];

	memset(body, 'p', sizeof(body));
	snprintf(asked->id, sizeof(asked->id), "%s.%d.%lu", name, (int)getpid(), number++);
	asked->body = random() % 10 < 3 ? bodies[random() % 3] : 0;
	asked->size = !asked->body && random() % 2 ? sizes[random() % 4] : -1;
	asked->method = asked->body ? "POST" : "GET";
	asked->got = 0;
	if (asked->size >= 0)
		snprintf(asked->path, sizeof(asked->path), "/bytes/%ld/%s", asked->size, asked->id);
	else
		snprintf(asked->path, sizeof(asked->path), "/%s/%s", asked->body ? "post" : "get",
			 asked->id);
	snprintf(asked->url, sizeof(asked->url), "%s%s", base, asked->path);
	curl_easy_setopt(asked->easy, CURLOPT_URL, asked->url);
	curl_easy_setopt(asked->easy, CURLOPT_HTTPGET, 1L);
	if (asked->body) {
		curl_easy_setopt(asked->easy, CURLOPT_POSTFIELDSIZE, asked->body);
		curl_easy_setopt(asked->easy, CURLOPT_POSTFIELDS, body);
	}
	asked->began = now_ms();
	curl_multi_add_handle(multi, asked->easy);
}

/* Of JSON, without regard to spaces: does it say "key": value? */
static int says(const char *text, const char *key, const char *value)
{
	const char *at = strstr(text, key);

	if (!at)
		return 0;
	at += strlen(key);
	at += strspn(at, " :");
	return strncmp(at, value, strlen(value)) == 0;
}

static const char *judge(struct asked *asked, CURLcode result)
{
	static char said[40];
	char path[170], body[20];
	long status = 0;

	if (result != CURLE_OK)
		return result == CURLE_OPERATION_TIMEDOUT ? "hung" : "lost";
	curl_easy_getinfo(asked->easy, CURLINFO_RESPONSE_CODE, &status);
	snprintf(said, sizeof(said), "status-%ld", status);
	if (status != 200)
		return said;
	asked->text[asked->got] = '\0';
	if (asked->size >= 0)
		return asked->got == (size_t)asked->size && strspn(asked->text, "x") == asked->got
			   ? "ok"
			   : "wrong:bytes";
	snprintf(path, sizeof(path), "\"%s\"", asked->path);
	snprintf(body, sizeof(body), "%ld", asked->body);
	return says(asked->text, "\"path\"", path) &&
		       (!asked->body || says(asked->text, "\"body\"", body))
		   ? "ok"
		   : "wrong:json";
}

static void finish(CURLM *multi, double end)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		struct asked *asked;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&asked);
		printf("%s %s %s %.0f\n", asked->method, asked->id,
		       judge(asked, message->data.result), now_ms() - asked->began);
		curl_multi_remove_handle(multi, asked->easy);
		if (now_ms() < end)
			begin(multi, asked);
	}
}

int main(int argc, char **argv)
{
	static struct asked all[TRANSFERS];
	int running = 1;
	double end;
	CURLM *multi;

	if (argc != 4)
		return 2;
	base = argv[1];
	name = argv[2];
	end = now_ms() + atof(argv[3]) * 1e3;
	srandom((unsigned)getpid());
	setvbuf(stdout, NULL, _IOLBF, 0);
	curl_global_init(CURL_GLOBAL_ALL);
	multi = curl_multi_init();
	for (int i = 0; i < TRANSFERS; i++) {
		all[i].easy = curl_easy_init();
		curl_easy_setopt(all[i].easy, CURLOPT_WRITEFUNCTION, take);
		curl_easy_setopt(all[i].easy, CURLOPT_WRITEDATA, &all[i]);
		curl_easy_setopt(all[i].easy, CURLOPT_PRIVATE, &all[i]);
		curl_easy_setopt(all[i].easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(all[i].easy, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(all[i].easy, CURLOPT_TIMEOUT_MS, (long)MOST_MS);
		curl_easy_setopt(all[i].easy, CURLOPT_PROXY, "");
		begin(multi, &all[i]);
	}
	while (running) {
		curl_multi_perform(multi, &running);
		finish(multi, end);
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	return 0;
}
