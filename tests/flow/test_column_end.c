/* SPDX-License-Identifier: MIT */
/*
 * Calls that a rescue has to give way to: the program's socket is at its number, and the next call
 * tells what the rescue began with, if there is nobody else who could (preload/hooks/words.def).
 */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE "retry = { backoff = { base_ms = 400; max_ms = 400; jitter = \"none\"; }; };"

static int one_zero_bytes[2] = {1, 0};
static char bytes[16];
static struct iovec one_byte = {bytes, 1};
static struct mmsghdr messages[1] = {{.msg_hdr = {.msg_iov = &one_byte, .msg_iovlen = 1}}};
static struct sockaddr_in nowhere = {.sin_family = AF_INET};
static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
static int pipes[2];

static int by_aio(int fd, int call(struct aiocb *))
{
	static struct aiocb block;
	const struct aiocb *const all[] = {&block};
	block = (struct aiocb){.aio_fildes = fd, .aio_buf = bytes, .aio_nbytes = sizeof(bytes)};
	if (call(&block))
		return -1;
	aio_suspend(all, 1, NULL);
	errno = aio_error(&block);
	return (int)aio_return(&block);
}

/* The 64 is of systems where it is another structure. */
static int by_aio64(int fd, int call(struct aiocb64 *))
{
	return by_aio(fd, (int (*)(struct aiocb *))call);
}

static int list_read(struct aiocb *block)
{
	block->aio_lio_opcode = LIO_READ;
	return lio_listio(LIO_WAIT, &block, 1, NULL) && errno != EIO ? -1 : 0;
}

static int list_read64(struct aiocb64 *block)
{
	block->aio_lio_opcode = LIO_READ;
	return lio_listio64(LIO_WAIT, &block, 1, NULL) && errno != EIO ? -1 : 0;
}

static int add_to_actions(int fd)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);
	error = error ? error : posix_spawn_file_actions_adddup2(&actions, fd, 0);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Hands fd to another descriptor of ours, and says whether a socket has come. */
static int hand_over(int fd, bool many)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	struct iovec piece = {bytes, 1};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece,
					      .msg_iovlen = 1,
					      .msg_control = &control,
					      .msg_controllen = sizeof(control)}};
	int pair[2], got = -1, type = 0;
	socklen_t len = sizeof(type);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (many ? sendmmsg(pair[0], &message, 1, 0) != 1
		 : sendmsg(pair[0], &message.msg_hdr, 0) != 1)
		return -1;
	if (recvmsg(pair[1], &message.msg_hdr, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	memcpy(&got, CMSG_DATA(&control.header), sizeof(got));
	return syscall(SYS_getsockopt, got, SOL_SOCKET, SO_TYPE, &type, &len) ? -1 : type;
}

/*
 * word, call, what it comes to, how the program hears of the failure, and the reason in the log.
 * Without a failure the rescue goes on, and works.
 */
#define CALLS(X)                                                                                   \
	X(end, accept, accept(fd, NULL, NULL), "-1 EINVAL", "ECONNRESET", "shared")                \
	X(end, accept4, accept4(fd, NULL, NULL, 0), "-1 EINVAL", "ECONNRESET", "shared")           \
	/* Of one that was disconnected, to be connected anew, the kernel would have it. */        \
	X(end, listen, (listen(fd, 1), 0), "0", "ECONNRESET", "shared")                            \
	X(open, bind, bind(fd, (struct sockaddr *)&nowhere, sizeof(nowhere)), "0", "ECONNRESET",   \
	  "shared")                                                                                \
	X(open, connect, connect(fd, &nobody, sizeof(nobody)), "0", "ENOTCONN", "shared")          \
	X(after, sendmmsg, sendmmsg(fd, messages, 1, 0), "-1 EAGAIN", NULL, NULL)                  \
	X(after, recvmmsg, recvmmsg(fd, messages, 1, 0, NULL), "-1 EAGAIN", NULL, NULL)            \
	X(after, sendfile, (int)sendfile(fd, pipes[0], NULL, 1), "-1 EAGAIN", NULL, NULL)          \
	X(after, sendfile64, (int)sendfile64(fd, pipes[0], NULL, 1), "-1 EAGAIN", NULL, NULL)      \
	X(after, sendfile, (int)sendfile(pipes[1], fd, NULL, 1), "-1 EAGAIN", NULL, NULL)          \
	X(after, splice, (int)splice(pipes[0], NULL, fd, NULL, 1, 0), "-1 EAGAIN", NULL, NULL)     \
	X(after, splice, (int)splice(fd, NULL, pipes[1], NULL, 1, 0), "-1 EAGAIN", NULL, NULL)     \
	X(let_go, aio_read, by_aio(fd, aio_read), "0", "ECONNRESET", NULL)                         \
	X(let_go, aio_read64, by_aio64(fd, aio_read64), "0", "ECONNRESET", NULL)                   \
	X(let_go, aio_write, by_aio(fd, aio_write), "-1 EPIPE", "ECONNRESET", NULL)                \
	X(let_go, aio_write64, by_aio64(fd, aio_write64), "-1 EPIPE", "ECONNRESET", NULL)          \
	X(let_go, lio_listio, by_aio(fd, list_read), "0", "ECONNRESET", NULL)                      \
	X(let_go, lio_listio64, by_aio64(fd, list_read64), "0", "ECONNRESET", NULL)                \
	X(refuse, fcntl, fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC), "0", "ECONNRESET", "signals")   \
	X(refuse, ioctl, ioctl(fd, FIOASYNC, one_zero_bytes), "0", "ECONNRESET", "signals")        \
	X(refuse, posix_spawn_file_actions_adddup2, add_to_actions(fd), "0", "ECONNRESET",         \
	  "shared")                                                                                \
	X(refuse, sendmsg, hand_over(fd, false), "1", "ECONNRESET", "shared")                      \
	X(refuse, sendmmsg, hand_over(fd, true), "1", "ECONNRESET", "shared")

static const struct row {
	const char *word, *name, *told, *failure, *reason;
} rows[] = {
#define X(word, name, result, told, failure, reason) {#word, #name, told, failure, reason},
    CALLS(X)
#undef X
};

/* What lies there, whatever the hooks say. */
static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);
	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

static void make_call(int fd, int row)
{
	int at = 0;
#define X(word, name, result, told, failure, reason)                                               \
	if (at++ == row) {                                                                         \
		int number = result;                                                               \
		say(number == -1 ? "%d %s" : "%d", number, error_name(errno));                     \
	}
	CALLS(X)
#undef X
}

/* arg: the row; a second one means that the call is made before anything fails. */
PROGRAM(call_that_ends_a_rescue)
{
	char *rest;
	int row = (int)strtol(program.arg, &rest, 10);
	int before = 0, fd = dial();
	pipe2(pipes, O_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	exchange(fd, "GET", "/1", NULL);
	before = descriptors();
	if (*rest) {
		make_call(fd, row);
		ask(fd, "GET", "/2", NULL);
		answer(fd);
		return;
	}
	if (!begin_rescue(fd))
		return;
	make_call(fd, row);
	say("a socket %d", is_socket(fd));
	answer(fd);
	if (*rows[row].word != 'r' || !strstr(rows[row].name, "msg"))
		say("%d more", descriptors() - before);
}

static void call_ends_the_rescue(size_t i)
{
	char row[16], printed[200];
	bool hands_over = rows[i].word[0] == 'r' && strstr(rows[i].name, "msg");
	struct flow flow = {.program = "call_that_ends_a_rescue",
			    .way = WAY_POLL,
			    .arg = row,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE};
	snprintf(row, sizeof(row), "%zu", i);
	bool ends = rows[i].failure;
	snprintf(printed, sizeof(printed), "200 /1\n%s\na socket %d\n%s\n%s", rows[i].told, ends,
		 ends ? rows[i].failure : "200 /2", hands_over ? "" : "0 more\n");
	flow_redial(&flow);
	if (!expect_printed(&flow, printed))
		printf("\n    by %s (%s)", rows[i].name, rows[i].word);
	expect_seen(&flow, ends ? 1 : 2, "path=/2 ", NULL);
	if (rows[i].reason) {
		char reason[40];
		snprintf(reason, sizeof(reason), "reason=%s ", rows[i].reason);
		expect_logged(&flow, 1, "result=exhausted", reason);
	}
	flow_end(&flow);
}

static void calls_end_the_rescue_with_what_it_began_with(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		call_ends_the_rescue(i);
}

/* Bare it fails, and so it does under redial. */
static void calls_that_refuse_let_no_rescue_begin(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char row[16], reason[40];
		struct flow flow = {.program = "call_that_ends_a_rescue",
				    .way = WAY_POLL,
				    .arg = row,
				    .faults = {"reset@1.2"}};
		if (strcmp(rows[i].word, "refuse"))
			continue;
		snprintf(row, sizeof(row), "%zu first", i);
		snprintf(reason, sizeof(reason), "reason=%s ", rows[i].reason);
		flow_both_alike(&flow);
		CU_ASSERT_PTR_NOT_NULL(strstr(flow.result.out, "ECONNRESET"));
		expect_seen(&flow, 1, "path=/2 ", NULL);
		if (!expect_logged(&flow, 1, "event=refused", reason))
			printf("\n    by %s", rows[i].name);
		flow_end(&flow);
	}
}

/* By the same socket, as connect(2) lets it. */
PROGRAM(connect_anew_in_a_rescue)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
	connect(fd, &nobody, sizeof(nobody));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	program.way = WAY_BLOCK;
	dial_on(fd);
	exchange(fd, "GET", "/3", NULL);
}

static void socket_that_is_connected_anew_knows_nothing_of_the_failure(void)
{
	struct flow flow = {.program = "connect_anew_in_a_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /3\n");
	flow_end(&flow);
}

const struct runner_test column_end_tests[] = {
    T(calls_end_the_rescue_with_what_it_began_with),
    T(calls_that_refuse_let_no_rescue_begin),
    T(socket_that_is_connected_anew_knows_nothing_of_the_failure),
    T_END,
};
