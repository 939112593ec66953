/* SPDX-License-Identifier: MIT */
/* Sockets whose closing waits (SO_LINGER): not with a connection locked that others wait for. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

enum { LARGE = 60000 };

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

static volatile int inside, over;

/* Reads nothing on the second connection, and closes it at the fourth request on the first. */
static void leave_the_second(struct peer *peer)
{
	int small = 4096;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	int one = peer_accept(peer);
	int two = peer_accept(peer);
	for (int i = 1; !peer_read_until(peer, one, "\r\n\r\n"); i++) {
		if (i == 4)
			peer_close(two);
		peer_say(one, ok);
	}
	peer_close(one);
}

static void *copy_over(void *arg)
{
	int *numbers = arg;
	inside = 1;
	dup2(numbers[0], numbers[1]);
	over = 1;
	return NULL;
}

/* The kernel waits in dup2 until the connection that it closes there has sent all, or is no more.
 */
PROGRAM(dup2_over_what_lingers)
{
	static char bytes[100000];
	struct linger half_a_minute = {1, 30};
	pthread_t thread;
	int small = 4096;
	int numbers[2] = {dial(), dial_socket()};
	setsockopt(numbers[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(numbers[1]);
	setsockopt(numbers[1], SOL_SOCKET, SO_LINGER, &half_a_minute, sizeof(half_a_minute));
	while (send(numbers[1], bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	inside = over = 0;
	pthread_create(&thread, NULL, copy_over, numbers);
	while (!inside)
		rest(1);
	rest(50);
	for (int i = 0; i < 3; i++)
		exchange(numbers[0], "GET", "/1", NULL);
	say(over ? "afterwards" : "meanwhile");
	exchange(numbers[0], "GET", "/1", NULL);
	pthread_join(thread, NULL);
	exchange(numbers[1], "GET", "/2", NULL);
	close(numbers[0]);
	close(numbers[1]);
}

static void calls_go_on_while_something_lingers_that_dup2_closes(void)
{
	struct flow flow = {.program = "dup2_over_what_lingers", .peer = leave_the_second};
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n200\nmeanwhile\n200\n200\n");
	flow_end(&flow);
}

/* The first connection has more to send than is ever read of it. */
static void leave_the_first(struct peer *peer)
{
	int small = 4096;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	int one = peer_accept(peer);
	peer_read_until(peer, one, "\r\n\r\n");
	peer_say(one, ok);
	peer_read_until(peer, one, "\r\n\r\n");
	shutdown(one, SHUT_WR);
	int two = peer_accept(peer);
	peer_read_until(peer, two, "\r\n\r\n");
	peer_read_count(peer, two, LARGE);
	peer_say(two, ok);
	peer_read_all(peer, two);
	peer_close(two);
	peer_close(one);
}

PROGRAM(replaced_while_it_lingers)
{
	static char request[LARGE + 100];
	struct linger three_seconds = {1, 3};
	int fd = dial();
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &three_seconds, sizeof(three_seconds));
	exchange(fd, "GET", "/1", NULL);
	int len = snprintf(request, sizeof(request),
			   "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", LARGE);
	put(fd, request, (size_t)len + LARGE);
	long began = now_ms();
	answer(fd);
	say(now_ms() - began < 1500 ? "in time" : "late");
	struct linger now;
	socklen_t now_len = sizeof(now);
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &now, &now_len);
	say("%d, %d", now.l_onoff, now.l_linger);
	close(fd);
}

static void connection_that_lingers_keeps_no_rescue_waiting(void)
{
	struct flow flow = {.program = "replaced_while_it_lingers",
			    .peer = leave_the_first,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\nin time\n1, 3\n");
	flow_end(&flow);
}

const struct runner_test linger_tests[] = {
    T(calls_go_on_while_something_lingers_that_dup2_closes),
    T(connection_that_lingers_keeps_no_rescue_waiting),
    T_END,
};
