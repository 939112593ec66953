/* SPDX-License-Identifier: MIT */
/*
 * One thread is inside a call on a connection while another closes its number and has something
 * else there: what the call works on is what it began with.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"
#include "sending.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* A call that is woken has taken a part of a large chunk, and nothing of a small one. */
enum { ROUNDS = 8, LARGE = 60000, SMALL = 64 };

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

static int fd;
static volatile int inside, over;

/* What takes the number. */
static int a_file(void)
{
	return memfd_create("file", MFD_CLOEXEC);
}

static int half_a_pair(int *other)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		say("no pair");
	*other = ends[1];
	return ends[0];
}

static long size_of(int file)
{
	struct stat stat;
	return fstat(file, &stat) ? -1 : (long)stat.st_size;
}

/* Has anything of the upload got there? */
static bool is_clean(int there, int other)
{
	char byte;
	return other < 0 ? size_of(there) == 0 : recv(other, &byte, 1, MSG_DONTWAIT) < 0;
}

static const struct call *call;

static void *upload(void *arg)
{
	static char bytes[LARGE];
	const size_t len = *(const size_t *)arg;
	memset(bytes, 'S', len);
	/* It stops at the first call that fails, or takes but a part. */
	do
		inside++;
	while (call->make(fd, bytes, len) == (ssize_t)len && !over);
	inside = -1;
	return NULL;
}

/* Until the thread is seen to get no further. */
static void await_block(void)
{
	for (int before = 0; inside >= 0;) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		rest(10);
		poll(&room, 1, 0);
		if (inside && before == inside && !(room.revents & POLLOUT))
			return;
		before = inside;
	}
}

static void one_upload(size_t chunk, bool by_dup, bool to_socket)
{
	static const char head[] =
	    "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n";
	pthread_t thread;
	int room = 4096, other = -1;
	fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	dial_on(fd);
	if (write(fd, head, sizeof(head) - 1) < 0)
		say("%s", error_name(errno));
	inside = over = 0;
	pthread_create(&thread, NULL, upload, &chunk);
	await_block();
	int there = to_socket ? half_a_pair(&other) : a_file(), was = fd;
	over = 1;
	shutdown(fd, SHUT_RDWR);
	if (by_dup) {
		dup2(there, was);
	} else {
		close(was);
		if (dup(there) != was)
			say("another number");
	}
	pthread_join(thread, NULL);
	if (!is_clean(there, other))
		say("upload by %s went on into what has its number", call->name);
	close(was);
	close(there);
	close(other);
}

/* arg: the call. */
PROGRAM(number_of_an_upload_is_taken)
{
	call = call_named(program.arg);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < ROUNDS; i++)
		one_upload(i & 4 ? LARGE : SMALL, i & 1, i & 2);
	say("done");
}

static void read_nothing(struct peer *peer)
{
	int fds[ROUNDS], count = 0, small = 4096;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	while (count < ROUNDS && (fds[count] = peer_accept(peer)) >= 0)
		count++;
	while (count--)
		peer_close(fds[count]);
}

static void upload_never_goes_on_into_what_takes_its_number(void)
{
	char arg[20];
	struct flow flow = {
	    .program = "number_of_an_upload_is_taken", .peer = read_nothing, .arg = arg};
	for (int i = 0; i < CALLS; i++) {
		snprintf(arg, sizeof(arg), "%s ", calls[i].name);
		flow_redial(&flow);
		if (!expect_printed(&flow, "done\n"))
			printf(" %s", arg);
	}
	flow_end(&flow);
}

/* arg: the call. It waits for a redial that hangs when its number is taken. */
PROGRAM(number_of_a_redial_is_taken)
{
	static const char head[] =
	    "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n";
	pthread_t thread;
	size_t chunk = LARGE;
	int other;
	call = call_named(program.arg);
	signal(SIGPIPE, SIG_IGN);
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	put(fd, head, sizeof(head) - 1);
	fcntl(fd, F_SETFL, 0);
	inside = over = 0;
	pthread_create(&thread, NULL, upload, &chunk);
	while (!inside)
		rest(1);
	rest(50);
	int there = half_a_pair(&other), was = fd;
	over = 1;
	close(was);
	if (dup(there) != was)
		say("another number");
	pthread_join(thread, NULL);
	say(is_clean(there, other) ? "clean" : "not clean");
}

static void close_and_shut_out(struct peer *peer)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(conn, ok);
	peer_close(conn);
}

static void write_that_waits_for_a_redial_ends_when_its_number_is_taken(void)
{
	char arg[20];
	struct flow flow = {.program = "number_of_a_redial_is_taken",
			    .peer = close_and_shut_out,
			    .policy = "retry = { connect_timeout_ms = 3000; };",
			    .arg = arg};
	for (int i = 0; i < CALLS; i++) {
		snprintf(arg, sizeof(arg), "%s ", calls[i].name);
		flow_redial(&flow);
		if (!expect_printed(&flow, "200\nclean\n"))
			printf(" %s", arg);
		expect_within(&flow, 2000);
	}
	flow_end(&flow);
}

static void *connect_it(void *arg)
{
	struct sockaddr_in peer = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	(void)arg;
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	inside = 1;
	int result = connect(fd, (struct sockaddr *)&peer, sizeof(peer));
	say("%s", error_name(result ? errno : 0));
	return NULL;
}

/* A connect hangs, and is to be tried again; meanwhile its number is another socket's. */
PROGRAM(number_of_a_connect_is_taken)
{
	pthread_t thread;
	struct timeval limit;
	socklen_t len = sizeof(limit);
	struct sockaddr_in where = {.sin_family = AF_INET};
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t where_len = sizeof(where);
	listen(listener, 8);
	getsockname(listener, (struct sockaddr *)&where, &where_len);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	inside = 0;
	pthread_create(&thread, NULL, connect_it, NULL);
	while (!inside)
		rest(1);
	rest(100);
	int was = fd;
	close(was);
	int there = socket(AF_INET, SOCK_STREAM, 0);
	if (there != was)
		say("another number");
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(there, (struct sockaddr *)&where, sizeof(where)))
		say("%s", error_name(errno));
	int other = accept(listener, NULL, NULL);
	pthread_join(thread, NULL);
	getsockopt(there, SOL_SOCKET, SO_SNDTIMEO, &limit, &len);
	say("limit %ld", (long)limit.tv_sec * 1000000 + (long)limit.tv_usec);
	char byte = 0;
	if (write(there, "x", 1) != 1 || read(other, &byte, 1) != 1)
		say("%s", error_name(errno));
	say("%c", byte);
}

static void serve_nobody(struct peer *peer)
{
	(void)peer;
}

static void connect_that_is_tried_again_leaves_what_has_its_number_alone(void)
{
	struct flow flow = {.program = "number_of_a_connect_is_taken",
			    .before = peer_shut_out,
			    .peer = serve_nobody,
			    .policy = "retry = { on = [\"connect-timeout\"]; connect_timeout_ms = "
				      "300; max_attempts = 2; backoff = { base_ms = 10; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "ETIMEDOUT\nlimit 0\nx\n");
	flow_end(&flow);
}

static volatile int rounds_done;

/* Makes one number of the other, again and again. */
static void *cross(void *arg)
{
	int *numbers = arg;
	for (int i = 0; i < 3000; i++) {
		dup2(numbers[0], numbers[1]);
		int sock = socket(AF_INET, SOCK_STREAM, 0);
		dup2(sock, numbers[0]);
		close(sock);
	}
	rounds_done++;
	return NULL;
}

PROGRAM(numbers_made_crosswise)
{
	pthread_t threads[2];
	int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0);
	int numbers[2][2] = {{a, b}, {b, a}};
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, cross, numbers[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	close(a);
	close(b);
	say("%d, %d descriptors", rounds_done, descriptors());
}

static void threads_that_make_numbers_crosswise_do_not_wait_for_each_other(void)
{
	struct flow flow = {.program = "numbers_made_crosswise"};
	flow_both_alike(&flow);
	expect_within(&flow, 900);
	flow_end(&flow);
}

const struct runner_test threads_tests[] = {
    T(upload_never_goes_on_into_what_takes_its_number),
    T(write_that_waits_for_a_redial_ends_when_its_number_is_taken),
    T(connect_that_is_tried_again_leaves_what_has_its_number_alone),
    T(threads_that_make_numbers_crosswise_do_not_wait_for_each_other),
    T_END,
};
