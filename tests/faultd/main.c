/* SPDX-License-Identifier: MIT */
/* faultd: a keep-alive HTTP/1.1 server that misbehaves on purpose. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "conn.h"
#include "file.h"
#include "log.h"

static const char help[] =
    "usage: faultd [--listen ADDR] [--port N] [--log FILE] [--root DIR] [--parent]\n"
    "              [--keep-alive N] [--fault SPEC]...\n"
    "\n"
    "  --listen ADDR  127.0.0.1 unless told; ::1, :: and the like work too\n"
    "  --port N       0, the default: a free one; `listening ADDR PORT` is printed when ready\n"
    "  --log FILE     append what was seen: connect, request and close lines\n"
    "  --root DIR     answer with the files below DIR, else 404\n"
    "  --parent       end when the parent process ends\n"
    "  --keep-alive N answers that leave the connection open say Keep-Alive: timeout=N\n"
    "  --fault SPEC   ACTION[=ARG]@WHEN; the first that matches a request is done\n"
    "\n"
    "ACTION\n"
    "  reset             read the request, then RST\n"
    "  close             read the request, then FIN\n"
    "  reset-unread      the request has arrived and is not read: RST (SO_LINGER 0)\n"
    "  close-unread      the same, by a plain close(): the kernel sends RST, data being unread\n"
    "  fin-unread        the same, by shutdown(SHUT_WR): FIN, and the rest is never read\n"
    "  reset-after=K     RST after K bytes of the response, its head included\n"
    "  close-after=K     FIN after K bytes of the response\n"
    "  idle-reset[=MS]   answer; RST once the connection has been idle for MS (0)\n"
    "  idle-close[=MS]   answer; FIN once idle for MS\n"
    "  idle-408[=MS]     answer; once idle for MS send 408 with Connection: close, then FIN\n"
    "  idle-race=MS      answer; RST when the next request comes, unread, after MS or more: as if\n"
    "                    it had crossed the close of an idle connection\n"
    "  idle-silent       answer; from then on drop all that comes, as a path that has gone does\n"
    "  drop              read the request, never answer, stay connected\n"
    "  delay=MS          answer MS later\n"
    "  status=CODE       answer with this status\n"
    "  busy=SECONDS      answer 503 with Retry-After\n"
    "  early=CODE        answer and close while the request body is still coming\n"
    "  refuse=N          RST; the next N connection attempts get ECONNREFUSED\n"
    "  hang-accept=N     RST; the next N connections get no answer to their SYNs\n"
    "  shed=N            RST; the next N connections are accepted and reset at once\n"
    "\n"
    "WHEN (several joined by commas: all must hold)\n"
    "  N                 the Nth request of each connection\n"
    "  N+                the Nth and every later one of each connection\n"
    "  C.N               the Nth request of the Cth connection\n"
    "  every:N           each Nth request of the server\n"
    "  during:FROM-TO    so many ms after the server's first request\n"
    "  path:TEXT         requests whose path contains TEXT\n"
    "  method:NAME       requests of this method\n"
    "  once:WHEN         only the first time\n"
    "\n"
    "Paths: any answers 200 with a JSON body that tells conn, req, method, path and body length;\n"
    "/chunked the same in 3 chunks; /bytes/N and /hash/N a body of N bytes; /close with\n"
    "Connection: close; /http10 as HTTP/1.0 ended by close; /nobody 204.\n"
    "X-Body-Sum is the FNV-1a of the body; sum= in the log that of the request's.\n";

static void on_signal(int sig)
{
	(void)sig;
	_exit(0);
}

static int bad_usage(const char *what, const char *value)
{
	fprintf(stderr, "faultd: %s%s; see faultd --help\n", what, value);
	return 2;
}

static int next_wait(const struct server *s)
{
	int64_t wait = -1, now = now_ms();

	if (listener_needs_ticks(&s->listener))
		wait = 1;
	for (const struct conn *c = s->conns; c; c = c->next) {
		int64_t left = c->deadline_ms - now;

		if (c->deadline_ms && (wait < 0 || left < wait))
			wait = left < 0 ? 0 : left;
	}
	return (int)wait;
}

static void run_deadlines(struct server *s)
{
	int64_t now = now_ms();

	for (struct conn *c = s->conns; c; c = c->next) {
		if (!c->dead && c->deadline_ms && c->deadline_ms <= now)
			conn_timeout(s, c);
	}
	listener_tick(&s->listener);
}

static void watch(const struct server *s, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN};

	epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &ev);
}

/* A listening socket that was shut down reports EPOLLHUP for ever. */
static void watch_listener(struct server *s)
{
	bool refusing = s->listener.refuse_left > 0;

	if (refusing == s->refusing)
		return;
	s->refusing = refusing;
	epoll_ctl(s->epfd, EPOLL_CTL_DEL, refusing ? s->listener.fd : s->listener.packets, NULL);
	if (!refusing)
		watch(s, s->listener.fd);
	else if (s->listener.packets >= 0)
		watch(s, s->listener.packets);
}

static int serve(struct server *s)
{
	struct epoll_event got[64];

	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0) {
		perror("faultd: epoll");
		return 1;
	}
	watch(s, s->listener.fd);
	for (;;) {
		int n = epoll_wait(s->epfd, got, 64, next_wait(s));

		for (int i = 0; i < n; i++) {
			struct conn *c = got[i].data.ptr;

			if (c && !c->dead)
				conn_event(s, c, got[i].events);
			while (!c && !conn_accept(s))
				;
		}
		run_deadlines(s);
		watch_listener(s);
		conn_sweep(s);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"listen", required_argument, NULL, 'l'},
	    {"port", required_argument, NULL, 'p'},
	    {"log", required_argument, NULL, 'L'},
	    {"root", required_argument, NULL, 'r'},
	    {"parent", no_argument, NULL, 'P'},
	    {"fault", required_argument, NULL, 'f'},
	    {"keep-alive", required_argument, NULL, 'k'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	static struct server s;
	const char *address = "127.0.0.1";
	char error[512], *end;
	long port = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			address = optarg;
			break;
		case 'p':
			port = strtol(optarg, &end, 10);
			if (!*optarg || *end || port < 0 || port > 65535)
				return bad_usage("--port needs 0 to 65535, not ", optarg);
			break;
		case 'L':
			if (log_open(optarg) < 0)
				return bad_usage("cannot write the log ", optarg);
			break;
		case 'r':
			file_root(optarg);
			break;
		case 'k':
			reply_promise((int)strtol(optarg, NULL, 10));
			break;
		case 'P':
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			break;
		case 'f':
			if (spec_add(&s.faults, optarg, error, sizeof error))
				return bad_usage("--fault ", error);
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			return bad_usage("bad usage", "");
		}
	}
	if (optind < argc)
		return bad_usage("unexpected argument ", argv[optind]);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (listener_open(&s.listener, address, (int)port))
		return 1;
	printf("listening %s %d\n", address, s.listener.port);
	fflush(stdout);
	return serve(&s);
}
