/* SPDX-License-Identifier: MIT */
/* What is not HTTP/1.x, or not to be repeated, passes as if redial were not there. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

#define KILOBYTE ((size_t)1024)
#define MEGABYTE (KILOBYTE * 1024)

static size_t put_text(char *out, const char *text)
{
	memcpy(out, text, strlen(text));
	return strlen(text);
}

static size_t garbage(char *out)
{
	uint32_t x = 1;
	for (size_t i = 0; i < 3000; i++)
		out[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
	return 3000;
}

static size_t half_head(char *out)
{
	return put_text(out, "GET /half HTTP/1.1\r\nHost: te");
}

static size_t huge_header(char *out)
{
	size_t len = put_text(out, "GET /huge HTTP/1.1\r\nHost: test\r\nX-Huge: ");
	memset(out + len, 'h', MEGABYTE);
	return len + MEGABYTE + put_text(out + len + MEGABYTE, "\r\n\r\n");
}

static size_t client_hello(char *out)
{
	static const char start[] = {0x16, 3, 1, 2, 0, 1, 0, 1, (char)0xfc, 3, 3};
	memcpy(out, start, sizeof(start));
	return sizeof(start) + garbage(out + sizeof(start));
}

static size_t zeroes(char *out)
{
	memset(out, 0, 5000);
	return 5000;
}

static size_t request_with_nul(char *out)
{
	size_t len = put_text(out, "GET /nul HTTP/1.1\r\nHost: te?st\r\n\r\n");
	*strchr(out, '?') = '\0';
	return len;
}

static size_t http2_preface(char *out)
{
	return put_text(out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + garbage(out + 24);
}

static size_t proxy_line(char *out)
{
	return put_text(out, "PROXY TCP4 10.0.0.1 10.0.0.2 1111 80\r\n"
			     "GET /proxied HTTP/1.1\r\nHost: test\r\n\r\n");
}

static size_t two_lengths(char *out)
{
	return put_text(out, "POST /x HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n"
			     "Content-Length: 30\r\n\r\nabcdefghi");
}

static size_t http09(char *out)
{
	return put_text(out, "GET /old\r\n");
}

static size_t binary_of_8_megabytes(char *out)
{
	for (size_t i = 0; i < 8 * MEGABYTE; i++)
		out[i] = (char)(i * 7 + i / 251);
	return 8 * MEGABYTE;
}

static size_t post_of_8_megabytes(char *out)
{
	size_t len = put_text(out, "POST /big HTTP/1.1\r\nHost: test\r\n"
				   "Content-Length: 8388608\r\n\r\n");
	return len + binary_of_8_megabytes(out + len);
}

static const struct blob {
	const char *name;
	size_t (*make)(char *out);
} blobs[] = {
    {"garbage", garbage},
    {"half a head", half_head},
    {"a header line of 1 MiB", huge_header},
    {"TLS", client_hello},
    {"zeroes", zeroes},
    {"a NUL in a header", request_with_nul},
    {"HTTP/2", http2_preface},
    {"PROXY protocol", proxy_line},
    {"two lengths", two_lengths},
    {"HTTP/0.9", http09},
    {"8 MiB of binary", binary_of_8_megabytes},
    {"a POST of 8 MiB", post_of_8_megabytes},
};

enum { BLOBS = sizeof(blobs) / sizeof(blobs[0]) };

static void put_blob(int fd)
{
	char *bytes = malloc(8 * MEGABYTE + KILOBYTE);
	const struct blob *blob = blobs;
	while (strcmp(blob->name, program.arg))
		blob++;
	size_t len = blob->make(bytes);
	if (!put(fd, bytes, len))
		say("%s while sending", error_name(errno));
	free(bytes);
}

PROGRAM(blob_first)
{
	int fd = dial();
	put_blob(fd);
	shutdown(fd, SHUT_WR);
	read_to_the_end(fd);
}

PROGRAM(blob_on_reused_connection)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put_blob(fd);
	shutdown(fd, SHUT_WR);
	read_to_the_end(fd);
}

static void serve_sink(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_all(peer, fd);
	peer_say(fd, "that was all\n");
	peer_close(fd);
}

static void serve_get_then_sink(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_all(peer, fd);
	peer_say(fd, "that was all\n");
	peer_close(fd);
}

static void every_blob(const char *name, peer_function *peer)
{
	static const enum way ways[] = {WAY_BLOCK, WAY_POLL, WAY_EDGE};
	for (int i = 0; i < BLOBS; i++) {
		for (int way = 0; way < 3; way++) {
			struct flow flow = {
			    .program = name, .arg = blobs[i].name, .way = ways[way], .peer = peer};
			flow_both_alike(&flow);
			expect_logged(&flow, 0, "event=attempt", NULL);
			flow_end(&flow);
		}
	}
}

static void what_is_not_http_arrives_byte_for_byte(void)
{
	every_blob("blob_first", serve_sink);
}

static void what_is_not_http_arrives_byte_for_byte_on_a_reused_connection(void)
{
	every_blob("blob_on_reused_connection", serve_get_then_sink);
}

PROGRAM(big_answer)
{
	static const char request[] = "GET /hash/8388608 HTTP/1.0\r\nHost: test\r\n\r\n";
	int fd = dial();
	if (put(fd, request, sizeof(request) - 1))
		read_to_the_end(fd);
}

static void answer_of_8_megabytes_arrives_byte_for_byte(void)
{
	struct flow flow = {.program = "big_answer"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++)
		flow_both_alike(&flow);
	flow_end(&flow);
}

/* arg: what its last field says; a NUL in it is written as '?'. */
PROGRAM(doubtful_get)
{
	char request[256];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int len =
	    snprintf(request, sizeof(request),
		     "GET /2 HTTP/1.1\r\nHost: test\r\nUser-Agent: a rather long name of it\r\n"
		     "X-Doubtful: %s\r\n\r\n",
		     program.arg);
	for (char *at = request; (at = strchr(at, '?'));)
		*at = '\0';
	put(fd, request, (size_t)len);
	read_to_the_end(fd);
}

static void serve_get_then_reset(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
}

/* That it is none is found only then: until a request fails its bytes are not all looked at. */
static void get_that_two_servers_may_read_differently_gets_its_error(void)
{
	static const char *const fields[] = {"a?b", "a\nX-Other: b", "a\rX-Other: b"};
	for (int i = 0; i < 3; i++) {
		struct flow flow = {
		    .program = "doubtful_get", .arg = fields[i], .peer = serve_get_then_reset};
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_both_alike(&flow);
			expect_logged(&flow, 0, "event=attempt", NULL);
		}
		flow_end(&flow);
	}
}

static void serve_greeting(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_say(fd, "220 mail.example ready\r\n");
	peer_read_until(peer, fd, "\r\n");
	peer_say(fd, "250 hello\r\n");
	peer_read_until(peer, fd, "\r\n");
	peer_reset(fd);
}

static void say_line(int fd)
{
	char line[100] = "";
	size_t len = 0;
	while (len < sizeof(line) - 1 && !strchr(line, '\n')) {
		ssize_t got = get(fd, line + len, 1);
		if (got <= 0) {
			say("%s", error_name(got ? errno : 0));
			return;
		}
		len++;
	}
	say("%.*s", (int)strcspn(line, "\r"), line);
}

PROGRAM(mail)
{
	int fd = dial();
	say_line(fd);
	put(fd, "EHLO test\r\n", 11);
	say_line(fd);
	put(fd, "MAIL FROM:<a@b>\r\n", 17);
	say_line(fd);
}

static void protocol_in_which_the_server_talks_first_is_left_alone(void)
{
	struct flow flow = {.program = "mail", .peer = serve_greeting};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_both_alike(&flow);
		expect_logged(&flow, 0, NULL, NULL);
	}
	flow_end(&flow);
}

/* Writes until the kernel says that nobody is there. arg: what is done about SIGPIPE. */
PROGRAM(write_to_the_dead)
{
	bool nosignal = !strcmp(program.arg, "MSG_NOSIGNAL");
	int fd = dial();
	if (!strcmp(program.arg, "ignored"))
		signal(SIGPIPE, SIG_IGN);
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	for (int i = 0; i < 3; i++) {
		struct pollfd p = {.fd = fd};
		ssize_t sent =
		    nosignal ? send(fd, "POST ", 5, MSG_NOSIGNAL) : write(fd, "POST ", 5);
		say("%s", sent < 0 ? error_name(errno) : "written");
		poll(&p, 1, 1000); /* for the RST that this was answered with */
	}
}

static void sigpipe_comes_when_it_would_bare(const char *policy, const char *other_fault)
{
	static const struct {
		const char *arg;
		int status;
	} dispositions[] = {{"default", 128 + SIGPIPE}, {"ignored", 0}, {"MSG_NOSIGNAL", 0}};
	static const char *const ends[] = {"idle-close@1.1", "idle-reset@1.1"};
	for (int i = 0; i < 6; i++) {
		struct flow flow = {.program = "write_to_the_dead",
				    .arg = dispositions[i / 2].arg,
				    .status = dispositions[i / 2].status,
				    .faults = {ends[i % 2], other_fault},
				    .policy = policy};
		flow_both_alike(&flow);
		flow_end(&flow);
	}
}

static void sigpipe_comes_when_it_would_bare_if_a_rescue_is_refused(void)
{
	sigpipe_comes_when_it_would_bare("retry = { on = []; };", NULL);
}

static void sigpipe_comes_when_it_would_bare_if_redial_is_disabled(void)
{
	sigpipe_comes_when_it_would_bare("enabled = false;", NULL);
}

static void serve_nothing(struct peer *peer)
{
	peer_close(peer_accept(peer));
}

PROGRAM(write_to_who_hung_up)
{
	int fd = dial();
	await_death(fd);
	for (int i = 0; i < 3; i++) {
		struct pollfd p = {.fd = fd};
		ssize_t sent = write(fd, "GET ", 4);
		say("%s", sent < 0 ? error_name(errno) : "written");
		poll(&p, 1, 1000);
	}
}

static void sigpipe_comes_on_a_connection_that_was_never_used(void)
{
	struct flow flow = {
	    .program = "write_to_who_hung_up", .peer = serve_nothing, .status = 128 + SIGPIPE};
	flow_both_alike(&flow);
	flow_end(&flow);
}

const struct runner_test passthrough_tests[] = {
    T(what_is_not_http_arrives_byte_for_byte),
    T(what_is_not_http_arrives_byte_for_byte_on_a_reused_connection),
    T(answer_of_8_megabytes_arrives_byte_for_byte),
    T(get_that_two_servers_may_read_differently_gets_its_error),
    T(protocol_in_which_the_server_talks_first_is_left_alone),
    T(sigpipe_comes_when_it_would_bare_if_a_rescue_is_refused),
    T(sigpipe_comes_when_it_would_bare_if_redial_is_disabled),
    T(sigpipe_comes_on_a_connection_that_was_never_used),
    T_END,
};
