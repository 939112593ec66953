/* SPDX-License-Identifier: MIT */
/*
 * load PORT CONNECTIONS SECONDS METHOD PATH [tls]: keep-alive requests on that many connections at
 * once, each with one under way, for so long; `?n=` and a number of its own is put behind each
 * path. Prints one line of JSON: how many were answered with 200, how many failed (another status,
 * or a connection that was lost), how long it took, and the median and 99th percentile of an
 * answer's time in microseconds.
 */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "bench.h"

struct link {
	int fd;
	SSL *ssl;
	double sent;
	size_t head_len, body_left;
	int status, in_body;
	char head[2048];
};

static struct sockaddr_in addr;
static SSL_CTX *context;
static const char *method, *path;
static int waiter;
static unsigned long answered, failed, asked;
static double *took;
static size_t taken, room;

static void note(double us)
{
	if (taken == room) {
		room = room ? room * 2 : 1 << 16;
		took = realloc(took, room * sizeof(*took));
		if (!took)
			die("realloc");
	}
	took[taken++] = us;
}

static void open_link(struct link *link)
{
	struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = link};

	link->fd = dial(&addr);
	if (context) {
		link->ssl = SSL_new(context);
		SSL_set_fd(link->ssl, link->fd);
		if (SSL_connect(link->ssl) != 1)
			die("SSL_connect");
	}
	fcntl(link->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(waiter, EPOLL_CTL_ADD, link->fd, &wanted))
		die("epoll_ctl");
}

static void close_link(struct link *link)
{
	if (link->ssl)
		SSL_free(link->ssl);
	link->ssl = NULL;
	close(link->fd);
}

/* Requests are far smaller than a socket's buffer: one send takes them whole, or fails. */
static int ask(struct link *link)
{
	const char *body = strcmp(method, "POST") ? "" : "payload";
	char text[1024];
	int len = snprintf(text, sizeof(text),
			   "%s %s?n=%d.%lu HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\n"
			   "Accept: */*\r\n%s\r\n%s",
			   method, path, (int)getpid(), asked++,
			   *body ? "Content-Length: 7\r\n" : "", body);

	link->head_len = link->body_left = 0;
	link->in_body = 0;
	link->sent = now_us();
	if (link->ssl)
		return SSL_write(link->ssl, text, len) == len;
	return send(link->fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

/* Asks on a new connection until one takes it; a failure of each that does not. */
static void begin(struct link *link)
{
	while (open_link(link), !ask(link)) {
		failed++;
		close_link(link);
	}
}

static ssize_t take(struct link *link, char *into, size_t size)
{
	ssize_t n;

	if (!link->ssl)
		return recv(link->fd, into, size, 0);
	n = SSL_read(link->ssl, into, (int)size);
	if (n <= 0 && SSL_get_error(link->ssl, (int)n) == SSL_ERROR_WANT_READ) {
		errno = EAGAIN;
		return -1;
	}
	return n > 0 ? n : 0;
}

/* Reads of a head what is there; how many of the bytes were its, or -1 if it is none. */
static ssize_t read_head(struct link *link, const char *data, size_t len)
{
	size_t before = link->head_len, part = sizeof(link->head) - 1 - before;
	const char *end, *length;

	part = len < part ? len : part;
	memcpy(link->head + before, data, part);
	link->head_len += part;
	link->head[link->head_len] = '\0';
	end = strstr(link->head, "\r\n\r\n");
	if (!end)
		return link->head_len < sizeof(link->head) - 1 ? (ssize_t)part : -1;
	length = strcasestr(link->head, "\r\nContent-Length:");
	if (!length || sscanf(link->head, "HTTP/1.%*d %d", &link->status) != 1)
		return -1;
	link->body_left = strtoul(length + 17, NULL, 10);
	link->in_body = 1;
	return end + 4 - link->head - (ssize_t)before;
}

/* What has come, as far as it goes; 0 if the connection is lost, or says what it should not. */
static int answer(struct link *link)
{
	static char data[1 << 16];
	ssize_t n;

	while ((n = take(link, data, sizeof(data))) > 0) {
		ssize_t used = link->in_body ? 0 : read_head(link, data, (size_t)n);

		if (used < 0 || (size_t)(n - used) > (link->in_body ? link->body_left : 0))
			return 0;
		link->body_left -= (size_t)(n - used);
		if (!link->in_body || link->body_left)
			continue;
		note(now_us() - link->sent);
		if (link->status == 200)
			answered++;
		else
			failed++;
		return ask(link);
	}
	return n < 0 && errno == EAGAIN;
}

static void run_until(double end)
{
	struct epoll_event ready[256];

	while (now_us() < end) {
		int n = epoll_wait(waiter, ready, 256, 100);

		for (int i = 0; i < n; i++) {
			struct link *link = ready[i].data.ptr;

			if (answer(link))
				continue;
			failed++;
			close_link(link);
			begin(link);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = {1 << 16, 1 << 16};
	int count;
	double began, seconds;
	struct link *links;

	if (argc < 6)
		return 2;
	addr = loopback(argv[1]);
	count = atoi(argv[2]);
	method = argv[4];
	path = argv[5];
	setrlimit(RLIMIT_NOFILE, &files);
	waiter = epoll_create1(EPOLL_CLOEXEC);
	if (argc > 6)
		context = SSL_CTX_new(TLS_client_method());
	links = calloc((size_t)count, sizeof(*links));
	if (!links || waiter < 0)
		die("setting up");
	for (int i = 0; i < count; i++)
		begin(&links[i]);
	answered = failed = taken = 0;
	began = now_us();
	run_until(began + atof(argv[3]) * 1e6);
	seconds = (now_us() - began) / 1e6;
	qsort(took, taken, sizeof(*took), by_size);
	printf("{\"answered\": %lu, \"failed\": %lu, \"seconds\": %.3f, \"p50\": %.1f, \"p99\": "
	       "%.1f}\n",
	       answered, failed, seconds, taken ? took[taken / 2] : 0,
	       taken ? took[taken * 99 / 100] : 0);
	return 0;
}
