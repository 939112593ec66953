/* SPDX-License-Identifier: MIT */
/* How long a call may wait is the program's to say, whatever redial has to do meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"
#include "sending.h"

/* A connect that hangs is given up after so long; and so often it is tried. */
#define HANGS(ms, attempts)                                                                        \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"connect-timeout\"]; "                    \
	"max_idle_ms = 20; connect_timeout_ms = " #ms "; max_attempts = " #attempts                \
	"; total_timeout_ms = 10000; backoff = { base_ms = 1; max_ms = 1; jitter = \"none\"; }; "  \
	"};"
#define CONNECTS                                                                                   \
	"retry = { on = [\"connect\", \"connect-timeout\"]; connect_timeout_ms = 300; "            \
	"max_attempts = 10; total_timeout_ms = 10000; "                                            \
	"backoff = { base_ms = 200; max_ms = 200; jitter = \"none\"; }; };"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

enum { LARGE = 100000, SLACK_MS = 250 };

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

static void set_limit(int fd, int name, long us)
{
	struct timeval limit = {us / 1000000, us % 1000000};
	setsockopt(fd, SOL_SOCKET, name, &limit, sizeof(limit));
}

/* What a call that returned n said, and whether it took as long as it may, and no longer. */
static void told(const char *what, ssize_t n, long began, long least, long most)
{
	const char *said = n < 0 ? error_name(errno) : n ? "some" : "EOF";
	long took = now_ms() - began;
	if (took < least || took > most + SLACK_MS)
		say("%s: %s after %ld ms", what, said, took);
	else
		say("%s: %s", what, said);
}

/* After its first answer the connection is dead, or alive, and no other is to be had. */
static void close_and_shut_out(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, ok);
	peer_close(fd);
}

static void stay_and_shut_out(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, ok);
	peer_read_all(peer, fd);
	peer_close(fd);
}

static ssize_t send_at_once(int fd, const void *bytes, size_t len, int flags)
{
	if (flags && !strcmp(program.arg, "sendmsg")) {
		struct iovec piece = {(void *)bytes, len};
		struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
		return sendmsg(fd, &message, flags);
	}
	if (flags && !strcmp(program.arg, "sendmmsg")) {
		struct iovec piece = {(void *)bytes, len};
		struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
		return sendmmsg(fd, &message, 1, flags);
	}
	return flags ? send(fd, bytes, len, flags) : call_named(program.arg)->make(fd, bytes, len);
}

/* arg: a call with a blank behind it, which a non-blocking descriptor keeps from waiting, or one
 * without, which MSG_DONTWAIT does.
 */
PROGRAM(at_once)
{
	static char bytes[LARGE];
	char head[100], byte;
	bool nonblocking = strchr(program.arg, ' ');
	int flags = nonblocking ? 0 : MSG_DONTWAIT | MSG_NOSIGNAL;
	signal(SIGPIPE, SIG_IGN);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	rest(40);
	if (nonblocking)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	int len = snprintf(head, sizeof(head), "POST /2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n",
			   2 * LARGE);
	long longest = 0;
	for (int i = 0; i < 8; i++) {
		long before = now_ms();
		if (i == 0)
			send(fd, head, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
		else if (i % 2)
			send_at_once(fd, bytes, i == 1 ? 100 : LARGE, flags);
		else
			recv(fd, &byte, 1, flags & MSG_DONTWAIT);
		longest = now_ms() - before > longest ? now_ms() - before : longest;
	}
	say(longest <= SLACK_MS ? "at once" : "%ld ms", longest);
}

static void what_must_not_wait_does_not(void)
{
	static const char *const args[] = {"write ",	"writev ", "send ", "sendmsg ", "sendmmsg ",
					   "sendfile ", "splice ", "send",  "sendmsg",	"sendmmsg"};
	struct flow flow = {.program = "at_once", .policy = HANGS(3000, 2)};
	for (size_t i = 0; i < 2 * sizeof(args) / sizeof(args[0]); i++) {
		flow.arg = args[i / 2];
		flow.peer = i % 2 ? close_and_shut_out : stay_and_shut_out;
		flow_redial(&flow);
		if (!expect_printed(&flow, "200\nat once\n"))
			printf(" %s", flow.arg);
	}
	flow_end(&flow);
}

static long reset_after_ms;

static void reset_and_shut_out(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	rest(reset_after_ms);
	peer_reset(fd);
}

/* arg: SO_RCVTIMEO in microseconds. */
PROGRAM(read_with_a_limit)
{
	char byte;
	long limit_us = atol(program.arg);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	set_limit(fd, SO_RCVTIMEO, limit_us);
	ask(fd, "GET", "/2", NULL);
	long began = now_ms();
	told("read", read(fd, &byte, 1), began, limit_us / 1000 - 20, limit_us / 1000);
}

static void receive_timeout_bounds_all_that_a_read_waits_for(void)
{
	static const struct {
		const char *limit_us;
		long reset_after_ms;
	} rows[] = {{"500", 0}, {"600000", 0}, {"600000", 500}};
	struct flow flow = {
	    .program = "read_with_a_limit", .peer = reset_and_shut_out, .policy = HANGS(150, 9)};
	for (int i = 0; i < 3; i++) {
		flow.arg = rows[i].limit_us;
		reset_after_ms = rows[i].reset_after_ms;
		flow_redial(&flow);
		expect_printed(&flow, "200\nread: EAGAIN\n");
	}
	flow_end(&flow);
}

/* arg: SO_SNDTIMEO in microseconds. */
PROGRAM(write_with_a_limit)
{
	static char request[LARGE] = "POST /2 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
	long limit_us = atol(program.arg);
	int fd = dial_socket(), small = 4096;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	signal(SIGPIPE, SIG_IGN);
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	set_limit(fd, SO_SNDTIMEO, limit_us);
	long began = now_ms();
	told("write", write(fd, request, sizeof(request)), began, limit_us / 1000 - 20,
	     limit_us / 1000);
}

static void send_timeout_bounds_a_redial_that_hangs(void)
{
	struct flow flow = {
	    .program = "write_with_a_limit", .peer = close_and_shut_out, .policy = HANGS(150, 9)};
	flow.arg = "500";
	flow_redial(&flow);
	expect_printed(&flow, "200\nwrite: EAGAIN\n");
	flow.arg = "500000";
	flow_redial(&flow);
	expect_printed(&flow, "200\nwrite: EAGAIN\n");
	flow_end(&flow);
}

/* The first redial is refused, the next one takes what fits its buffers. */
static void refuse_one_and_read_nothing(struct peer *peer)
{
	int small = 4096;
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_refuse(peer);
	peer_say(fd, ok);
	peer_close(fd);
	rest(250);
	peer_listen(peer);
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	fd = peer_accept(peer);
	rest(2000);
	peer_close(fd);
}

static void send_timeout_bounds_several_attempts_and_the_kernels_wait(void)
{
	struct flow flow = {.program = "write_with_a_limit",
			    .arg = "800000",
			    .peer = refuse_one_and_read_nothing,
			    .policy = "retry = { backoff = { base_ms = 500; max_ms = 500; "
				      "jitter = \"none\"; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\nwrite: some\n");
	flow_end(&flow);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void alarm_every_ms(int ms, int flags)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
	struct itimerval timer = {{0, ms * 1000}, {0, ms * 1000}};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* arg: "limit", "restart", "interrupt" or nothing; the port is one that nobody listens at, or that
 * lets nobody in.
 */
PROGRAM(connect_in_time)
{
	struct sockaddr_in peer = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (!strcmp(program.arg, "limit"))
		set_limit(fd, SO_SNDTIMEO, 500000);
	if (!strcmp(program.arg, "restart"))
		alarm_every_ms(40, SA_RESTART);
	if (!strcmp(program.arg, "interrupt"))
		alarm_every_ms(100, 0);
	long began = now_ms();
	int result = connect(fd, (struct sockaddr *)&peer, sizeof(peer));
	say("%s after %ld", error_name(result ? errno : 0), (now_ms() - began + 60) / 100);
}

static void refuse(struct peer *peer)
{
	shutdown(peer->listener, SHUT_RDWR);
}

static void serve_nobody(struct peer *peer)
{
	(void)peer;
}

static void expect_connect(peer_function *before, const char *arg, const char *policy,
			   const char *error, long least, long most)
{
	struct flow flow = {.program = "connect_in_time",
			    .before = before,
			    .peer = serve_nobody,
			    .arg = arg,
			    .policy = policy};
	char name[40] = "";
	long after = -1;
	flow_redial(&flow);
	sscanf(flow.result.out, "%39s after %ld", name, &after);
	runner_expect_text("error", error, name);
	if (!runner_expect_long("in time", 1, after >= least && after <= most))
		printf("%s: %s", arg, flow.result.out);
	flow_end(&flow);
}

static void connect_takes_no_longer_than_it_may(void)
{
	static const char twice[] = "retry = { on = [\"connect-timeout\"]; connect_timeout_ms = "
				    "300; max_attempts = 2; backoff = { base_ms = 0; }; };";
	expect_connect(refuse, "limit", CONNECTS, "ECONNREFUSED", 2, 6);
	expect_connect(peer_shut_out, "limit", CONNECTS, "ETIMEDOUT", 3, 6);
	expect_connect(peer_shut_out, "restart", twice, "ETIMEDOUT", 6, 9);
	expect_connect(peer_shut_out, "interrupt", twice, "EINTR", 1, 2);
	expect_connect(refuse, "interrupt", CONNECTS, "ECONNREFUSED", 1, 2);
}

/* arg: how long a poll before is ready to wait, if there is one. */
PROGRAM(peep_at_a_blocking_socket)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	/* Past the hooks, where no rescue begins: no promise is made by it. */
	struct pollfd one = {.fd = fd, .events = POLLIN};
	syscall(SYS_ppoll, &one, 1, NULL, NULL, 0);
	long limit = atol(program.arg), began = now_ms();
	if (*program.arg)
		poll(&one, 1, (int)limit);
	told("peep", recv(fd, &byte, 1, MSG_DONTWAIT), began, limit - 20, limit);
}

static void peep_waits_no_longer_than_the_poll_before_it_would_have(void)
{
	static const char *const args[] = {"", "0", "500"};
	struct flow flow = {.program = "peep_at_a_blocking_socket",
			    .peer = reset_and_shut_out,
			    .policy = HANGS(3000, 2)};
	reset_after_ms = 0;
	for (int i = 0; i < 3; i++) {
		flow.arg = args[i];
		flow_redial(&flow);
		expect_printed(&flow, "200\npeep: EAGAIN\n");
	}
	flow_end(&flow);
}

const struct runner_test limits_tests[] = {
    T(what_must_not_wait_does_not),
    T(receive_timeout_bounds_all_that_a_read_waits_for),
    T(send_timeout_bounds_a_redial_that_hangs),
    T(send_timeout_bounds_several_attempts_and_the_kernels_wait),
    T(connect_takes_no_longer_than_it_may),
    T(peep_waits_no_longer_than_the_poll_before_it_would_have),
    T_END,
};
