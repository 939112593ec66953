/* SPDX-License-Identifier: MIT */
/*
 * amid FOLDER PORT CALL: three requests on one https connection, by poll. The connection of the
 * second one has ended, and the new server keeps the rescue waiting for its hello: then CALL is
 * made, and the answers are read on.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SILENT_MS = 15000, SHAKES_MS = 120, SOON_US = 20000 };

static int fd;
static SSL *ssl;

static int wait_for(int result)
{
	struct pollfd what = {fd, POLLIN, 0};
	int error = SSL_get_error(ssl, result);
	if (error == SSL_ERROR_WANT_WRITE)
		what.events = POLLOUT;
	else if (error != SSL_ERROR_WANT_READ)
		return error;
	return poll(&what, 1, SILENT_MS) == 1 ? 0 : -1;
}

static bool answer(void)
{
	char bytes[4096] = "";
	size_t len = 0;
	while (!strstr(bytes, "hello\n")) {
		int got = SSL_read(ssl, bytes + len, (int)(sizeof(bytes) - 1 - len));
		if (got > 0)
			bytes[len += (size_t)got] = '\0';
		else if (wait_for(got))
			return puts("lost") < 0;
	}
	return puts("hello") > 0;
}

static void ask(int number)
{
	char text[100];
	int done, len = snprintf(text, sizeof(text), "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
				 number);
	while ((done = SSL_write(ssl, text, len)) <= 0 && !wait_for(done))
		;
}

/* Until the rescue waits for the server. */
static void begin_to_read(void)
{
	char byte;
	struct timeval began, now;
	gettimeofday(&began, NULL);
	do {
		struct pollfd what = {fd, POLLIN, 0};
		poll(&what, 1, SHAKES_MS);
		if (SSL_peek(ssl, &byte, 1) > 0)
			puts("too early");
		gettimeofday(&now, NULL);
	} while ((now.tv_sec - began.tv_sec) * 1000 + (now.tv_usec - began.tv_usec) / 1000 <
		 SHAKES_MS);
}

static void heard(int number)
{
	(void)number;
}

static void until_a_signal(void)
{
	const struct sigaction action = {.sa_handler = heard};
	const struct itimerval soon = {.it_value.tv_usec = SOON_US};
	char byte;
	sigaction(SIGALRM, &action, NULL);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setitimer(ITIMER_REAL, &soon, NULL);
	SSL_peek(ssl, &byte, 1);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void select_and_watch(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct timeval now = {0, 0};
	int set = epoll_create1(EPOLL_CLOEXEC);
	fd_set one;
	FD_ZERO(&one);
	FD_SET(fd, &one);
	select(fd + 1, &one, NULL, NULL, &now);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(set, &event, 1, 0);
	close(set);
}

static void have_a_child(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

/* false: nothing is read any more. */
static bool make(const char *call)
{
	int number = 1, file;
	char byte;
	socklen_t len = sizeof(number);
	if (!strcmp(call, "read"))
		return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
	if (!strcmp(call, "write"))
		return send(fd, "", 0, MSG_NOSIGNAL) == 0;
	if (!strcmp(call, "watch"))
		select_and_watch();
	else if (!strcmp(call, "ask"))
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &number, &len);
	else if (!strcmp(call, "set"))
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &number, sizeof(number));
	else if (!strcmp(call, "shutdown"))
		return shutdown(fd, SHUT_WR) < 0;
	else if (!strcmp(call, "close"))
		return close(fd) < 0;
	else if (!strcmp(call, "replace"))
		return (file = open("/dev/null", O_RDWR)) < 0 || dup2(file, fd) < 0;
	else if (!strcmp(call, "dup"))
		close(dup(fd));
	else if (!strcmp(call, "fork"))
		have_a_child();
	else if (!strcmp(call, "exec"))
		return execl("/bin/echo", "echo", "another program", NULL) == 0;
	else if (!strcmp(call, "signal"))
		until_a_signal();
	return true;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char authority[512];
	if (argc != 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	addr.sin_port = htons((uint16_t)atoi(argv[2]));
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", argv[1]);
	SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return 1;
	ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		return 1;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ask(1);
	answer();
	ask(2);
	begin_to_read();
	if (!make(argv[3]))
		return puts("over") < 0;
	if (answer()) {
		ask(3);
		answer();
	}
	return 0;
}
