/* SPDX-License-Identifier: MIT */
/*
 * client WAY METHOD ROUNDS PORT FOLDER RUN: in each round a connection, a GET on it, and then the
 * request of which the server makes a rescue; that one between two marks, which the tracer sees.
 * Behind it a request to show that life goes on. Prints what came of each, and at the end how many
 * descriptors are open and how much memory is mapped.
 *
 * WAY: block, poll, epoll, epollet, select or dontwait (a poll, and MSG_DONTWAIT on a socket that
 * blocks); tls; cold, the mark before the connect; idle, waits until the connection is dead;
 * writev, sendmsg, write, two (a call for the head and one for the body); mapped, the request lies
 * in a file; peek, looks before it reads; read; hasty, waits for a second at most; nodelay, sends
 * its last flight of a handshake, and the request behind it, at once (tcp(7)).
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../mark.h"
#include "client.h"

struct area area;
struct link link_ = {-1, -1};
const char *stage;

static const char *way, *folder, *run;
static char *request = area.request; /* or in a file */

bool is_way(const char *word)
{
	size_t len = strlen(word);
	for (const char *at = way; (at = strstr(at, word)); at += len)
		if ((at == way || at[-1] == ',') && (at[len] == ',' || !at[len]))
			return true;
	return false;
}

static void mark(void)
{
	raise(SIGSTOP);
	syscall(SYS_getpgid, MARK, &area, sizeof(area));
}

/* Past the hooks, so that it tells redial nothing. */
static void await_death(void)
{
	struct pollfd dead = {link_.fd, POLLIN | POLLRDHUP, 0};
	struct timespec most = {2, 0};
	syscall(SYS_ppoll, &dead, 1L, &most, NULL, 0L);
}

static int dial(void)
{
	int one = 1;
	stage = "dial";
	link_.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link_.fd < 0 || connect(link_.fd, (struct sockaddr *)&area.addr, sizeof(area.addr)) < 0)
		return -1;
	if (is_way("nodelay"))
		setsockopt(link_.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!is_way("block") && !is_way("dontwait"))
		fcntl(link_.fd, F_SETFL, O_NONBLOCK);
	if (is_way("epoll") || is_way("epollet")) {
		if ((link_.set = epoll_create1(EPOLL_CLOEXEC)) < 0)
			return -1;
		area.event.events = is_way("epollet") ? EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET
						      : EPOLLIN | EPOLLRDHUP;
		if (epoll_ctl(link_.set, EPOLL_CTL_ADD, link_.fd, &area.event))
			return -1;
		/* Of a set that was never waited on redial cannot know who waits, or how. */
		epoll_wait(link_.set, &area.event, 1, 0);
	}
	return is_way("tls") ? secure_start() : 0;
}

static void hang_up(void)
{
	if (is_way("tls"))
		secure_end();
	if (link_.set >= 0)
		close(link_.set);
	if (link_.fd >= 0)
		close(link_.fd);
	link_.fd = link_.set = -1;
}

/* How long the whole of it is; 0 while that is not known. */
static size_t answer_len(void)
{
	const char *end = strstr(area.answer, "\r\n\r\n");
	const char *said = strstr(area.answer, "Content-Length: ");
	if (!end || !said || said > end)
		return 0;
	return (size_t)(end + 4 - area.answer) + strtoul(said + 16, NULL, 10);
}

static int put(const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = is_way("tls") ? put_secure(bytes, len) : put_plain(bytes, len);
		if (n < 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* 1: the answer is there; 0: the end came; -1: errno. */
static int exchange(const char *method, int round, int number)
{
	bool body = strcmp(method, "POST") == 0;
	int len = snprintf(request, sizeof(area.request),
			   "%s /%s/%d/%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s", method, run,
			   round, number, body ? "Content-Length: 4\r\n" : "", body ? "body" : "");
	size_t got = 0, whole = 0, head = (size_t)len - (body ? 4 : 0);

	stage = "put";
	if (is_way("two") && body) {
		if (put(request, head) || put(request + head, 4))
			return -1;
	} else if (put(request, (size_t)len))
		return -1;
	stage = "get";
	memset(area.answer, 0, sizeof(area.answer));
	while (!whole || got < whole) {
		size_t room = sizeof(area.answer) - 1 - got;
		ssize_t n = is_way("tls") ? get_secure(area.answer + got, room)
					  : get_plain(area.answer + got, room);
		if (n <= 0)
			return (int)n;
		got += (size_t)n;
		whole = answer_len();
	}
	return 1;
}

/* Says what came of it; true if that was an answer. */
static bool tell(const char *what, int round, int number, int result)
{
	char body[64];
	int error = errno;
	bool answered = result == 1 && strncmp(area.answer, "HTTP/1.1 200", 12) == 0;

	snprintf(body, sizeof(body), "\r\n\r\n/%s/%d/%d", run, round, number);
	if (result == 1 && !strstr(area.answer, body))
		printf("%s %d wrong 0\n", what, round);
	else if (result == 1)
		printf("%s %d %s 0\n", what, round, answered ? "answer" : "status");
	else
		printf("%s %d %s %d\n", what, round, result == 0 ? "eof" : stage,
		       result == 0 ? 0 : error);
	return answered;
}

static void play(const char *method, int round)
{
	int result;

	if (is_way("cold"))
		mark();
	result = dial();
	if (result == 0)
		result = exchange("GET", round, 1);
	if (!is_way("cold")) {
		if (is_way("idle"))
			await_death();
		mark();
	}
	if (result == 1)
		result = exchange(method, round, 2);
	int error = errno;
	mark();
	errno = error;
	if (!tell("round", round, 2, result)) {
		hang_up();
		if (dial())
			printf("after %d dial %d\n", round, errno);
	}
	tell("after", round, 3, exchange("GET", round, 3));
	hang_up();
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count - 1;
}

static long mapped_kb(void)
{
	long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	if (!statm || fscanf(statm, "%ld", &pages) != 1)
		return -1;
	fclose(statm);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void map_request(void)
{
	char name[512];
	snprintf(name, sizeof(name), "%s/mapped.%d", folder, getpid());
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		exit(2);
	request = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	unlink(name);
}

int main(int argc, char **argv)
{
	if (argc < 7)
		return 2;
	way = argv[1], folder = argv[5], run = argv[6];
	int rounds = atoi(argv[3]);
	long settled = 0;
	area.addr.sin_family = AF_INET;
	area.addr.sin_port = htons((uint16_t)atoi(argv[4]));
	area.addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (is_way("mapped"))
		map_request();
	if (is_way("tls"))
		secure_prepare(folder);
	for (int round = 1; round <= rounds; round++) {
		play(argv[2], round);
		if (round == rounds / 3)
			settled = mapped_kb();
	}
	printf("end %d %ld %ld\n", open_fds(), mapped_kb(), settled ? mapped_kb() - settled : 0);
	return 0;
}
