/* SPDX-License-Identifier: MIT */
/*
 * The same for all other calls, and for those that come while a rescue is under way, whose bytes
 * redial takes in the kernel's place.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bad.h"
#include "flow.h"

/* A rescue that waits for three seconds, or until its last attempt is due. */
#define LONG "backoff = { base_ms = 3000; max_ms = 3000; jitter = \"none\"; };"

static int set; /* an epoll set that has the connection in it */

/* at: memory of any use, the first bytes of which may be good. */
struct act {
	const char *name;
	size_t size;
	long (*call)(int fd, char *at);
};

static socklen_t room;

static long value_of_getsockopt(int fd, char *at)
{
	room = sizeof(int);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, at, &room);
}

static long len_of_getsockopt(int fd, char *at)
{
	int value;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, (socklen_t *)(void *)at);
}

static long value_of_setsockopt(int fd, char *at)
{
	return setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, at, sizeof(int));
}

static long addr_of_getpeername(int fd, char *at)
{
	room = sizeof(struct sockaddr_in);
	return getpeername(fd, (struct sockaddr *)(void *)at, &room);
}

static long len_of_getpeername(int fd, char *at)
{
	struct sockaddr_in addr;
	return getpeername(fd, (struct sockaddr *)&addr, (socklen_t *)(void *)at);
}

static long addr_of_getsockname(int fd, char *at)
{
	room = sizeof(struct sockaddr_in);
	return getsockname(fd, (struct sockaddr *)(void *)at, &room);
}

static long unread_of_ioctl(int fd, char *at)
{
	return ioctl(fd, FIONREAD, at);
}

static long flag_of_ioctl(int fd, char *at)
{
	return ioctl(fd, FIONBIO, at);
}

static long lock_of_fcntl(int fd, char *at)
{
	return fcntl(fd, F_GETLK, at);
}

static long owner_of_fcntl(int fd, char *at)
{
	return fcntl(fd, F_GETOWN_EX, at);
}

static long event_of_epoll_ctl(int fd, char *at)
{
	return epoll_ctl(set, EPOLL_CTL_MOD, fd, (struct epoll_event *)(void *)at);
}

static long array_of_poll(int fd, char *at)
{
	(void)fd;
	return poll((struct pollfd *)(void *)at, 2, 0);
}

static long slot_of_poll(int fd, char *at)
{
	(void)fd;
	return poll((struct pollfd *)(void *)at, 1, 0);
}

static long array_of_ppoll(int fd, char *at)
{
	static const struct timespec now = {0, 0};
	(void)fd;
	return ppoll((struct pollfd *)(void *)at, 2, &now, NULL);
}

/* The sets are as large as this many descriptors need. */
enum { SELECTED = 512 };

static long readable_of_select(int fd, char *at)
{
	struct timeval now = {0, 0};
	(void)fd;
	return select(SELECTED, (fd_set *)(void *)at, NULL, NULL, &now);
}

static long writable_of_select(int fd, char *at)
{
	struct timeval now = {0, 0};
	(void)fd;
	return select(SELECTED, NULL, (fd_set *)(void *)at, NULL, &now);
}

static long writable_of_pselect(int fd, char *at)
{
	static const struct timespec now = {0, 0};
	(void)fd;
	return pselect(SELECTED, NULL, (fd_set *)(void *)at, NULL, &now, NULL);
}

static const struct act others[] = {
    {"value of getsockopt", sizeof(int), value_of_getsockopt},
    {"length of getsockopt", sizeof(socklen_t), len_of_getsockopt},
    {"value of setsockopt", sizeof(int), value_of_setsockopt},
    {"address of getpeername", sizeof(struct sockaddr_in), addr_of_getpeername},
    {"length of getpeername", sizeof(socklen_t), len_of_getpeername},
    {"address of getsockname", sizeof(struct sockaddr_in), addr_of_getsockname},
    {"FIONREAD", sizeof(int), unread_of_ioctl},
    {"FIONBIO", sizeof(int), flag_of_ioctl},
    {"F_GETLK", sizeof(struct flock), lock_of_fcntl},
    {"F_GETOWN_EX", sizeof(struct f_owner_ex), owner_of_fcntl},
    {"event of epoll_ctl", sizeof(struct epoll_event), event_of_epoll_ctl},
    {"array of poll", 2 * sizeof(struct pollfd), array_of_poll},
    {"slot of poll", sizeof(struct pollfd), slot_of_poll},
    {"array of ppoll", 2 * sizeof(struct pollfd), array_of_ppoll},
    {"readable set", SELECTED / 8, readable_of_select},
    {"writable set", SELECTED / 8, writable_of_select},
    {"writable set of pselect", SELECTED / 8, writable_of_pselect},
};

static char request[] = "GET /x HTTP/1.1\r\nHost: test\r\n\r\n";

static long bytes_of_send(int fd, char *at)
{
	return send(fd, at, 40, MSG_NOSIGNAL);
}

static long bytes_of_writev(int fd, char *at)
{
	struct iovec pieces[2] = {{request, 7}, {at, 40}};
	return writev(fd, pieces, 2);
}

static long array_of_writev(int fd, char *at)
{
	return writev(fd, (struct iovec *)(void *)at, 2);
}

static long header_of_sendmsg(int fd, char *at)
{
	return sendmsg(fd, (struct msghdr *)(void *)at, MSG_NOSIGNAL);
}

static long array_of_sendmsg(int fd, char *at)
{
	struct msghdr whole = {.msg_iov = (struct iovec *)(void *)at, .msg_iovlen = 2};
	return sendmsg(fd, &whole, MSG_NOSIGNAL);
}

static long too_many_of_writev(int fd, char *at)
{
	return writev(fd, (struct iovec *)(void *)at, 1025);
}

static long too_many_of_sendmsg(int fd, char *at)
{
	struct msghdr whole = {.msg_iov = (struct iovec *)(void *)at, .msg_iovlen = 1025};
	return sendmsg(fd, &whole, MSG_NOSIGNAL);
}

static long array_of_readv(int fd, char *at)
{
	return readv(fd, (struct iovec *)(void *)at, 2);
}

static long header_of_recvmsg(int fd, char *at)
{
	return recvmsg(fd, (struct msghdr *)(void *)at, 0);
}

static long bytes_of_recv(int fd, char *at)
{
	return recv(fd, at, 40, 0);
}

/* Nothing is wanted, and nothing is touched. */
static long no_bytes_of_recvmsg(int fd, char *at)
{
	struct iovec piece = {at, 0};
	struct msghdr whole = {.msg_iov = &piece, .msg_iovlen = 1};
	return recvmsg(fd, &whole, 0);
}

static long no_bytes_of_readv(int fd, char *at)
{
	struct iovec piece = {at, 0};
	return readv(fd, &piece, 1);
}

/* During a rescue there is nothing to read yet, as bare before the answer. */
static const struct act transfers[] = {
    {"bytes of send", 40, bytes_of_send},
    {"bytes of writev", 40, bytes_of_writev},
    {"array of writev", 2 * sizeof(struct iovec), array_of_writev},
    {"header of sendmsg", sizeof(struct msghdr), header_of_sendmsg},
    {"array of sendmsg", 2 * sizeof(struct iovec), array_of_sendmsg},
    {"too many of writev", 2 * sizeof(struct iovec), too_many_of_writev},
    {"too many of sendmsg", 2 * sizeof(struct iovec), too_many_of_sendmsg},
    {"array of readv", 2 * sizeof(struct iovec), array_of_readv},
    {"header of recvmsg", sizeof(struct msghdr), header_of_recvmsg},
    {"bytes of recv", 40, bytes_of_recv},
    {"no bytes of recvmsg", 0, no_bytes_of_recvmsg},
    {"no bytes of readv", 0, no_bytes_of_readv},
};

/* Set and pollfd of this connection, for those that look at what is good of them. */
static void fill(char *at, size_t size, int fd)
{
	memset(at, 0, size);
	if (size == sizeof(struct pollfd) || size == 2 * sizeof(struct pollfd)) {
		struct pollfd slot = {.fd = fd, .events = POLLIN | POLLOUT};
		memcpy(at, &slot, sizeof(slot));
	} else if (size == SELECTED / 8) {
		at[fd / 8] = (char)(1 << fd % 8);
	} else if (size == sizeof(int)) { /* FIONBIO's too: it stays non-blocking */
		at[0] = 1;
	}
}

static void try(int fd, const struct act *act, enum bad kind, size_t good)
{
	struct bad_memory memory;
	char *at = bad_begin(&memory, kind, good);
	if (at)
		fill(at, act->size, fd);
	bad_spoil(&memory);
	errno = 0;
	long result = act->call(fd, at);
	say("%s, %s, %zu good: %ld %s", act->name, bad_names[kind], good, result,
	    result < 0 ? error_name(errno) : "");
	bad_end(&memory);
}

static void try_all(int fd, const struct act *acts, size_t count, int kinds)
{
	for (size_t i = 0; i < count; i++) {
		for (int kind = 0; kind < kinds; kind++) {
			bool is_set = strstr(acts[i].name, "set") && kind == BAD_NULL;
			if (!is_set) /* that means none */
				try(fd, &acts[i], (enum bad)kind, 0);
			if (kind != BAD_NULL && !is_set && !strstr(acts[i].name, "bytes"))
				try(fd, &acts[i], (enum bad)kind, acts[i].size / 2);
		}
	}
}

#define TRY(acts, kinds) try_all(fd, acts, sizeof(acts) / sizeof(*(acts)), kinds)

static void register_it(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	set = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

PROGRAM(calls_with_bad_memory)
{
	int fd = dial();
	register_it(fd);
	TRY(others, BAD_ALL);
	exchange(fd, "GET", "/1", NULL);
	TRY(others, BAD_ALL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void other_calls_with_bad_memory_say_what_they_say_bare(void)
{
	struct flow flow = {.program = "calls_with_bad_memory", .way = WAY_POLL};
	flow_both_alike(&flow);
	flow.policy = "retry = { on = [\"stale\", \"reset\", \"eof\", \"connect\"]; };";
	flow_both_alike(&flow);
	flow_end(&flow);
}

/* arg `bare`: the connection is in good health, and there is no rescue. */
PROGRAM(calls_during_a_rescue)
{
	int fd = dial();
	bool bare = !strcmp(program.arg, "bare");
	exchange(fd, "GET", "/1", NULL);
	register_it(fd);
	if (!bare && !begin_rescue(fd))
		return;
	TRY(others, BAD_ALL);
	TRY(transfers, BAD_COUNT);
	int socket_again = 0;
	socklen_t len = sizeof(socket_again);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &socket_again, &len);
	say("a stream: %d", socket_again == SOCK_STREAM);
	if (bare)
		ask(fd, "GET", "/2", NULL);
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void calls_during_a_rescue_say_what_a_socket_says(void)
{
	struct flow flow = {.program = "calls_during_a_rescue", .way = WAY_POLL, .arg = "bare"};
	flow_bare(&flow);
	char *printed = strdup(flow.result.out);
	flow.arg = "";
	flow.faults[0] = "shed=1@1.2";
	flow.policy =
	    "retry = { backoff = { base_ms = 1000; max_ms = 1000; jitter = \"none\"; }; };";
	flow_redial(&flow);
	expect_printed(&flow, printed);
	expect_logged(&flow, 1, "result=recovered", "/2");
	free(printed);
	flow_end(&flow);
}

const struct runner_test memory_calls_tests[] = {
    T(other_calls_with_bad_memory_say_what_they_say_bare),
    T(calls_during_a_rescue_say_what_a_socket_says),
    T_END,
};
