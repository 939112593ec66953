/* SPDX-License-Identifier: MIT */
/* The same (test_threads.c) for calls that read. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "flow.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static int fd;
static volatile int inside;

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

static int half_a_pair(int *other)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		say("no pair");
	*other = ends[1];
	return ends[0];
}

static ssize_t by_read(void *bytes, size_t len)
{
	return read(fd, bytes, len);
}

static ssize_t by_readv(void *bytes, size_t len)
{
	struct iovec piece = {bytes, len};
	return readv(fd, &piece, 1);
}

static ssize_t by_recv(void *bytes, size_t len)
{
	return recv(fd, bytes, len, 0);
}

static ssize_t by_recvfrom(void *bytes, size_t len)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	return recvfrom(fd, bytes, len, 0, (struct sockaddr *)&from, &from_len);
}

static ssize_t by_recvmsg(void *bytes, size_t len)
{
	struct iovec piece = {bytes, len};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	return recvmsg(fd, &message, 0);
}

static ssize_t by_recv_of_all(void *bytes, size_t len)
{
	return recv(fd, bytes, len < 40 ? len : 40, MSG_WAITALL);
}

static ssize_t by_poll(void *bytes, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	(void)bytes;
	(void)len;
	return poll(&p, 1, 3000);
}

static const struct reader {
	const char *name;
	ssize_t (*make)(void *bytes, size_t len);
} readers[] = {
    {"read", by_read},	     {"readv", by_readv},     {"recv", by_recv}, {"recvfrom", by_recvfrom},
    {"recvmsg", by_recvmsg}, {"all", by_recv_of_all}, {"poll", by_poll},
};

enum { READERS = sizeof(readers) / sizeof(readers[0]) };

static const struct reader *reader_named(const char *name)
{
	const struct reader *reader = readers;
	while (strncmp(reader->name, name, strlen(reader->name)) ||
	       name[strlen(reader->name)] != ' ')
		reader++;
	return reader;
}

static void *read_one(void *arg)
{
	char bytes[200] = "";
	const struct reader *reader = arg;
	inside = 1;
	ssize_t got = reader->make(bytes, sizeof(bytes) - 1);
	if (reader->make == by_poll)
		say("%zd ready", got);
	else if (got < 0)
		say("%s", error_name(errno));
	else
		say("%zd: %.*s", got, got > 2 ? 2 : 0, bytes + got - 2);
	return NULL;
}

/*
 * arg: "CALL HOW". A thread waits for the answer to a request; then the number is another
 * connection's, which has something to read.
 */
PROGRAM(number_of_a_reader_is_taken)
{
	pthread_t thread;
	const char *how = strchr(program.arg, ' ') + 1;
	int other = -1, kept = -1;
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!strcmp(how, "alias"))
		kept = dup(fd);
	ask(fd, "GET", "/2", NULL);
	inside = 0;
	pthread_create(&thread, NULL, read_one, (void *)reader_named(program.arg));
	while (!inside)
		rest(1);
	rest(80);
	int there = half_a_pair(&other), was = fd;
	if (write(other, "OTHER", 5) != 5)
		say("no pair");
	if (!strcmp(how, "dup2")) {
		dup2(there, was);
	} else {
		close(was);
		if (dup(there) != was)
			say("another number");
	}
	pthread_join(thread, NULL);
	char bytes[8] = "";
	say("%zd of the other's", read(was, bytes, sizeof(bytes)));
	close(kept);
}

/* The answer comes once the number has been taken: bare the call has it. */
static void answer_late(struct peer *peer)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_say(conn, ok);
	peer_read_until(peer, conn, "\r\n\r\n");
	rest(250);
	peer_say(conn, ok);
	peer_read_all(peer, conn);
	peer_close(conn);
}

static long late_ms;

/* The same on the connection that has taken the place of the first one. */
static void reset_and_answer_late(struct peer *peer)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_say(conn, ok);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_reset(conn);
	conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	rest(late_ms);
	peer_say(conn, ok);
	if (!peer_read_until(peer, conn, "\r\n\r\n"))
		peer_say(conn, ok);
	peer_read_all(peer, conn);
	peer_close(conn);
}

/* Whichever call reads, once its number is taken so. */
static void expect_readers(peer_function *peer, const char *how, int count, const char *printed)
{
	static const char polled[] = "200\n1 ready\n5 of the other's\n";
	char arg[30];
	struct flow flow = {.program = "number_of_a_reader_is_taken",
			    .peer = peer,
			    .policy = "retry = { backoff = { base_ms = 250; max_ms = 250; "
				      "jitter = \"none\"; }; };",
			    .arg = arg};
	for (int i = 0; i < count; i++) {
		bool polls = readers[i].make == by_poll;
		snprintf(arg, sizeof(arg), "%s %s", readers[i].name, how);
		if (peer == answer_late)
			flow_bare(&flow);
		if (peer == answer_late)
			expect_printed(&flow, polls ? polled : printed);
		flow_redial(&flow);
		if (!expect_printed(&flow, polls ? "200\n1 ready\n5 of the other's\n" : printed))
			printf(" %s", arg);
	}
	flow_end(&flow);
}

static void reader_gets_its_own_answer_whatever_takes_its_number(void)
{
	static const char printed[] = "200\n40: hi\n5 of the other's\n";
	expect_readers(answer_late, "close", READERS, printed);
	expect_readers(answer_late, "dup2", READERS, printed);
	late_ms = 200;
	expect_readers(reset_and_answer_late, "close", READERS - 1, printed);
	expect_readers(reset_and_answer_late, "dup2", READERS - 1, printed);
	expect_readers(reset_and_answer_late, "alias", READERS - 1, printed);
	late_ms = 800; /* long enough for a thread to look again whether it is cancelled */
	expect_readers(reset_and_answer_late, "close", 1, printed);
	expect_readers(reset_and_answer_late, "alias", 1, printed);
}

/* The new connection is not to be had: that one is dead is told when its number is taken. */
static void reset_and_shut_out(struct peer *peer)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(conn, ok);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_reset(conn);
}

/* Nor is it to be had at once: the reader is in the middle of a rescue when its number goes. */
static void reset_and_come_back(struct peer *peer)
{
	int conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_refuse(peer);
	peer_say(conn, ok);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_reset(conn);
	rest(150);
	peer_listen(peer);
	conn = peer_accept(peer);
	peer_read_until(peer, conn, "\r\n\r\n");
	peer_say(conn, ok);
	peer_close(conn);
}

static void rescue_goes_on_as_long_as_the_connection_has_a_number(void)
{
	expect_readers(reset_and_come_back, "alias", READERS - 1,
		       "200\n40: hi\n5 of the other's\n");
}

static void reader_in_a_rescue_gets_its_error_when_its_number_is_taken(void)
{
	static const char printed[] = "200\nECONNRESET\n5 of the other's\n";
	expect_readers(reset_and_shut_out, "close", READERS - 1, printed);
	expect_readers(reset_and_shut_out, "dup2", READERS - 1, printed);
}

static void *read_for_long(void *arg)
{
	char byte;
	(void)arg;
	inside = 1;
	recv(fd, &byte, 1, MSG_PEEK);
	return NULL;
}

/* The rescue is over, and the thread waits for the answer. */
PROGRAM(cancelled_behind_a_rescue)
{
	pthread_t thread;
	void *end;
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int before = descriptors();
	ask(fd, "GET", "/2", NULL);
	pthread_create(&thread, NULL, read_for_long, NULL);
	rest(300);
	pthread_cancel(thread);
	pthread_join(thread, &end);
	say(end == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
	say("%d descriptors more", descriptors() - before);
	answer(fd);
	hang_up(fd);
}

static void cancelled_reader_leaves_no_descriptor_behind(void)
{
	late_ms = 1000;
	struct flow flow = {.program = "cancelled_behind_a_rescue", .peer = reset_and_answer_late};
	flow_redial(&flow);
	expect_printed(&flow, "200\ncancelled\n0 descriptors more\n200\n");
	flow_end(&flow);
}

static void *answer_in_a_thread(void *arg)
{
	(void)arg;
	answer(fd);
	return NULL;
}

/* What the thread works with is at one of these numbers, where the program wants files. */
PROGRAM(takes_the_numbers_of_redial)
{
	enum { WANTED = 8 };
	pthread_t thread;
	struct stat wanted, there;
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	pthread_create(&thread, NULL, answer_in_a_thread, NULL);
	rest(200);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), good = 0;
	fstat(null, &wanted);
	for (int i = 0; i < WANTED; i++) {
		if (fd + 1 + i != null && dup2(null, fd + 1 + i) < 0)
			say("%s", error_name(errno));
	}
	pthread_join(thread, NULL);
	for (int i = 0; i < WANTED; i++)
		good += !fstat(fd + 1 + i, &there) && there.st_rdev == wanted.st_rdev;
	say("%d of %d", good, WANTED);
	for (int i = 0; i < WANTED; i++)
		good -= !close(fd + 1 + i);
	say("%d left", good);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void program_may_take_any_number_that_is_not_its_own(void)
{
	struct flow flow = {.program = "takes_the_numbers_of_redial",
			    .peer = reset_and_answer_late};
	late_ms = 500;
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n8 of 8\n0 left\n200\n");
	flow_end(&flow);
}

const struct runner_test threads_read_tests[] = {
    T(reader_gets_its_own_answer_whatever_takes_its_number),
    T(rescue_goes_on_as_long_as_the_connection_has_a_number),
    T(reader_in_a_rescue_gets_its_error_when_its_number_is_taken),
    T(cancelled_reader_leaves_no_descriptor_behind),
    T(program_may_take_any_number_that_is_not_its_own),
    T_END,
};
