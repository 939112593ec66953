/* SPDX-License-Identifier: MIT */
/*
 * A thread waits in a write, whose bytes are in a rescue's copy, and another one ends the
 * connection: the write is told as done if they went out, and as failed if they did not.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* How the other thread ends it. */
static void by_close(int fd)
{
	close(fd);
}

static void by_dup2(int fd)
{
	dup2(0, fd);
}

static void past_the_hooks(int fd)
{
	syscall(SYS_close, fd);
}

static const struct {
	const char *name;
	void (*make)(int fd);
} ends[] = {{"close", by_close}, {"dup2", by_dup2}, {"raw", past_the_hooks}};

enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

static int fd;
static const char *request;
static volatile int over;

static void *write_it(void *arg)
{
	(void)arg;
	ssize_t taken = write(fd, request, strlen(request));
	say("%s", taken < 0 ? error_name(errno) : "written");
	over = 1;
	return NULL;
}

static bool is_watcher_there(void)
{
	char path[40], file[40] = "";
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, file, sizeof(file) - 1) > 0 && strstr(file, "eventpoll");
}

/* A thread writes the text, and the connection is ended while it waits for a rescue. */
static void write_and_end(const char *text)
{
	pthread_t thread;
	int end = 0, before = descriptors();
	signal(SIGPIPE, SIG_IGN);
	request = text;
	over = 0;
	pthread_create(&thread, NULL, write_it, NULL);
	while (!over && !(is_watcher_there() && descriptors() > before))
		poll(NULL, 0, 1);
	while (strcmp(ends[end].name, program.arg))
		end++;
	ends[end].make(fd);
	pthread_join(thread, NULL);
}

/* Raw, so that no rescue begins in it. */
static void await_reset(void)
{
	struct pollfd ended = {.fd = fd, .events = POLLIN};
	const struct timespec limit = {10, 0};
	syscall(SYS_ppoll, &ended, 1, &limit, NULL, 0);
}

/* arg: the end. A response is held back, and the request that was sent again is lost as well. */
PROGRAM(writes_behind_a_held_response)
{
	char byte;
	const struct timeval limit = {.tv_usec = 100000};
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ask(fd, "GET", "/2", NULL);
	say("%s", recv(fd, &byte, 1, 0) < 0 ? error_name(errno) : "read");
	int other = dial();
	await_reset();
	write_and_end("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
	close(other);
}

static void reset_what_is_sent_again(struct peer *peer)
{
	int old = peer_accept(peer);
	peer_read_until(peer, old, "\r\n\r\n");
	peer_say(old, ok);
	peer_read_until(peer, old, "\r\n\r\n");
	peer_say(old, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	int fresh = peer_accept(peer);
	peer_read_until(peer, fresh, "\r\n\r\n");
	int other = peer_accept(peer);
	peer_shut_out(peer);
	peer_reset(fresh);
	peer_read_all(peer, other);
	peer_close(other);
	peer_close(old);
}

static void every_end(struct flow *flow, const char *printed, int posts)
{
	for (int i = 0; i < ENDS; i++) {
		flow->arg = ends[i].name;
		flow_redial(flow);
		if (!expect_printed(flow, printed))
			printf(" %s", ends[i].name);
		if (posts)
			runner_expect_long("posts", posts, flow->seen.connections);
	}
	flow_end(flow);
}

static void write_whose_bytes_are_lost_behind_a_held_response_has_failed(void)
{
	struct flow flow = {.program = "writes_behind_a_held_response",
			    .peer = reset_what_is_sent_again,
			    .policy = "retry = { statuses = [503]; connect_timeout_ms = 5000; "
				      "max_attempts = 5; backoff = { base_ms = 2; }; };"};
	every_end(&flow, "200\nEAGAIN\nECONNRESET\n", 0);
}

/* arg: the end. The connection is replaced while it is alive, and the new one hangs. */
PROGRAM(writes_on_one_that_is_replaced)
{
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	for (long end = now_ms() + 40; now_ms() < end;)
		poll(NULL, 0, 5);
	write_and_end("POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
}

static void keep_the_first(struct peer *peer)
{
	int old = peer_accept(peer);
	peer_read_until(peer, old, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(old, ok);
	peer->connections = peer_read_until(peer, old, "\r\n\r\nhi") == 0;
	peer_close(old);
}

static void write_whose_bytes_go_out_on_the_old_connection_is_done(void)
{
	struct flow flow = {.program = "writes_on_one_that_is_replaced",
			    .peer = keep_the_first,
			    .policy = "retry = { max_idle_ms = 20; connect_timeout_ms = 5000; };"};
	every_end(&flow, "200\nwritten\n", 1);
}

/* Is there a thread besides this one, and does it wait in a poll of a redial's? */
static bool is_other_asleep(void)
{
	char path[64], text[32] = "";
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");
	bool asleep = false;
	while (tasks && (entry = readdir(tasks))) {
		if (*entry->d_name == '.' || atoi(entry->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/syscall", entry->d_name);
		FILE *file = fopen(path, "r");
		if (file && fgets(text, sizeof(text), file))
			asleep |= atoi(text) == SYS_ppoll;
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
	return asleep;
}

enum { POST_LEN = 100000 };

/* A part of the request before is out on the new connection, and it has been told that all is. */
PROGRAM(writes_behind_what_is_half_out)
{
	static char post[POST_LEN];
	static const char rest[] = "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	const int small = 4096;
	struct timeval limit = {.tv_usec = 200000};
	pthread_t thread;
	int len =
	    snprintf(post, sizeof(post), "GET /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
		     POST_LEN - 60);
	len += POST_LEN - 60;
	fd = dial();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	say("%s", write(fd, post, (size_t)len) == len ? "told" : "not told");
	limit.tv_usec = 0;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	request = rest;
	over = 0;
	pthread_create(&thread, NULL, write_it, NULL);
	while (!over && !is_other_asleep())
		poll(NULL, 0, 1);
	past_the_hooks(fd);
	pthread_join(thread, NULL);
}

static void take_little(struct peer *peer)
{
	const int small = 2048;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

static void read_late(struct peer *peer)
{
	int old = peer_accept(peer);
	peer_read_until(peer, old, "\r\n\r\n");
	peer_say(old, ok);
	peer_reset(old);
	int fresh = peer_accept(peer);
	poll(NULL, 0, 1200);
	peer->connections = peer_read_until(peer, fresh, "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n") == 0;
	peer_close(fresh);
}

static void write_behind_what_was_half_out_is_done_if_both_go_out(void)
{
	struct flow flow = {.program = "writes_behind_what_is_half_out",
			    .before = take_little,
			    .peer = read_late,
			    .policy = "retry = { max_request_bytes = 1000000; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\ntold\nwritten\n");
	runner_expect_long("arrived", 1, flow.seen.connections);
	flow_end(&flow);
}

const struct runner_test ended_meanwhile_tests[] = {
    T(write_whose_bytes_are_lost_behind_a_held_response_has_failed),
    T(write_whose_bytes_go_out_on_the_old_connection_is_done),
    T(write_behind_what_was_half_out_is_done_if_both_go_out),
    T_END,
};
