/* SPDX-License-Identifier: MIT */
/*
 * held COUNT [LIMIT]: opens COUNT connections to a server of its own, makes an exchange on each and
 * keeps them; prints how many were answered and, in kB, what /proc/self/status says of its memory.
 * Then the server resets them all, and a few are used again: prints how many of those are answered.
 * LIMIT, from before the first socket on: `current`, `future` or `both` is what mlockall is asked
 * for; a number is how many KiB of address space (RLIMIT_AS) there are beyond what is in use.
 * `gets` is no limit: it adds what smaps_rollup says, which is exact; before the reset there are
 * 1,000 more exchanges, on connections all over the place, of which it prints the microseconds that
 * one took; and so of those after the reset. For callgrind (toggle on `exchanges`) and many.sh.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "bench.h"

/* Ports are 16 bits: so many connections to an address, then to the next one of the loopback. */
enum { EACH_ADDRESS = 8000, ADDRESSES = 16, AGAIN = 5 };

static struct sockaddr_in addresses[ADDRESSES];
static int listeners[ADDRESSES], listening;

static void listen_for(int count, int tell)
{
	listening = (count + EACH_ADDRESS - 1) / EACH_ADDRESS;
	for (int i = 0; i < listening; i++) {
		socklen_t len = sizeof(addresses[i]);
		addresses[i] = loopback("0");
		addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned)i);
		listeners[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(listeners[i], (struct sockaddr *)&addresses[i], len) < 0 ||
		    listen(listeners[i], 128) < 0 ||
		    getsockname(listeners[i], (struct sockaddr *)&addresses[i], &len) < 0)
			die("listen");
	}
	if (write(tell, addresses, sizeof(addresses)) != sizeof(addresses))
		die("write");
}

/* Answers a request, if one comes. */
static void answer_one(int fd)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 160\r\n\r\n";
	char request[1024], answer[ANSWER_LEN];
	size_t got = 0;

	while (got < 4 || memcmp(request + got - 4, "\r\n\r\n", 4)) {
		ssize_t n = read(fd, request + got, sizeof(request) - got);
		if (n <= 0)
			return;
		got += (size_t)n;
	}
	memset(answer, 'x', sizeof(answer));
	_Static_assert(sizeof(head) - 1 + 160 == ANSWER_LEN, "what exchange expects");
	memcpy(answer, head, sizeof(head) - 1);
	if (write(fd, answer, sizeof(answer)) < 0)
		die("write");
}

/* Takes a connection, answers one request on it and leaves it open. */
static int serve_one(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	answer_one(fd);
	return fd;
}

/* Until a byte comes from `ask`, or its end. */
static bool serve_all(const int *fds, int count, int ask)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = ask};
	int set = epoll_create1(0);
	char byte;

	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, ask, &event) < 0)
		die("epoll");
	for (int i = 0; i < count; i++) {
		event.data.fd = fds[i];
		if (epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) < 0)
			die("epoll_ctl");
	}
	while (epoll_wait(set, &event, 1, -1) == 1) {
		if (event.data.fd == ask)
			break;
		answer_one(event.data.fd);
	}
	close(set);
	return read(ask, &byte, 1) == 1;
}

static void reset_all(const int *fds, int count)
{
	static const struct linger at_once = {1, 0};

	for (int i = 0; i < count; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fds[i]);
	}
}

static void serve(int count, int ask, int tell)
{
	int *fds = malloc((size_t)count * sizeof(*fds));
	struct pollfd polled[ADDRESSES];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listen_for(count, tell);
	for (int i = 0; i < count; i++)
		fds[i] = serve_one(listeners[i / EACH_ADDRESS]);
	if (!serve_all(fds, count, ask))
		exit(0);
	reset_all(fds, count);
	if (write(tell, "", 1) != 1)
		exit(1);
	for (int i = 0; i < listening; i++)
		polled[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
	while (poll(polled, (nfds_t)listening, -1) > 0) {
		for (int i = 0; i < listening; i++) {
			if (polled[i].revents)
				serve_one(listeners[i]);
		}
	}
}

/* Without stdio, which wants memory. */
static long for_each_of(const char *path, void (*run)(const char *name, long kb),
			const char *wanted)
{
	static char text[8192];
	int file = open(path, O_RDONLY);
	ssize_t n = read(file, text, sizeof(text) - 1);
	char name[32];
	long kb, found = 0;

	if (n <= 0)
		die(path);
	close(file);
	text[n] = 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%31[A-Za-z_]: %ld kB", name, &kb) != 2)
			continue;
		if (run)
			run(name, kb);
		else if (!strcmp(name, wanted))
			found = kb;
	}
	return found;
}

static void print_one(const char *name, long kb)
{
	printf("%s %ld\n", name, kb);
}

static void limit_to(const char *how)
{
	long kb = for_each_of("/proc/self/status", NULL, "VmSize");
	struct rlimit space = {0, RLIM_INFINITY};
	int flags = !strcmp(how, "current")  ? MCL_CURRENT
		    : !strcmp(how, "future") ? MCL_FUTURE
					     : MCL_CURRENT | MCL_FUTURE;

	space.rlim_cur = (rlim_t)(kb + atol(how)) * 1024;
	if (*how >= '0' && *how <= '9' ? setrlimit(RLIMIT_AS, &space) : mlockall(flags))
		die(how);
}

static int open_one(const struct sockaddr_in *addr, const struct message *request)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		die("connect");
	return exchange(fd, request) < 0 ? -1 : fd;
}

enum { GETS = 1000, STEP = 7919 };

__attribute__((noinline)) static void exchanges(const int *fds, int count,
						const struct message *request)
{
	for (int i = 0; i < GETS; i++) {
		if (exchange(fds[(long)i * STEP % count], request) < 0)
			die("exchange");
	}
}

int main(int argc, char **argv)
{
	static char output[4096];
	int count = argc > 1 ? atoi(argv[1]) : 0, answered = 0, again = 0, ask[2], tell[2];
	struct rlimit limit = {(rlim_t)count + 100, (rlim_t)count + 100}, had;
	struct message request = make_request("GET", PATH_200);
	char byte;

	if (count < 1 || count > ADDRESSES * EACH_ADDRESS)
		return 2;
	if (getrlimit(RLIMIT_NOFILE, &had) < 0 ||
	    (had.rlim_cur < limit.rlim_cur && setrlimit(RLIMIT_NOFILE, &limit) < 0) ||
	    pipe(ask) < 0 || pipe(tell) < 0)
		die("descriptors");
	pid_t server = fork();
	if (server == 0)
		serve(count, ask[0], tell[1]);
	if (read(tell[0], addresses, sizeof(addresses)) != sizeof(addresses))
		die("server");
	int *fds = malloc((size_t)count * sizeof(*fds));
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	bool gets = argc > 2 && !strcmp(argv[2], "gets");
	if (argc > 2 && !gets)
		limit_to(argv[2]);
	for (int i = 0; i < count; i++)
		answered += (fds[i] = open_one(&addresses[i / EACH_ADDRESS], &request)) >= 0;
	printf("answered %d\n", answered);
	for_each_of("/proc/self/status", print_one, NULL);
	if (gets)
		for_each_of("/proc/self/smaps_rollup", print_one, NULL);
	double since = now_us();
	if (gets) {
		exchanges(fds, count, &request);
		printf("get_us %.3f\n", (now_us() - since) / GETS);
	}
	if (write(ask[1], "", 1) != 1 || read(tell[0], &byte, 1) != 1)
		die("reset");
	since = now_us();
	for (int i = 0; i < AGAIN && i < count; i++)
		again += exchange(fds[count - 1 - i * (count / AGAIN)], &request) == 0;
	printf("again %d\n", again);
	if (gets)
		printf("again_us %.3f\n", (now_us() - since) / (count < AGAIN ? count : AGAIN));
	kill(server, SIGKILL);
	return 0;
}
