/* SPDX-License-Identifier: MIT */
/*
 * A preload behind libredial.so: the first FAILING connects fail as HOW says. "refused" and
 * "silent" go to a port that nobody listens at, or where nobody accepts and no more fits; a number
 * is the errno that they get at once. Each prints a line, unless there is QUIET. The addresses of two.internal are
 * 127.0.0.2, then 127.0.0.1.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int connects;

/* A socket that stays open, bound to a port of its own. */
static struct sockaddr_in bound(int *fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);

	*fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (syscall(SYS_bind, *fd, &addr, len) || syscall(SYS_getsockname, *fd, &addr, &len))
		abort();
	return addr;
}

static struct sockaddr_in refusing(void)
{
	static struct sockaddr_in addr;
	int fd;

	if (!addr.sin_family)
		addr = bound(&fd);
	return addr;
}

static struct sockaddr_in silent(void)
{
	enum { SURELY_FULL = 3 };
	static struct sockaddr_in addr;
	int fd;

	if (addr.sin_family)
		return addr;
	addr = bound(&fd);
	syscall(SYS_listen, fd, 0);
	for (int i = 0; i < SURELY_FULL; i++) {
		fd = (int)syscall(SYS_socket, AF_INET,
				  SOCK_STREAM | SOCK_CLOEXEC | (i ? SOCK_NONBLOCK : 0), 0);
		syscall(SYS_connect, fd, &addr, sizeof(addr));
	}
	return addr;
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const char *failing = getenv("FAILING"), *how = getenv("HOW");
	struct sockaddr_in other;

	if (addr->sa_family == AF_UNSPEC || !how)
		return (int)syscall(SYS_connect, fd, addr, len);
	if (!getenv("QUIET"))
		puts("connect");
	if (connects++ >= (failing ? atoi(failing) : 0))
		return (int)syscall(SYS_connect, fd, addr, len);
	if (strcmp(how, "refused") && strcmp(how, "silent")) {
		errno = atoi(how);
		return -1;
	}
	other = strcmp(how, "silent") ? refusing() : silent();
	return (int)syscall(SYS_connect, fd, &other, sizeof(other));
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	static struct sockaddr_in addrs[2];
	static struct addrinfo infos[2];

	if (strcmp(node, "two.internal")) {
		__typeof__(getaddrinfo) *next = dlsym(RTLD_NEXT, "getaddrinfo");
		return next(node, service, hints, result);
	}
	for (int i = 0; i < 2; i++) {
		addrs[i].sin_family = AF_INET;
		inet_pton(AF_INET, i ? "127.0.0.1" : "127.0.0.2", &addrs[i].sin_addr);
		infos[i].ai_family = AF_INET;
		infos[i].ai_addr = (struct sockaddr *)&addrs[i];
		infos[i].ai_addrlen = sizeof(addrs[i]);
		infos[i].ai_next = i ? NULL : &infos[1];
	}
	*result = infos;
	return 0;
}
