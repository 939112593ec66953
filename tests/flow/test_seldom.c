/* SPDX-License-Identifier: MIT */
/* What few programs do with a connection, and what redial is to make of it: nothing. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

enum { LIMIT_MS = 200, STALL_MS = 1500, SLACK_MS = 400 };

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* Where the bytes would be lies what is a whole answer (tcp(7): MSG_TRUNC puts nothing there). */
PROGRAM(throws_a_part_away)
{
	char bytes[sizeof(ok)];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	memcpy(bytes, ok, sizeof(ok));
	say("%zd", recv(fd, bytes, sizeof(ok) - 1, MSG_TRUNC | MSG_WAITALL));
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
	say("%s", got > 0 ? "data" : error_name(got ? errno : 0));
	hang_up(fd);
}

static void answer_and_a_part(struct peer *peer)
{
	static const char part[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, part);
	peer_reset(fd);
}

static void bytes_that_were_thrown_away_answer_nothing(void)
{
	struct flow flow = {.program = "throws_a_part_away", .peer = answer_and_a_part};
	flow_both_alike(&flow);
	expect_printed(&flow, "200\n40\nECONNRESET\n");
	flow_end(&flow);
}

/* Hands it on among others, which are copies of its standard input. */
static void hand_on(int fd, int place)
{
	enum { COUNT = 20 };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(COUNT * sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(COUNT * sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	int pair[2], fds[COUNT] = {0};
	char byte = 'x';
	struct iovec piece = {&byte, 1};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	fds[place] = fd;
	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ||
	    sendmsg(pair[0], &message, 0) != 1)
		say("%s", error_name(errno));
}

/* arg: its place among what is handed on. */
PROGRAM(get_on_what_was_handed_on)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	hand_on(fd, atoi(program.arg));
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

/* Who has it may read the answer, and would read a dead socket. */
static void socket_that_another_process_may_have_is_not_replaced(void)
{
	static const char *const places[] = {"0", "1", "17"};
	struct flow flow = {.program = "get_on_what_was_handed_on", .faults = {"reset@1.2"}};
	for (int i = 0; i < 3; i++) {
		flow.arg = places[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused", "reason=shared");
	}
	flow_end(&flow);
}

enum { PIPELINED = 7, PADDING = 2000 };

static ssize_t ask_at_length(int fd)
{
	char request[PADDING + 64];
	int len = snprintf(request, sizeof(request),
			   "GET /2 HTTP/1.1\r\nHost: x\r\nX-Pad: %0*d\r\n\r\n", PADDING, 0);
	return send(fd, request, (size_t)len, MSG_NOSIGNAL);
}

/* Its requests go out one by one once it has been replaced: this one comes behind them. */
PROGRAM(get_behind_a_pipeline_that_waits)
{
	const struct timeval limit = {0, LIMIT_MS * 1000};
	char byte;
	int small = 2048;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	for (int i = 0; i < PIPELINED; i++)
		ask_at_length(fd);
	await_death(fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)); /* of the new one as well */
	ssize_t got = recv(fd, &byte, 1, 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	long began = now_ms();
	ssize_t sent = ask_at_length(fd);
	say("%s", sent < 0 ? error_name(errno) : "sent");
	long took = now_ms() - began;
	if (took < LIMIT_MS - 20 || took > LIMIT_MS + SLACK_MS)
		say("after %ld ms", took);
}

static void reset_a_pipeline_and_stall(struct peer *peer)
{
	int small = 2048;
	int fd = peer_accept(peer);
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	for (int i = 0; i < PIPELINED; i++)
		peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	poll(&(struct pollfd){.fd = fd, .events = POLLRDHUP}, 1, STALL_MS);
	peer_close(fd);
}

static void send_timeout_bounds_the_wait_behind_a_pipeline(void)
{
	struct flow flow = {.program = "get_behind_a_pipeline_that_waits",
			    .way = WAY_POLL,
			    .peer = reset_a_pipeline_and_stall};
	flow_redial(&flow);
	expect_printed(&flow, "200\nEAGAIN\nEAGAIN\n");
	flow_end(&flow);
}

/* arg: "number" if the connection's number becomes a file, "others" if redial's become sockets. */
static int rescued, first_of_others;

static void take_numbers(void)
{
	enum { NUMBERS = 40 };
	uint64_t cookie;
	socklen_t len = sizeof(cookie);
	int fd = rescued;
	if (!strcmp(program.arg, "number")) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		syscall(SYS_dup3, null, fd, 0);
		close(null);
		return;
	}
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (++fd < NUMBERS) {
		bool is_socket =
		    fd != other && !getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
		if (!is_socket)
			continue;
		syscall(SYS_dup3, other, fd, 0);
		first_of_others = first_of_others ? first_of_others : fd;
	}
	close(other);
}

/* A thread has closed numbers past the hooks, and opened others, since redial looked at them. */
PROGRAM(numbers_change_hands_at_a_fork)
{
	typedef void function(void);
	typedef void at_fork(function * what);
	int status;
	struct stat what;
	at_fork *do_at_fork = (at_fork *)dlsym(RTLD_DEFAULT, "do_at_fork");
	rescued = dial();
	exchange(rescued, "GET", "/1", NULL);
	if (!begin_rescue(rescued))
		return;
	do_at_fork(take_numbers);
	pid_t child = fork();
	if (child == 0) {
		bool is_there = fstat(rescued, &what) == 0;
		if (first_of_others)
			_exit(is_there + 2 * (fcntl(first_of_others, F_GETFD) >= 0));
		_exit(is_there && S_ISCHR(what.st_mode) ? 4 : 5);
	}
	waitpid(child, &status, 0);
	say("%d", WEXITSTATUS(status));
}

static void child_has_the_files_that_were_there_when_it_was_made(void)
{
	struct flow flow = {
	    .program = "numbers_change_hands_at_a_fork",
	    .arg = "number",
	    .way = WAY_POLL,
	    .faults = {"shed=1@1.2"},
	    .behind = "tests/behind/at_fork.so",
	    .policy =
		"retry = { backoff = { base_ms = 500; max_ms = 500; jitter = \"none\"; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n4\n");
	/* Its own number is closed there rather than anybody's socket; theirs are not touched. */
	flow.arg = "others";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n2\n");
	flow_end(&flow);
}

/* The start of the answer is read past the hooks, by a number that redial does not know of. */
PROGRAM(reads_a_part_elsewhere)
{
	char bytes[100] = "";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int unseen = (int)syscall(SYS_dup, fd);
	ask(fd, "GET", "/2", NULL);
	say("%ld", (long)syscall(SYS_read, unseen, bytes, 17));
	ssize_t got = recv(fd, bytes, sizeof(bytes) - 1, 0);
	say("%.*s", got > 0 ? (int)strcspn(bytes, "\r\n") : 3, got > 0 ? bytes : "no");
	hang_up(fd);
}

static void answer_in_two_parts(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\n");
	poll(NULL, 0, 2 * LIMIT_MS);
	peer_say(fd, "Content-Length: 2\r\n\r\nhi");
	peer_read_all(peer, fd);
	peer_close(fd);
	if ((fd = peer_accept(peer)) < 0)
		return;
	peer_say(fd, ok);
	peer_close(fd);
}

static void answer_that_was_begun_past_the_hooks_is_waited_for(void)
{
	struct flow flow = {.program = "reads_a_part_elsewhere",
			    .peer = answer_in_two_parts,
			    .policy = "retry = { on = [\"response-timeout\"]; "
				      "response_timeout_ms = 200; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\n17\nContent-Length: 2\n");
	expect_logged(&flow, 1, "event=refused", "reason=unseen-bytes");
	flow_end(&flow);
}

/* From here on nothing is added to that set (seccomp(2)), as where the kernel has no memory. */
static void let_nothing_be_added(int set)
{
	enum { NUMBER = offsetof(struct seccomp_data, nr) };
	enum { FIRST = offsetof(struct seccomp_data, args), SECOND = FIRST + 8 };
	struct sock_filter lines[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_ctl, 0, 5),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FIRST),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)set, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SECOND),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, EPOLL_CTL_ADD, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(lines) / sizeof(*lines), lines};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		say("no filter: %s", error_name(errno));
}

PROGRAM(set_that_takes_no_more)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(EPOLL_CLOEXEC), fd = dial();
	char byte;
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
	let_nothing_be_added(set);
	answer(fd);
	ssize_t got = get(fd, &byte, 1);
	say("%s", got > 0 ? "data" : error_name(got ? errno : 0));
	hang_up(fd);
}

/* Of a request that it is told has failed the program reads no answer. */
static void connection_that_cannot_be_put_in_place_says_nothing(void)
{
	struct flow flow = {.program = "set_that_takes_no_more",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = "retry = { max_attempts = 6; backoff = { base_ms = 120; "
				      "max_ms = 120; jitter = \"none\"; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\nEOF\n");
	expect_logged(&flow, 1, "result=exhausted", "reason=resources");
	flow_end(&flow);
}

PROGRAM(file_at_the_number_of_a_watched_request)
{
	static const char get[] = "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (send(fd, get, sizeof(get) - 1, 0) < 0)
		say("not sent");
	syscall(SYS_close, fd); /* past the hooks */
	int file = open("/dev/null", O_WRONLY);
	say(file == fd ? "at its number" : "elsewhere");
	say(write(file, "x", 1) == 1 ? "written" : "failed");
	close(file);
}

static void file_that_has_taken_a_watched_number_is_written_to(void)
{
	struct flow flow = {.program = "file_at_the_number_of_a_watched_request",
			    .policy = "retry = { on = [\"stale\", \"response-timeout\"]; "
				      "response_timeout_ms = 30000; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nat its number\nwritten\n");
	flow_end(&flow);
}

const struct runner_test seldom_tests[] = {
    T(file_that_has_taken_a_watched_number_is_written_to),
    T(bytes_that_were_thrown_away_answer_nothing),
    T(socket_that_another_process_may_have_is_not_replaced),
    T(send_timeout_bounds_the_wait_behind_a_pipeline),
    T(child_has_the_files_that_were_there_when_it_was_made),
    T(answer_that_was_begun_past_the_hooks_is_waited_for),
    T(connection_that_cannot_be_put_in_place_says_nothing),
    T_END,
};
