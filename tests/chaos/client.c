/* SPDX-License-Identifier: MIT */
/*
 * client PORT MODE TIMEOUT_MS SCRIPT: sends the script's requests, each once, and writes for each
 * `answer ID connect=E sent=E got=E ms=N len=N`, a newline and the len bytes that came, to standard
 * output. E is an errno, 0 for success, and of got -1 for the end of the stream.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chaos.h"

static void nap(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

struct ask *script_read(const char *path, size_t *count)
{
	FILE *file = fopen(path, "r");
	struct ask *asks = NULL;
	struct ask a;
	int is_head;

	*count = 0;
	if (!file)
		exit(4);
	memset(&a, 0, sizeof a);
	while (fscanf(file, "%31s %d %d %d %d %d %d %c %c %c %zu", a.id, &is_head, &a.idle_ms,
		      &a.group, &a.cuts[0], &a.cuts[1], &a.room, &a.write_how, &a.read_how, &a.op,
		      &a.len) == 11) {
		a.is_head = is_head;
		a.bytes = malloc(a.len);
		asks = realloc(asks, (*count + 1) * sizeof *asks);
		fgetc(file);
		if (!asks || !a.bytes || fread(a.bytes, 1, a.len, file) != a.len)
			exit(4);
		asks[(*count)++] = a;
	}
	fclose(file);
	return asks;
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void tell(const struct ask *ask, int connected, int sent, int got, int64_t ms,
		 const char *bytes, size_t len)
{
	printf("answer %s connect=%d sent=%d got=%d ms=%lld len=%zu\n", ask->id, connected, sent,
	       got, (long long)ms, len);
	fwrite(bytes, 1, len, stdout);
}

/* A child that has the socket too, for a while. */
static void fork_child(int ms)
{
	pid_t pid = fork();

	if (!pid) {
		nap(ms);
		_exit(0);
	}
	if (!ms)
		waitpid(pid, NULL, 0);
}

/* What happens between a request and its answer. false: nobody waits for that any more. */
static bool do_op(struct link *link, char op)
{
	int copy;

	switch (op) {
	case 'd': /* another number, and back: the epoll set knows the first one */
		copy = dup(link->fd);
		if (copy >= 0)
			close(copy);
		return true;
	case 'w':
		shutdown(link->fd, SHUT_WR);
		return true;
	case 'f':
		fork_child(0);
		return true;
	case 'F':
		fork_child(20);
		return true;
	case 'c':
		link_close(link);
		return false;
	default:
		return true;
	}
}

static int read_answer(struct link *link, const struct ask *ask, size_t *len)
{
	int got = 0;

	while (!(*len = frame_answer(link->data, link->len, ask->is_head, got == LINK_EOF)) && !got)
		got = link_receive(link, ask);
	if (*len)
		return 0;
	*len = link->len;
	return got;
}

struct writing {
	struct link *link;
	const struct ask *asks;
	int count;
	int *sent;
};

static void *write_group(void *argument)
{
	struct writing *w = argument;

	for (int i = 0; i < w->count; i++) {
		w->sent[i] = i && w->sent[i - 1] ? w->sent[i - 1] : link_send(w->link, &w->asks[i]);
	}
	return NULL;
}

static bool says_close(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return !end || memmem(data, (size_t)(end - data), "Connection: close", 17) ||
	       !strncmp(data, "HTTP/1.0", 8);
}

static void do_group(struct link *link, const struct ask *asks, int count, bool threads)
{
	int sent[16] = {0};
	struct writing writing = {link, asks, count, sent};
	int64_t began = now_ms();
	int connected = 0, got = 0;
	pthread_t writer;
	bool waits;

	nap(asks->idle_ms);
	if (link->fd >= 0 && asks->op == 'q' && !link_looks_alive(link))
		link_close(link);
	if (link->fd < 0)
		connected = link_open(link);
	if (connected) {
		for (int i = 0; i < count; i++)
			tell(&asks[i], connected, 0, 0, now_ms() - began, "", 0);
		return;
	}
	if (threads)
		pthread_create(&writer, NULL, write_group, &writing);
	else
		write_group(&writing);
	waits = do_op(link, asks[0].op);
	for (int i = 0; i < count; i++) {
		size_t len = 0;

		if (!got)
			got = waits ? read_answer(link, &asks[i], &len) : ECANCELED;
		else
			link->len = 0;
		if (!threads)
			tell(&asks[i], 0, sent[i], got, now_ms() - began, link->data, len);
		else
			tell(&asks[i], 0, 0, got, now_ms() - began, link->data, len);
		if (got)
			continue;
		if (says_close(link->data, len))
			got = ECONNABORTED;
		memmove(link->data, link->data + len, link->len - len);
		link->len -= len;
	}
	if (threads) {
		if (got && link->fd >= 0)
			shutdown(link->fd, SHUT_RDWR); /* wakes it */
		pthread_join(writer, NULL);
	}
	if (!got && link->len)
		printf("violation: %zu bytes behind the answer to %s\n", link->len,
		       asks[count - 1].id);
	if (got || sent[count - 1] || asks->op == 'w')
		link_close(link);
}

int main(int argc, char **argv)
{
	struct link link = {.fd = -1, .epfd = -1};
	size_t count;
	int before;
	bool threads;

	if (argc != 5)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	link.port = atoi(argv[1]);
	threads = argv[2][0] == 't';
	link.mode = argv[2][0] == 'p'	? MODE_POLL
		    : argv[2][0] == 'l' ? MODE_LEVEL
		    : argv[2][0] == 'e' ? MODE_EDGE
					: MODE_BLOCKING;
	link.timeout_ms = atoi(argv[3]);
	before = open_descriptors();
	struct ask *asks = script_read(argv[4], &count);
	link.size = 65536;
	link.data = malloc(link.size);
	for (size_t i = 0; i < count; i += (size_t)asks[i].group)
		do_group(&link, &asks[i], asks[i].group, threads);
	link_close(&link);
	printf("done descriptors=%d\n", open_descriptors() - before);
	return 0;
}
