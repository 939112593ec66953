/* SPDX-License-Identifier: MIT */
/*
 * outage PORT START PERIOD LENGTH: from START on, for LENGTH, one keep-alive GET each PERIOD, all in
 * milliseconds and START of CLOCK_MONOTONIC. Prints for each when it was due, since START, and the
 * status of its response, 0 if none came.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_until(long ms)
{
	long left = ms - now_ms();

	if (left > 0)
		usleep((useconds_t)left * 1000);
}

static int dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Is all of it here? faultd always tells the length. */
static bool complete(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");

	return end && length && len >= (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
}

/*
 * The status; 0 if the connection failed. Each time another path: what is asked again is the
 * program's own retry.
 */
static int get(int fd, int number)
{
	char request[64], text[4096];
	size_t len = 0;
	int status = 0;
	int size = snprintf(request, sizeof request,
			    "GET /outage/%d HTTP/1.1\r\nHost: outage\r\n\r\n", number);

	if (send(fd, request, (size_t)size, MSG_NOSIGNAL) != size)
		return 0;
	do {
		ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);

		if (got <= 0)
			return 0;
		len += (size_t)got;
		text[len] = '\0';
	} while (!complete(text, len));
	sscanf(text, "HTTP/1.1 %d", &status);
	return status;
}

int main(int argc, char **argv)
{
	int fd = -1, count = 0;

	if (argc != 5)
		return 2;
	port = atoi(argv[1]);
	long start = atol(argv[2]), period = atol(argv[3]), end = start + atol(argv[4]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* All programs together ask evenly. */
	long due = start + (getpid() * 37L) % period;
	while (due < end) {
		wait_until(due);
		if (fd < 0)
			fd = dial();
		int status = fd < 0 ? 0 : get(fd, ++count);
		printf("%ld %d\n", due - start, status);
		if (!status && fd >= 0) {
			close(fd);
			fd = -1;
		}
		due += period;
		if (due < now_ms()) /* behind: not in a burst */
			due = now_ms();
	}
	return 0;
}
