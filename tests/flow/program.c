/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Longer than any rescue of any test lasts. */
enum { SILENCE_MS = 6000, FDS_MAX = 1024 };

const char *const way_names[WAY_COUNT] = {"block", "poll", "level", "edge", "oneshot", "curl"};

struct program program;

static int epoll_set = -1;
static CURL *curl_of[FDS_MAX];

extern const struct program_entry __start_flow_programs[], __stop_flow_programs[];

int program_main(int argc, char **argv)
{
	if (argc != 7)
		return 2;
	program = (struct program){
	    .name = argv[2],
	    .address = argv[3],
	    .port = atoi(argv[4]),
	    .way = (enum way)atoi(argv[5]),
	    .arg = argv[6],
	};
	setvbuf(stdout, NULL, _IOLBF, 0);
	close_range(3, ~0u, 0); /* whatever the shell that runs the tests has left open */
	for (const struct program_entry *p = __start_flow_programs; p < __stop_flow_programs; p++) {
		if (strcmp(p->name, program.name))
			continue;
		p->run();
		return 0;
	}
	fprintf(stderr, "no PROGRAM(%s)\n", program.name);
	return 2;
}

void say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

const char *error_name(int error)
{
	const char *name = strerrorname_np(error);
	return !error ? "EOF" : name ? name : "?";
}

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static int dial_curl(void)
{
	CURL *curl = curl_easy_init();
	char url[128];
	curl_socket_t fd = FDS_MAX;
	snprintf(url, sizeof(url), strchr(program.address, ':') ? "http://[%s]:%d" : "http://%s:%d",
		 program.address, program.port);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	CURLcode code = curl_easy_perform(curl);
	if (code || curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) || fd >= FDS_MAX)
		die(curl_easy_strerror(code));
	curl_of[fd] = curl;
	return fd;
}

static struct addrinfo *peer_address(void)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	char port[16];
	snprintf(port, sizeof(port), "%d", program.port);
	if (getaddrinfo(program.address, port, &hints, &found))
		die(program.address);
	return found;
}

int dial_socket(void)
{
	struct addrinfo *peer = peer_address();
	int fd = socket(peer->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	freeaddrinfo(peer);
	if (fd < 0)
		die("socket");
	return fd;
}

static uint32_t epoll_events(void)
{
	switch (program.way) {
	case WAY_EDGE:
		return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
	case WAY_ONESHOT:
		return EPOLLIN | EPOLLONESHOT;
	default:
		return EPOLLIN;
	}
}

static void control(int op, int fd)
{
	struct epoll_event event = {.events = epoll_events(), .data.fd = fd};
	if (epoll_ctl(epoll_set, op, fd, &event))
		die("epoll_ctl");
}

void dial_on(int fd)
{
	struct addrinfo *peer = peer_address();
	if (connect(fd, peer->ai_addr, peer->ai_addrlen))
		die("connect");
	freeaddrinfo(peer);
	if (program.way == WAY_BLOCK)
		return;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (program.way == WAY_POLL)
		return;
	if (epoll_set < 0 && (epoll_set = epoll_create1(EPOLL_CLOEXEC)) < 0)
		die("epoll_create1");
	control(EPOLL_CTL_ADD, fd);
	/* A loop has waited before a connection is used again: redial goes by that. */
	epoll_wait(epoll_set, &(struct epoll_event){0}, 1, 0);
}

int dial(void)
{
	if (program.way == WAY_CURL)
		return dial_curl();
	int fd = dial_socket();
	dial_on(fd);
	return fd;
}

void hang_up(int fd)
{
	if (program.way != WAY_CURL) {
		close(fd);
		return;
	}
	curl_easy_cleanup(curl_of[fd]);
	curl_of[fd] = NULL;
}

/* Curl's word in errno's terms. */
static ssize_t curl_result(int fd, CURLcode code, size_t count)
{
	long error = 0;
	if (code == CURLE_OK)
		return (ssize_t)count;
	curl_easy_getinfo(curl_of[fd], CURLINFO_OS_ERRNO, &error);
	errno = code == CURLE_AGAIN ? EAGAIN : error ? (int)error : EIO;
	return -1;
}

static ssize_t send_some(int fd, const void *bytes, size_t len)
{
	size_t count = 0;
	if (program.way != WAY_CURL)
		return send(fd, bytes, len, MSG_NOSIGNAL);
	CURLcode code = curl_easy_send(curl_of[fd], bytes, len, &count);
	return curl_result(fd, code, count);
}

static ssize_t receive_some(int fd, void *bytes, size_t size)
{
	size_t count = 0;
	if (program.way != WAY_CURL)
		return recv(fd, bytes, size, 0);
	CURLcode code = curl_easy_recv(curl_of[fd], bytes, size, &count);
	return curl_result(fd, code, count);
}

bool put(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len) {
		ssize_t sent = send_some(fd, at, len);
		if (sent < 0 && errno == EAGAIN) {
			struct pollfd p = {.fd = fd, .events = POLLOUT};
			if (poll(&p, 1, SILENCE_MS) == 0) {
				errno = ETIME;
				return false;
			}
			continue;
		}
		if (sent < 0)
			return false;
		at += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* epoll may tell of another descriptor first; edges of this one must not get lost over it. */
static bool await_epoll(int fd)
{
	long end = now_ms() + SILENCE_MS;
	if (program.way == WAY_ONESHOT)
		control(EPOLL_CTL_MOD, fd);
	for (long left = SILENCE_MS; left > 0; left = end - now_ms()) {
		struct epoll_event event;
		int count = epoll_wait(epoll_set, &event, 1, (int)left);
		if (count == 1 && event.data.fd == fd)
			return true;
		if (count < 0 && errno != EINTR)
			die("epoll_wait");
	}
	return false;
}

bool await(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	switch (program.way) {
	case WAY_LEVEL:
	case WAY_EDGE:
	case WAY_ONESHOT:
		return await_epoll(fd);
	default:
		return poll(&p, 1, SILENCE_MS) == 1;
	}
}

ssize_t get(int fd, void *bytes, size_t size)
{
	for (;;) {
		ssize_t got = receive_some(fd, bytes, size);
		if (got >= 0 || errno != EAGAIN || program.way == WAY_BLOCK)
			return got;
		if (!await(fd)) {
			errno = ETIME;
			return -1;
		}
	}
}

bool ask(int fd, const char *method, const char *path, const char *body)
{
	char request[8192];
	size_t len = (size_t)snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: test\r\n",
				      method, path);
	if (body)
		len += (size_t)snprintf(request + len, sizeof(request) - len,
					"Content-Length: %zu\r\n", strlen(body));
	len += (size_t)snprintf(request + len, sizeof(request) - len, "\r\n%s", body ? body : "");
	if (put(fd, request, len))
		return true;
	say("%s while sending %s", error_name(errno), path);
	return false;
}

bool exchange(int fd, const char *method, const char *path, const char *body)
{
	if (!ask(fd, method, path, body))
		return false;
	return strcmp(method, "HEAD") ? answer(fd) : answer_to_head(fd);
}

void read_to_the_end(int fd)
{
	uint32_t sum = FNV1A_START;
	size_t total = 0;
	char bytes[4096];
	ssize_t got;
	while ((got = get(fd, bytes, sizeof(bytes))) > 0) {
		sum = fnv1a(sum, bytes, (size_t)got);
		total += (size_t)got;
	}
	say("%zu bytes, sum %08x, then %s", total, sum, error_name(got ? errno : 0));
}

void await_death(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	if (poll(&p, 1, SILENCE_MS) != 1)
		say("the connection lives on");
}

bool begin_rescue(int fd)
{
	int before = descriptors();
	if (!ask(fd, "GET", "/2", NULL))
		return false;
	for (int i = 0; i < 200; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char byte;
		poll(&p, 1, 20);
		ssize_t got = recv(fd, &byte, 1, 0);
		if (got >= 0 || errno != EAGAIN) {
			say("no rescue: %s", got > 0 ? "data" : error_name(got ? errno : 0));
			return false;
		}
		if (descriptors() > before)
			return true;
	}
	say("no rescue");
	return false;
}

int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count - 3; /* ".", ".." and the one that we look through */
}

long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t fnv1a(uint32_t sum, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ at[i]) * 16777619u;
	return sum;
}
