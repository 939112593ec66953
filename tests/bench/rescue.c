/* SPDX-License-Identifier: MIT */
/*
 * rescue PORT TURNS, preloaded: what a rescue takes against what the program would pay without,
 * each turn one of each. The latter goes by raw system calls, which no interposer sees.
 * faultd has --fault idle-reset=0@path:?idle --fault reset@2+,path:?reset.
 *
 * Prints, for a connection already dead and for one that dies of the request, the median times in
 * microseconds of rescue and rival, and the median ratio.
 */
#include <poll.h>

#include "bench.h"

static struct sockaddr_in addr;
static struct message plain, idle, reset;

static void raw_exchange(int fd, const struct message *request)
{
	char answer[4096];
	size_t got = 0;

	if (syscall(SYS_sendto, fd, request->text, request->len, MSG_NOSIGNAL, NULL, 0) < 0)
		die("send");
	while (got < ANSWER_LEN) {
		long n = syscall(SYS_recvfrom, fd, answer, sizeof(answer), 0, NULL, NULL);

		if (n <= 0)
			die("recv");
		got += (size_t)n;
	}
}

static int raw_dial(void)
{
	int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || syscall(SYS_connect, fd, &addr, sizeof(addr)) < 0)
		die("connect");
	syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void raw_fail(int fd)
{
	char answer[4096];

	if (syscall(SYS_sendto, fd, reset.text, reset.len, MSG_NOSIGNAL, NULL, 0) < 0)
		die("send");
	if (syscall(SYS_recvfrom, fd, answer, sizeof(answer), 0, NULL, NULL) > 0)
		die("no reset came");
}

static int used(const struct message *request)
{
	int fd = dial(&addr);

	if (exchange(fd, request) < 0)
		die("exchange");
	return fd;
}

static double rescue_of_dead(void)
{
	int fd = used(&idle);
	struct pollfd dead = {.fd = fd};
	double began, took;

	if (poll(&dead, 1, 5000) != 1)
		die("the server does not reset");
	began = now_us();
	if (exchange(fd, &plain) < 0)
		die("no rescue");
	took = now_us() - began;
	close(fd);
	return took;
}

static double fresh(void)
{
	double began = now_us(), took;
	int fd = raw_dial();

	raw_exchange(fd, &plain);
	took = now_us() - began;
	syscall(SYS_close, fd);
	return took;
}

/* The second ?reset, being the first request of its connection, is answered. */
static double rescue_of_reset(void)
{
	int fd = used(&plain);
	double began = now_us(), took;

	if (exchange(fd, &reset) < 0)
		die("no rescue");
	took = now_us() - began;
	close(fd);
	return took;
}

static double failure_and_fresh(void)
{
	int fd = raw_dial();
	double began, took;
	int next;

	raw_exchange(fd, &plain);
	began = now_us();
	raw_fail(fd);
	next = raw_dial();
	raw_exchange(next, &reset);
	took = now_us() - began;
	syscall(SYS_close, next);
	syscall(SYS_close, fd);
	return took;
}

static void compare(int turns, double (*ours)(void), double (*rival)(void))
{
	double *a = calloc((size_t)turns, sizeof(double));
	double *b = calloc((size_t)turns, sizeof(double));
	double *ratio = calloc((size_t)turns, sizeof(double));

	if (!a || !b || !ratio)
		die("calloc");
	ours(), rival();
	for (int i = 0; i < turns; i++) {
		if (i % 2) {
			a[i] = ours();
			b[i] = rival();
		} else {
			b[i] = rival();
			a[i] = ours();
		}
		ratio[i] = a[i] / b[i];
	}
	printf("%.1f %.1f %.3f\n", median(a, turns), median(b, turns), median(ratio, turns));
	free(a);
	free(b);
	free(ratio);
}

int main(int argc, char **argv)
{
	int turns = argc > 2 ? atoi(argv[2]) : 0;

	if (turns < 1)
		return 2;
	addr = loopback(argv[1]);
	plain = make_request("GET", PATH_200);
	idle = make_request("GET", PATH_200 "?idle");
	reset = make_request("GET", PATH_200 "?reset");
	compare(turns, rescue_of_dead, fresh);
	compare(turns, rescue_of_reset, failure_and_fresh);
	return 0;
}
