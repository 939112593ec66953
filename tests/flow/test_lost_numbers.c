/* SPDX-License-Identifier: MIT */
/*
 * A descriptor that is closed past the hooks, as libuv closes, while a rescue is under way or has
 * failed: the next file at its number is what calls are about, whichever comes first.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

#define SLOW "retry = { backoff = { base_ms = 3000; max_ms = 3000; jitter = \"none\"; }; };"

enum { LEN = 5 };

/* Something at that number, which is free. Returns the other end of it, if it has one. */
static int file_at(int fd)
{
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file != fd || syscall(SYS_pwrite64, file, "12345", LEN, 0) != LEN)
		say("no file");
	return -1;
}

static int pipe_at(int fd)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) || ends[0] != fd || write(ends[1], "12345", LEN) != LEN)
		say("no pipe");
	return ends[1];
}

static int socket_at(int fd)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) || ends[0] != fd)
		say("no pair of sockets");
	return ends[1];
}

/* Into a file, which it says how large it is then. */
static void copied(int fd, bool by_splice)
{
	struct stat about;
	int to = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t len = by_splice ? splice(fd, NULL, to, NULL, LEN, 0) : sendfile(to, fd, NULL, LEN);
	fstat(to, &about);
	say("%zd, %ld", len, (long)about.st_size);
	close(to);
}

static void by_fstat(int fd, int other)
{
	struct stat about;
	(void)other;
	int result = fstat(fd, &about);
	say("%d, %d, %ld", result, S_ISREG(about.st_mode), (long)about.st_size);
}

static void by_lseek(int fd, int other)
{
	(void)other;
	say("%ld", (long)lseek(fd, 2, SEEK_SET));
}

static void by_ioctl(int fd, int other)
{
	int unread = -1, result = ioctl(fd, FIONREAD, &unread);
	(void)other;
	say("%d, %d", result, unread);
}

static void by_fcntl(int fd, int other)
{
	(void)other;
	say("%d", fcntl(fd, F_GETFL) & O_ACCMODE);
}

static void by_dup(int fd, int other)
{
	struct stat about;
	int copy = dup(fd), result = fstat(copy, &about);
	(void)other;
	say("%d, %ld", result, (long)about.st_size);
	close(copy);
}

static void by_sendfile(int fd, int other)
{
	(void)other;
	copied(fd, false);
}

static void by_splice(int fd, int other)
{
	(void)other;
	copied(fd, true);
}

static void by_setsockopt(int fd, int other)
{
	int on = 1, is = 0;
	socklen_t len = sizeof(is);
	(void)other;
	int result = setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	getsockopt(fd, SOL_SOCKET, SO_PASSCRED, &is, &len);
	say("%d, %d", result, is);
}

static void by_shutdown(int fd, int other)
{
	char byte;
	int result = shutdown(fd, SHUT_WR);
	say("%d, %zd", result, recv(other, &byte, 1, MSG_DONTWAIT));
}

static const struct call {
	const char *name;
	int (*make)(int fd);
	void (*run)(int fd, int other);
} calls[] = {
    {"fstat", file_at, by_fstat},
    {"lseek", file_at, by_lseek},
    {"ioctl", file_at, by_ioctl},
    {"fcntl", file_at, by_fcntl},
    {"dup", file_at, by_dup},
    {"sendfile", file_at, by_sendfile},
    {"splice", pipe_at, by_splice},
    {"setsockopt", socket_at, by_setsockopt},
    {"shutdown", socket_at, by_shutdown},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* arg: "CALL" of that list, which the program makes at once, or "CALL failed" */
PROGRAM(another_file_at_the_number)
{
	const struct call *call = calls;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (begin_rescue(fd))
		say("rescue under way");
	if (strstr(program.arg, "failed"))
		shutdown(fd, SHUT_RDWR);
	syscall(SYS_close, fd);
	while (strncmp(call->name, program.arg, strlen(call->name)) != 0)
		call++;
	int other = call->make(fd);
	call->run(fd, other);
	say("closed: %d", close(fd));
	close(other);
	program.way = WAY_POLL;
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
}

static void are_about_the_next_file(const char *state)
{
	static const char *const said[CALLS] = {"0, 1, 5", "2",	   "0, 5", "2",	  "0, 5",
						"5, 5",	   "5, 5", "0, 1", "0, 0"};
	static const enum way ways[] = {WAY_POLL, WAY_LEVEL};
	struct flow flow = {
	    .program = "another_file_at_the_number", .faults = {"shed=1@1.2"}, .policy = SLOW};
	for (int i = 0; i < 2 * CALLS; i++) {
		char arg[64], printed[128];
		snprintf(arg, sizeof(arg), "%s%s", calls[i / 2].name, state);
		snprintf(printed, sizeof(printed),
			 "200 /1\nrescue under way\n%s\nclosed: 0\n200 /3\n", said[i / 2]);
		flow.arg = arg;
		flow.way = ways[i % 2];
		flow_redial(&flow);
		expect_printed(&flow, printed);
	}
	flow_end(&flow);
}

static void calls_on_a_number_closed_amid_a_rescue_are_about_the_next_file(void)
{
	are_about_the_next_file("");
}

static void calls_on_a_number_closed_behind_a_rescue_are_about_the_next_file(void)
{
	are_about_the_next_file(" failed");
}

const struct runner_test lost_numbers_tests[] = {
    T(calls_on_a_number_closed_amid_a_rescue_are_about_the_next_file),
    T(calls_on_a_number_closed_behind_a_rescue_are_about_the_next_file),
    T_END,
};
