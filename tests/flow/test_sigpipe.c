/* SPDX-License-Identifier: MIT */
/* SIGPIPE comes where it would come bare: as often, from whom, and by the same calls. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"
#include "sending.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static volatile int signals, strange;

static void on_pipe(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	signals++;
	strange += info->si_code != SI_USER || info->si_pid != getpid() || info->si_uid != getuid();
	errno = 0; /* as handlers that do not care do */
}

static ssize_t by_plain_send(int fd, const char *bytes, size_t len)
{
	return send(fd, bytes, len, 0);
}

static ssize_t by_plain_sendmsg(int fd, const char *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	return sendmsg(fd, &message, 0);
}

static ssize_t by_plain_sendmmsg(int fd, const char *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	return sendmmsg(fd, &message, 1, 0);
}

static const struct call plain[] = {{"plain-send", by_plain_send},
				    {"plain-sendmsg", by_plain_sendmsg},
				    {"plain-sendmmsg", by_plain_sendmmsg}};

enum { PLAIN = sizeof(plain) / sizeof(plain[0]) };

static const struct call *any_call(const char *text)
{
	for (int i = 0; i < PLAIN; i++) {
		size_t len = strlen(plain[i].name);
		if (!strncmp(text, plain[i].name, len) && text[len] == ' ')
			return &plain[i];
	}
	return call_named(text);
}

/* Until what was written has been turned away; past the hooks, where no rescue begins. */
static void await_refusal(int fd)
{
	struct pollfd dead = {.fd = fd};
	struct timespec limit = {.tv_nsec = 300000000};
	syscall(SYS_ppoll, &dead, 1, &limit, NULL, 0);
}

/* arg: "CALL SITUATION". */
PROGRAM(writes_to_nobody)
{
	static const char request[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
	const struct call *call = any_call(program.arg);
	const char *situation = strchr(program.arg, ' ') + 1;
	struct sigaction action = {.sa_sigaction = on_pipe, .sa_flags = SA_SIGINFO};
	sigaction(SIGPIPE, &action, NULL);
	int fd = dial();
	if (strcmp(situation, "unused"))
		exchange(fd, "GET", "/1", NULL);
	if (!strcmp(situation, "half"))
		shutdown(fd, SHUT_WR);
	else
		await_death(fd);
	for (int i = 0; i < 3; i++) {
		ssize_t n = call->make(fd, request, sizeof(request) - 1);
		int error = errno;
		if (n >= 0)
			await_refusal(fd);
		say("%s, %d signals", n < 0 ? error_name(error) : "written", signals);
	}
	say("%d strange", strange);
}

static bool resets;

static void end_at_once(struct peer *peer)
{
	int fd = peer_accept(peer);
	(resets ? peer_reset : peer_close)(fd);
}

static void answer_and_end(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_refuse(peer);
	peer_say(fd, ok);
	(resets ? peer_reset : peer_close)(fd);
}

static void answer_and_stay(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void expect_alike(peer_function *peer, const char *situation, const char *policy)
{
	char arg[50];
	struct flow flow = {
	    .program = "writes_to_nobody", .peer = peer, .arg = arg, .policy = policy};
	for (int i = 0; i < CALLS + PLAIN; i++) {
		const struct call *call = i < CALLS ? &calls[i] : &plain[i - CALLS];
		snprintf(arg, sizeof(arg), "%s %s", call->name, situation);
		flow_both_alike(&flow);
		if (!strstr(flow.result.out, "\n0 strange\n") || !strstr(flow.result.out, "EPIPE"))
			runner_expect_text("printed", arg, flow.result.out);
	}
	flow_end(&flow);
}

static void signal_comes_as_often_as_it_would_bare(void)
{
	resets = true;
	expect_alike(end_at_once, "unused", NULL);
	expect_alike(answer_and_end, "used", "retry = { on = []; };");
	resets = false;
	expect_alike(end_at_once, "unused", NULL);
	expect_alike(answer_and_end, "used", "retry = { on = []; };");
	expect_alike(answer_and_stay, "half", NULL);
}

/* The rescue comes to nothing. A request that found the peer's end is written as bare. */
static void signal_comes_behind_a_rescue_that_fails(void)
{
	resets = true;
	expect_alike(answer_and_end, "used", NULL);
	resets = false;
	expect_alike(answer_and_end, "used", NULL);
}

const struct runner_test sigpipe_tests[] = {
    T(signal_comes_as_often_as_it_would_bare),
    T(signal_comes_behind_a_rescue_that_fails),
    T_END,
};
