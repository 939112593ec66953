/* SPDX-License-Identifier: MIT */
/* Programs that read once when a wait tells of something, and take EAGAIN for the end. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

enum { LIMIT_MS = 5000 };

/* What select has told of, and how much of its time it left. */
struct told {
	int count;
	fd_set in;
	struct timeval left;
};

/* program.arg names the call. Two descriptors: one never has anything. */
static void wait_for(struct told *told, int fd, int silent, long limit_ms)
{
	struct timespec limit = {limit_ms / 1000, limit_ms % 1000 * 1000000};

	FD_ZERO(&told->in);
	FD_SET(fd, &told->in);
	FD_SET(silent, &told->in);
	told->left = (struct timeval){limit_ms / 1000, limit_ms % 1000 * 1000};
	int len = (fd > silent ? fd : silent) + 1;
	told->count = strcmp(program.arg, "pselect")
			  ? select(len, &told->in, NULL, NULL, &told->left)
			  : pselect(len, &told->in, NULL, NULL, &limit, NULL);
}

static void read_once(int fd, int silent)
{
	struct told told;
	char text[4096];

	wait_for(&told, fd, silent, LIMIT_MS);
	if (told.count != 1 || !FD_ISSET(fd, &told.in) || FD_ISSET(silent, &told.in))
		say("%d", told.count);
	ssize_t got = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
}

PROGRAM(selects_and_reads_once)
{
	int ends[2];

	program.way = WAY_POLL;
	if (pipe(ends))
		return;
	int fd = dial();
	for (int i = 1; i <= 3; i++) {
		ask(fd, "GET", i == 2 ? "/2" : "/other", NULL);
		read_once(fd, ends[0]);
	}
	hang_up(fd);
}

static void select_tells_of_the_answer_that_a_rescue_brings(void)
{
	static const char *const args[] = {"select", "pselect"};
	static const char *const faults[] = {"reset@1.2", "close@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "selects_and_reads_once"};

	for (int i = 0; i < 6; i++) {
		flow.arg = args[i % 2];
		flow.faults[0] = faults[i / 2];
		flow_redial(&flow);
		expect_printed(&flow, "answered\nanswered\nanswered\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

static void select_tells_of_what_cannot_be_mended(void)
{
	struct flow flow = {.program = "selects_and_reads_once", .faults = {"reset@1.1"}};

	flow.arg = "select";
	flow_both_alike(&flow);
	expect_logged(&flow, 1, "reason=first-use", NULL);
	flow_end(&flow);
}

/* Long enough an answer to see that its time goes by, and too short a time for the next. */
PROGRAM(selects_in_its_time)
{
	struct told told;
	int ends[2];

	program.way = WAY_POLL;
	if (pipe(ends))
		return;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/late", NULL);
	wait_for(&told, fd, ends[0], LIMIT_MS);
	long left_ms = (long)told.left.tv_sec * 1000 + told.left.tv_usec / 1000;
	say("%d, %s", told.count,
	    left_ms > LIMIT_MS - 2000 && left_ms < LIMIT_MS - 90 ? "in time" : "?");
	answer(fd);
	ask(fd, "GET", "/late", NULL);
	wait_for(&told, fd, ends[0], 20);
	say("%d, %d in, %ld left", told.count, FD_ISSET(fd, &told.in),
	    (long)(told.left.tv_sec + told.left.tv_usec));
	close(ends[0]);
	FD_SET(ends[0], &told.in);
	FD_SET(fd, &told.in);
	int count = select(FD_SETSIZE, &told.in, NULL, NULL, NULL);
	say("%s", count < 0 ? error_name(errno) : "good");
	hang_up(fd);
}

static void select_keeps_to_its_time(void)
{
	struct flow flow = {.program = "selects_in_its_time", .arg = "select"};

	flow.faults[0] = "delay=100@path:/late";
	flow_both_alike(&flow);
	expect_printed(&flow, "200 /1\n1, in time\n200 /late\n0, 0 in, 0 left\nEBADF\n");
	flow_end(&flow);
}

/* program.arg names the call. */
static int wait_alone(int fd)
{
	struct pollfd slot = {.fd = fd, .events = POLLIN};
	struct timespec limit = {LIMIT_MS / 1000, 0};
	struct timeval left = {LIMIT_MS / 1000, 0};
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	if (!strcmp(program.arg, "poll"))
		return poll(&slot, 1, LIMIT_MS);
	if (!strcmp(program.arg, "ppoll"))
		return ppoll(&slot, 1, &limit, NULL);
	return strcmp(program.arg, "select") ? pselect(fd + 1, &in, NULL, NULL, &limit, NULL)
					     : select(fd + 1, &in, NULL, NULL, &left);
}

static void get_by_one_read(int fd, const char *path)
{
	char text[4096];

	ask(fd, "GET", path, NULL);
	if (wait_alone(fd) != 1)
		say("nothing to read");
	ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[got > 0 ? got : 0] = 0;
	text[strcspn(text, "\r")] = 0;
	say("%s", got > 0 ? text : error_name(got ? errno : 0));
}

PROGRAM(waits_alone_and_reads_once)
{
	int fd = dial();
	for (int i = 1; i <= 3; i++)
		get_by_one_read(fd, i == 2 ? "/2" : "/other");
	hang_up(fd);
}

/* What is held back is found by the read alone, behind a wait that has told of it. */
static void peeping_read_gets_the_answer_that_its_wait_for_it_alone_has_told_of(void)
{
	static const char *const args[] = {"poll", "ppoll", "select", "pselect"};
	struct flow flow = {.program = "waits_alone_and_reads_once",
			    .policy = "retry = { statuses = [503]; };"};

	for (int i = 0; i < 8; i++) {
		flow.arg = args[i % 4];
		flow.faults[0] = i < 4 ? "status=503@1.2" : "reset@1.2";
		flow_redial(&flow);
		expect_printed(&flow, "HTTP/1.1 200 OK\nHTTP/1.1 200 OK\nHTTP/1.1 200 OK\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

/* Until the peer has closed it; without a poll, which would be the latest one. */
static void await_close(int fd)
{
	struct tcp_info info = {.tcpi_state = TCP_ESTABLISHED};
	socklen_t len = sizeof(info);

	for (int i = 0; i < LIMIT_MS && info.tcpi_state == TCP_ESTABLISHED; i++) {
		usleep(1000);
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	}
}

/* Waits for its first answer by poll, and never again. */
PROGRAM(polls_before_it_writes)
{
	char byte;
	int fd = dial();

	ask(fd, "GET", "/1", NULL);
	poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, LIMIT_MS);
	answer(fd);
	await_close(fd);
	ask(fd, "GET", "/2", NULL);
	for (int i = 0; i < 20; i++) {
		usleep(1000);
		recv(fd, &byte, 1, MSG_DONTWAIT); /* the redial goes on */
	}
	int cue = dial();
	await_close(cue); /* and is reset before that */
	say("%s", recv(fd, &byte, 1, MSG_DONTWAIT) > 0 ? "data" : error_name(errno));
	hang_up(cue);
	hang_up(fd);
}

static void reset_on_cue(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	peer_close(first);
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	int cue = peer_accept(peer);
	peer_reset(second);
	peer_close(cue);
	int third = peer_accept(peer);
	peer_read_until(peer, third, "\r\n\r\n");
	peer_say(third, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	peer_read_all(peer, third);
	peer_close(third);
}

/* Also where the request was written on a connection that was found dead. */
static void peeping_read_is_kept_by_no_wait_from_before_its_request(void)
{
	struct flow flow = {.program = "polls_before_it_writes",
			    .peer = reset_on_cue,
			    .policy = "retry = { on = [\"stale\", \"reset\", \"first-use\"]; "
				      "backoff = { base_ms = 100; max_ms = 100; "
				      "jitter = \"none\"; }; };"};

	flow_redial(&flow);
	expect_printed(&flow, "200\nEAGAIN\n");
	expect_logged(&flow, 1, "attempt=3", "cause=reset");
	flow_end(&flow);
}

const struct runner_test select_answer_tests[] = {
    T(select_tells_of_the_answer_that_a_rescue_brings),
    T(select_tells_of_what_cannot_be_mended),
    T(select_keeps_to_its_time),
    T(peeping_read_gets_the_answer_that_its_wait_for_it_alone_has_told_of),
    T(peeping_read_is_kept_by_no_wait_from_before_its_request),
    T_END,
};
