/* SPDX-License-Identifier: MIT */
#include "states.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETRY(more) "retry = { " more " }; budget = { enabled = false; };"
#define PAUSE	    "backoff = { base_ms = 400; max_ms = 400; jitter = \"none\"; };"
#define QUICK	    "backoff = { base_ms = 1; max_ms = 1; };"

static int fresh(void)
{
	return dial();
}

static int idle(void)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	return fd;
}

static int writing(void)
{
	int fd = idle();
	put(fd, "GET /2 HTTP/1.1\r\nHost:", 22);
	return fd;
}

static int asked(void)
{
	int fd = idle();
	ask(fd, "GET", "/2", NULL);
	return fd;
}

/* As many bytes of it. */
static int answering(void)
{
	char bytes[10];
	int fd = asked();
	get(fd, bytes, sizeof(bytes));
	return fd;
}

static int rescued(void)
{
	int fd = idle();
	begin_rescue(fd);
	return fd;
}

/* A wait takes the rescue on, as far as it goes in that time. */
static int awaited(int fd, int ms)
{
	struct pollfd what = {fd, POLLIN, 0};
	poll(&what, 1, ms);
	return fd;
}

/* More than fits between the two. */
static int sending(void)
{
	static char body[50000];
	int fd = dial_socket(), room = 4096;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	put(fd, "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n", 51);
	put(fd, body, sizeof(body));
	return awaited(fd, LATE_MS / 2);
}

static int awaiting(void)
{
	return awaited(asked(), LATE_MS / 2);
}

/* It reads, and there is nothing yet. */
static int looked(void)
{
	char byte;
	int fd = awaited(asked(), SOON_MS);
	if (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
		say("too early");
	return fd;
}

static int failed(void)
{
	return awaited(asked(), 5000);
}

/* The first bytes of an answer that was held back. */
static int giving(void)
{
	char bytes[4];
	int fd = failed();
	get(fd, bytes, sizeof(bytes));
	return fd;
}

/* By a proxy. */
static int greeting(void)
{
	static const char head[] = "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n";
	char byte, seen[4] = "";
	int fd = dial();
	put(fd, head, sizeof(head) - 1);
	while (memcmp(seen, "\r\n\r\n", 4) != 0 && get(fd, &byte, 1) == 1) {
		memmove(seen, seen + 1, 3);
		seen[3] = byte;
	}
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	return awaited(fd, LATE_MS / 2);
}

static int resuming(void)
{
	char bytes[512];
	int fd = asked();
	ssize_t got = get(fd, bytes, sizeof(bytes));
	if (got <= 0 || memmem(bytes, (size_t)got, "\r\n\r\n", 4) == NULL)
		say("no head");
	return awaited(fd, LATE_MS / 2);
}

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

/* A connection on which one request is answered, and the next one has come. */
static int used(struct peer *peer)
{
	int fd = peer_accept(peer);
	if (fd < 0 || peer_read_until(peer, fd, "\r\n\r\n"))
		return fd;
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	return fd;
}

/* Whoever comes is served, this time with that. */
static void serve(struct peer *peer, int fd, const char *text)
{
	while (fd >= 0 && !peer_read_until(peer, fd, "\r\n\r\n"))
		peer_say(fd, text);
	peer_close(fd);
}

static void opens_late(struct peer *peer)
{
	static const char opened[] = "HTTP/1.1 200 Opened\r\n\r\n";
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, opened);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	if (fd < 0 || peer_read_until(peer, fd, "\r\n\r\n"))
		return;
	usleep(LATE_MS * 1000);
	peer_say(fd, opened);
	serve(peer, fd, OK);
}

/* What the second proxy, or server, does once it has been asked: nothing at all, or that. */
static void is_silent(struct peer *peer, void (*end)(int fd))
{
	int fd = peer_accept(peer);
	if (fd < 0 || peer_read_until(peer, fd, "\r\n\r\n"))
		return;
	if (!end)
		peer_read_all(peer, fd);
	(end ? end : peer_close)(fd);
}

static void begins_tunnel(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 Opened\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
}

static void opens_never(struct peer *peer)
{
	begins_tunnel(peer);
	is_silent(peer, NULL);
}

static void resets_tunnel(struct peer *peer)
{
	begins_tunnel(peer);
	is_silent(peer, peer_reset);
}

static void begins_body(struct peer *peer)
{
	int fd = used(peer);
	peer_say(fd, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nAccept-Ranges: bytes\r\n"
		     "Content-Length: 10\r\n\r\n01234");
	usleep(SOON_MS * 1000);
	peer_reset(fd);
}

static void resumes_never(struct peer *peer)
{
	begins_body(peer);
	is_silent(peer, NULL);
}

static void resets_rest(struct peer *peer)
{
	begins_body(peer);
	is_silent(peer, peer_reset);
}

static void ends_rest(struct peer *peer)
{
	begins_body(peer);
	is_silent(peer, peer_close);
}

static void resumes_late(struct peer *peer)
{
	begins_body(peer);
	int fd = peer_accept(peer);
	if (fd < 0 || peer_read_until(peer, fd, "\r\n\r\n"))
		return;
	usleep(LATE_MS * 1000);
	peer_say(fd, "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\n"
		     "Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789");
	serve(peer, fd, OK);
}

static void says_its_status_late(struct peer *peer)
{
	int fd = used(peer);
	peer_say(fd, "HTTP/1.1 5");
	usleep(LATE_MS * 1000);
	peer_say(fd, "03 Busy\r\nContent-Length: 2\r\n\r\nno");
	peer_read_all(peer, fd);
	peer_close(fd);
	serve(peer, peer_accept(peer), OK);
}

static void has_little_room(struct peer *peer)
{
	int room = 2048;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

static void reads_late(struct peer *peer)
{
	has_little_room(peer); /* of those who come from now on */
	int fd = used(peer);
	peer_read_count(peer, fd, 50000);
	peer_reset(fd);
	fd = peer_accept(peer);
	usleep(LATE_MS * 1000);
	if (fd < 0 || peer_read_until(peer, fd, "\r\n\r\n") || peer_read_count(peer, fd, 50000))
		return;
	peer_say(fd, OK);
	serve(peer, fd, OK);
}

static void is_busy_and_goes(struct peer *peer)
{
	int fd = used(peer);
	peer_refuse(peer);
	peer_say(fd, "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno");
	peer_read_all(peer, fd);
	peer_close(fd);
}

const struct state states[] = {
    {"fresh", NULL, NULL, NULL, NULL, fresh},
    {"idle", NULL, NULL, NULL, NULL, idle},
    {"writing", NULL, NULL, NULL, NULL, writing},
    {"asked", NULL, "delay=200@1.2", NULL, NULL, asked},
    {"answering", NULL, NULL, NULL, NULL, answering},
    {"backoff", RETRY(PAUSE), "shed=1@1.2", NULL, NULL, rescued},
    {"connecting", RETRY("connect_timeout_ms = 200; max_attempts = 2;"), "hang-accept=4@1.2", NULL,
     NULL, awaiting},
    {"greeting", RETRY(QUICK), NULL, NULL, opens_late, greeting},
    {"sending", RETRY("methods = [\"GET\", \"PUT\"]; " QUICK), NULL, NULL, reads_late, sending},
    {"resuming", RETRY("resume = true; " QUICK), NULL, NULL, resumes_late, resuming},
    {"awaiting", RETRY(QUICK), "reset@1.2", "delay=200@2.1", NULL, awaiting},
    {"waiting",
     RETRY(
	 "on = [\"reset\", \"eof\", \"stale\", \"response-timeout\"]; response_timeout_ms = 150;"),
     "delay=300@1.2", NULL, NULL, looked},
    {"failed", RETRY(QUICK), "refuse=9@1.2", NULL, NULL, failed},
    {"holding", RETRY("statuses = [503]; " QUICK), NULL, NULL, says_its_status_late, looked},
    {"giving", RETRY("statuses = [503]; " QUICK), NULL, NULL, is_busy_and_goes, giving},
    {0},
};

#define SHORT "total_timeout_ms = 100; "

const struct state failures[] = {
    {"greeting", RETRY(QUICK "connect_timeout_ms = 100; "), NULL, NULL, opens_never, greeting},
    {"greeting", RETRY(QUICK SHORT), NULL, NULL, opens_never, greeting},
    {"greeting", RETRY(QUICK), NULL, NULL, resets_tunnel, greeting},
    {"resuming", RETRY("resume = true; " QUICK SHORT), NULL, NULL, resumes_never, resuming},
    {"resuming", RETRY("resume = true; " QUICK), NULL, NULL, resets_rest, resuming},
    {"resuming", RETRY("resume = true; " QUICK), NULL, NULL, ends_rest, resuming},
    {0},
};
