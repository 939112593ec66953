/* SPDX-License-Identifier: MIT */
/* HTTP over local sockets, and sockets that are passed over them. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

/* An address that goes with the process. */
static socklen_t local_address(struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	int len = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "redial-flow-%d",
			   getppid());
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

/* A daemon that hangs up on every second request; or, with "idle", after its first answer. */
static void serve_connection(int fd, bool idle)
{
	char request[4096];
	for (int count = 1; count <= 2; count++) {
		ssize_t len = read(fd, request, sizeof(request) - 1);
		if (len <= 0)
			break;
		request[len] = '\0';
		char *path = strchr(request, '/');
		path[strcspn(path, " ")] = '\0';
		say("daemon saw %s", request);
		if (count == 2)
			break;
		char text[256];
		int size =
		    snprintf(text, sizeof(text),
			     "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n{\"path\":\"%s\"}",
			     strlen(path) + 11, path);
		if (write(fd, text, (size_t)size) < 0 || idle)
			break;
	}
	close(fd);
}

static void daemon_main(int listener, int connections)
{
	while (connections--) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			break;
		serve_connection(fd, !strcmp(program.arg, "idle"));
	}
	_exit(0);
}

static int dial_local(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)address, len))
		say("connect: %s", error_name(0));
	return fd;
}

PROGRAM(three_requests_to_a_local_daemon)
{
	struct sockaddr_un address;
	socklen_t len = local_address(&address);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, len) || listen(listener, 4))
		say("listen failed");
	if (fork() == 0)
		daemon_main(listener, 3);
	close(listener);
	int fd = dial_local(&address, len);
	bool idle = !strcmp(program.arg, "idle");
	for (int i = 1; i <= 3; i++) {
		char path[8];
		if (idle && i > 1)
			await_death(fd);
		snprintf(path, sizeof(path), "/%d", i);
		if (!exchange(fd, idle ? "POST" : "GET", path, idle ? "order" : NULL))
			break;
	}
	close(fd);
	while (wait(NULL) > 0)
		;
}

static void get_that_a_local_daemon_hung_up_on_is_sent_again(void)
{
	struct flow flow = {.program = "three_requests_to_a_local_daemon", .arg = "busy"};
	flow_redial(&flow);
	expect_printed(&flow, "daemon saw GET /1\n200 /1\ndaemon saw GET /2\n"
			      "daemon saw GET /2\n200 /2\ndaemon saw GET /3\n"
			      "daemon saw GET /3\n200 /3\n");
	expect_logged(&flow, 2, "result=recovered", "peer=unix:@redial-flow-");
	flow_end(&flow);
}

static void post_to_a_local_daemon_that_has_hung_up_is_sent_once(void)
{
	struct flow flow = {.program = "three_requests_to_a_local_daemon", .arg = "idle"};
	flow_redial(&flow);
	expect_printed(&flow, "daemon saw POST /1\n200 /1\ndaemon saw POST /2\n200 /2\n"
			      "daemon saw POST /3\n200 /3\n");
	expect_logged(&flow, 2, "cause=stale", "method=POST");
	flow_end(&flow);
}

PROGRAM(get_on_a_socket_that_was_passed)
{
	int pair[2];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	char byte = 'x';
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct iovec piece = {&byte, 1};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || sendmsg(pair[0], &message, 0) != 1)
		say("not passed");
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void socket_that_others_hold_is_not_rescued(void)
{
	struct flow flow = {.program = "get_on_a_socket_that_was_passed", .faults = {"reset@2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n");
	expect_logged(&flow, 1, "event=refused reason=shared", "path=/2");
	expect_seen(&flow, 1, "path=/2 ", NULL);
	flow_end(&flow);
}

const struct runner_test local_tests[] = {T(get_that_a_local_daemon_hung_up_on_is_sent_again),
					  T(post_to_a_local_daemon_that_has_hung_up_is_sent_once),
					  T(socket_that_others_hold_is_not_rescued), T_END};
