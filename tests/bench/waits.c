/* SPDX-License-Identifier: MIT */
/*
 * waits PORT THREADS EXCHANGES: so many exchanges on each of so many threads, which have a
 * connection each, poll for every answer with an array on their own stack, and map and unmap a page
 * at every tenth, as allocators do. For strace.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>

#include "bench.h"

enum { THREADS_MAX = 100 };

static struct message request;
static struct sockaddr_in addr;
static int count, start[2];

static void await(int fd)
{
	struct pollfd slot = {.fd = fd, .events = POLLIN};

	if (poll(&slot, 1, 10000) != 1)
		die("poll");
}

static void map_a_while(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || munmap(at, 4096))
		die("mmap");
}

static void *exchanges(void *arg)
{
	char answer[4096];
	int fd = dial(&addr);

	if (read(start[0], answer, 1) != 1)
		die("read");
	for (int i = 0; i < count; i++) {
		size_t got = 0;

		if (send(fd, request.text, request.len, MSG_NOSIGNAL) != (ssize_t)request.len)
			die("send");
		while (got < ANSWER_LEN) {
			await(fd);
			ssize_t n = recv(fd, answer, sizeof(answer), 0);

			if (n <= 0)
				die("recv");
			got += (size_t)n;
		}
		if (i % 10 == 0)
			map_a_while();
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	int thread_count = argc == 4 ? atoi(argv[2]) : 0;

	if (thread_count < 1 || thread_count > THREADS_MAX || pipe(start))
		return 2;
	addr = loopback(argv[1]);
	request = make_request("GET", PATH_200);
	count = atoi(argv[3]);
	for (int i = 0; i < thread_count; i++) {
		if (pthread_create(&threads[i], NULL, exchanges, NULL))
			die("pthread");
	}
	if (write(start[1], threads, (size_t)thread_count) != thread_count)
		die("write");
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
