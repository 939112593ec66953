/* SPDX-License-Identifier: MIT */
/* Children made by one thread while others are in the middle of rescues. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

enum { THREADS = 4, DURATION_MS = 1500, CHILDREN_MIN = 20 };

#define ON_AND_ON                                                                                  \
	"retry = { statuses = [503]; max_attempts = 6; "                                           \
	"backoff = { base_ms = 3; max_ms = 3; jitter = \"none\"; }; };\n"                          \
	"budget = { enabled = false; };\nbreaker = { enabled = false; };\n"

/* A thread's connection: its number, and how many it has had; 0 in between. */
static struct {
	atomic_int fd;
	atomic_uint turn;
} held[THREADS];

static atomic_bool over;
static atomic_int answered;

static void *use_connections(void *at)
{
	int self = (int)(intptr_t)at;
	for (unsigned turn = 1; !over; turn++) {
		int fd = dial();
		atomic_store(&held[self].fd, fd);
		atomic_store(&held[self].turn, turn);
		for (int i = 0; i < 4 && ask(fd, "GET", "/x", NULL); i++) {
			char text[1024];
			if (get(fd, text, sizeof(text)) <= 0)
				break;
			answered += !strncmp(text, "HTTP/1.1 200", 12);
		}
		atomic_store(&held[self].turn, 0);
		close(fd);
	}
	return NULL;
}

struct picture {
	int fd;
	unsigned turn;
};

static void look(struct picture picture[THREADS])
{
	for (int i = 0; i < THREADS; i++) {
		picture[i].turn = atomic_load(&held[i].turn);
		picture[i].fd = atomic_load(&held[i].fd);
	}
}

/* By system calls alone. How many of the connections that last are none? */
static int count_strangers(const struct picture seen[THREADS])
{
	int strangers = 0;
	for (int i = 0; i < THREADS; i++) {
		char path[40], text[40] = "";
		if (!seen[i].turn || atomic_load(&held[i].turn) != seen[i].turn)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", seen[i].fd);
		if (syscall(SYS_readlinkat, AT_FDCWD, path, text, sizeof(text) - 1) > 0)
			strangers += strncmp(text, "socket:", 7) != 0;
	}
	return strangers;
}

static int strangers_in_child(pid_t call(void))
{
	struct picture seen[THREADS];
	int status = -1;
	look(seen);
	pid_t child = call();
	if (child == 0)
		_exit(count_strangers(seen));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/* vfork has to be called by the function that goes on in the child. */
static int strangers_in_vfork_child(void)
{
	struct picture seen[THREADS];
	int status = -1;
	look(seen);
	pid_t child = vfork();
	if (child == 0)
		_exit(count_strangers(seen));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

PROGRAM(children_among_rescues)
{
	pthread_t threads[THREADS];
	int children = 0, strangers = 0, left = descriptors();
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, use_connections, (void *)i);
	for (long end = now_ms() + DURATION_MS; now_ms() < end; children++)
		strangers += children % 2 ? strangers_in_vfork_child() : strangers_in_child(fork);
	over = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	say("%s children, %d strangers, %s", children > CHILDREN_MIN ? "many" : "few", strangers,
	    answered > CHILDREN_MIN ? "answered" : "not answered");
	say("%d more", descriptors() - left);
}

static void no_child_finds_a_placeholder_whatever_other_threads_do(void)
{
	struct flow flow = {.program = "children_among_rescues",
			    .faults = {"status=503@every:3"},
			    .policy = ON_AND_ON};
	flow_redial(&flow);
	expect_printed(&flow, "many children, 0 strangers, answered\n0 more\n");
	CU_ASSERT(logged(&flow, "result=recovered", NULL) > CHILDREN_MIN);
	flow_end(&flow);
}

const struct runner_test many_children_tests[] = {
    T(no_child_finds_a_placeholder_whatever_other_threads_do), T_END};
