/* SPDX-License-Identifier: MIT */
/* Two threads at one connection: what one of them does comes between another and the kernel. */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static int fd, reader;

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

/* Until that thread is inside of a call that waits (proc(5)). */
static void await_sleep(const int *thread)
{
	char path[64], state = '-';
	for (int i = 0; i < 5000 && state != 'S'; i++) {
		rest(1);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 __atomic_load_n(thread, __ATOMIC_ACQUIRE));
		FILE *stat = fopen(path, "r");
		if (!stat)
			continue;
		if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
			state = '-';
		fclose(stat);
	}
}

static void *read_once(void *arg)
{
	char *heard = arg;
	__atomic_store_n(&reader, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	ssize_t got = recv(fd, heard, 199, 0);
	heard[got > 0 ? got : 0] = '\0';
	return NULL;
}

/* arg: "more" reads another answer behind what the other thread has heard. */
PROGRAM(post_while_another_thread_reads)
{
	pthread_t thread;
	char heard[200];
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	pthread_create(&thread, NULL, read_once, heard);
	await_sleep(&reader);
	rest(60);
	if (ask(fd, "POST", "/2", "order=7"))
		say("written");
	pthread_join(thread, NULL);
	say("%.12s", heard);
	if (!strcmp(program.arg, "more"))
		answer(fd);
	hang_up(fd);
}

/* What it says that nobody has asked for, it says while it is being replaced. */
static int speak_out_of_turn(struct peer *peer, const char *what)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(conn, ok);
	peer_await_knock(peer);
	peer_say(conn, what);
	return conn;
}

static void speak_and_serve(struct peer *peer)
{
	int conn = speak_out_of_turn(peer, ok);
	if (!peer_read_until(peer, conn, "order=7"))
		peer_say(conn, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
	peer_read_all(peer, conn);
	peer_close(conn);
}

static void say_408_and_go(struct peer *peer)
{
	static const char late[] = "HTTP/1.1 408 Request Timeout\r\n"
				   "Content-Length: 0\r\nConnection: close\r\n\r\n";
	peer_close(speak_out_of_turn(peer, late));
}

/* The other thread has them: the POST is written behind them, as bare, and nowhere else. */
static void bytes_of_a_connection_that_is_being_replaced_answer_nothing(void)
{
	struct flow flow = {.program = "post_while_another_thread_reads",
			    .arg = "more",
			    .peer = speak_and_serve,
			    .policy = "retry = { max_idle_ms = 30; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\nwritten\nHTTP/1.1 200\n201\n");
	CU_ASSERT_EQUAL(flow.seen.connections, 1);
	expect_logged(&flow, 1, "result=kept", NULL);
	flow.arg = "";
	flow.peer = say_408_and_go;
	flow_redial(&flow);
	expect_printed(&flow, "200\nwritten\nHTTP/1.1 408\n");
	flow_end(&flow);
}

static void *post(void *arg)
{
	(void)arg;
	ask(fd, "POST", "/2", "order=7");
	return NULL;
}

PROGRAM(get_that_overtakes_a_post)
{
	pthread_t thread;
	typedef bool function(void);
	function *post_is_inside = (function *)dlsym(RTLD_DEFAULT, "post_is_inside");
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	pthread_create(&thread, NULL, post, NULL);
	while (!post_is_inside())
		rest(1);
	ask(fd, "GET", "/3", NULL);
	pthread_join(thread, NULL);
	answer(fd);
	answer(fd);
	hang_up(fd);
}

/* The GET comes first, and is answered; the POST behind it is lost. */
static void answer_the_first(struct peer *peer)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_say(conn, ok);
	peer_read_until(peer, conn, "GET /3 ");
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_read_until(peer, conn, "order=7");
	peer_say(conn, ok);
	peer_reset(conn);
	conn = peer_accept(peer);
	if (conn < 0 || peer_read_until(peer, conn, "\r\n\r\n"))
		return;
	peer_say(conn, ok);
	peer_close(conn);
}

/* Who is told that the POST was answered, and is then answered the GET again, has lost an order. */
static void requests_that_two_threads_write_at_once_are_in_no_known_order(void)
{
	struct flow flow = {.program = "get_that_overtakes_a_post",
			    .peer = answer_the_first,
			    .behind = "tests/behind/held_post.so"};
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\nECONNRESET\n");
	expect_logged(&flow, 0, "event=attempt", NULL);
	flow_end(&flow);
}

/* Until there is no room for more to come (the last of it waits for delayed acknowledgements). */
static void await_standstill(int conn)
{
	for (int before = -1, unread = 0; before != unread; rest(150)) {
		before = unread;
		ioctl(conn, FIONREAD, &unread);
	}
}

enum { FIRST_HALF = 7000, BODY_LEN = 15000, SMALL = 2048 };

static void *get_behind_an_upload(void *arg)
{
	ask(fd, "GET", "/4", NULL);
	return arg;
}

/*
 * A rescue has sent the first of two requests; the rest, which the peer does not read, is before
 * what a thread writes now. Another one reads.
 */
PROGRAM(get_behind_an_upload_that_waits_for_room)
{
	static char bytes[BODY_LEN];
	pthread_t thread;
	char text[200];
	int small = SMALL;
	fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "PUT", "/2", "");
	int len = snprintf(text, sizeof(text),
			   "PUT /3 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_LEN);
	put(fd, text, (size_t)len);
	memset(bytes, 'b', BODY_LEN);
	put(fd, bytes, FIRST_HALF);
	await_death(fd);
	put(fd, bytes, BODY_LEN - FIRST_HALF);
	pthread_create(&thread, NULL, get_behind_an_upload, NULL);
	for (int i = 0; i < 3; i++)
		answer(fd);
	pthread_join(thread, NULL);
	hang_up(fd);
}

/* The second connection ends its own direction, and reads no more: there will be no room on it. */
static void read_no_more_on_the_second(struct peer *peer)
{
	int small = SMALL, first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, ok);
	peer_read_until(peer, first, "/3 HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\n");
	peer_read_count(peer, first, FIRST_HALF);
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	peer_reset(first);
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	await_standstill(second);
	shutdown(second, SHUT_WR);
	int third = peer_accept(peer);
	peer_read_until(peer, third, "\r\n\r\n");
	peer_say(third, ok);
	peer_read_until(peer, third, "/3 HTTP/1.1\r\nHost: x\r\nContent-Length: 15000\r\n\r\n");
	peer_read_count(peer, third, BODY_LEN);
	peer_say(third, ok);
	peer_read_until(peer, third, "/4 HTTP/1.1");
	peer_say(third, ok);
	peer_read_all(peer, third);
	peer_close(second);
	peer_close(third);
}

/* Its poll stays with the socket that has lost the number meanwhile. */
static void write_that_waits_for_room_goes_on_when_another_thread_redials(void)
{
	struct flow flow = {.program = "get_behind_an_upload_that_waits_for_room",
			    .peer = read_no_more_on_the_second,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; max_attempts = 5; "
				      "on = [\"reset\", \"eof\", \"first-use\"]; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n200\n200\n");
	runner_expect_long("connections", 3, flow.seen.connections);
	flow_end(&flow);
}

const struct runner_test crossing_tests[] = {
    T(bytes_of_a_connection_that_is_being_replaced_answer_nothing),
    T(requests_that_two_threads_write_at_once_are_in_no_known_order),
    T(write_that_waits_for_room_goes_on_when_another_thread_redials),
    T_END,
};
