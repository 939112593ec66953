/* SPDX-License-Identifier: MIT */
/*
 * memory PORT KIND EXCHANGES: exchanges on one connection, each request in memory of that kind:
 * static, stack, malloc (new each time), arena (new each time, on a thread of its own), thread (on
 * that thread's stack), large (one piece that malloc maps), constant, file (a mapping of one). For
 * strace.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "bench.h"

static struct message request;
static const char constant[] = "GET " PATH_200 " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char *kind;
static int port_fd, count;

static char *map_file(void)
{
	int file = memfd_create("request", MFD_CLOEXEC);
	char *at = file < 0 || ftruncate(file, 4096)
		       ? MAP_FAILED
		       : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

/* Where the next request is to be; NULL: on the stack. */
static char *place(char *once)
{
	if (!strcmp(kind, "malloc") || !strcmp(kind, "arena"))
		return malloc(sizeof(request.text));
	return once;
}

/* The answer's first bytes in the same memory would do as well, but for constants. */
static void ask(const char *text, size_t len)
{
	char answer[4096];
	size_t got = 0;

	if (send(port_fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("send");
	while (got < ANSWER_LEN) {
		ssize_t n = recv(port_fd, answer, sizeof(answer), 0);

		if (n <= 0)
			die("recv");
		got += (size_t)n;
	}
}

static void *exchanges(void *arg)
{
	char *once = NULL;

	if (!strcmp(kind, "static"))
		once = request.text;
	else if (!strcmp(kind, "large"))
		once = malloc(1 << 20);
	else if (!strcmp(kind, "file"))
		once = map_file();
	for (int i = 0; i < count; i++) {
		char here[sizeof(request.text)];
		char *at = place(once);

		memmove(at ? at : here, request.text, request.len);
		if (!strcmp(kind, "constant"))
			ask(constant, sizeof(constant) - 1);
		else
			ask(at ? at : here, request.len);
		if (at != once)
			free(at);
	}
	return arg;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	pthread_t thread;

	if (argc < 4)
		return 2;
	addr = loopback(argv[1]);
	request = make_request("GET", PATH_200);
	kind = argv[2];
	count = atoi(argv[3]);
	port_fd = dial(&addr);
	if (strcmp(kind, "arena") && strcmp(kind, "thread"))
		exchanges(NULL);
	else if (pthread_create(&thread, NULL, exchanges, NULL) || pthread_join(thread, NULL))
		die("pthread");
	return 0;
}
