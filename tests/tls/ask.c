/* SPDX-License-Identifier: MIT */
/*
 * ask WAY FOLDER PORT REQUEST...: requests on one connection over OpenSSL, one after the other;
 * prints of each the status, and the length and a sum of the body. REQUEST: GET, POST, PUT; KEYED,
 * a POST with an Idempotency-Key; OAUTH, a GET with an authorization that serves once; a number of
 * milliseconds to pause; `path/WHAT`, a GET of that path. WAY, words set apart by commas: poll
 * or epoll, else it blocks; tls12, no later version; ahead, the library reads as much as there is;
 * own, by a BIO of its own; peek, looks before it reads; small, reads byte by byte; pending, reads
 * little at once and asks SSL_pending whether there is more before it polls.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SILENT_MS = 15000, RESPONSE_MAX = 1 << 20 };

static const char *way;
static int fd, set = -1;
static SSL *ssl;
static char response[RESPONSE_MAX];
static size_t len;

static bool is_way(const char *word)
{
	return strstr(way, word) != NULL;
}

static int own_read(BIO *bio, char *bytes, int room)
{
	int got = (int)recv(fd, bytes, (size_t)room, 0);
	BIO_clear_retry_flags(bio);
	if (got < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	return got;
}

static int own_write(BIO *bio, const char *bytes, int count)
{
	int put = (int)send(fd, bytes, (size_t)count, MSG_NOSIGNAL);
	BIO_clear_retry_flags(bio);
	if (put < 0 && errno == EAGAIN)
		BIO_set_retry_write(bio);
	return put;
}

static long own_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO *make_bio(void)
{
	if (!is_way("own"))
		return BIO_new_socket(fd, BIO_NOCLOSE);
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "own");
	BIO_meth_set_read(method, own_read);
	BIO_meth_set_write(method, own_write);
	BIO_meth_set_ctrl(method, own_control);
	BIO *bio = BIO_new(method);
	BIO_set_init(bio, 1);
	return bio;
}

static bool is_ready(short events)
{
	struct pollfd what = {fd, events, 0};
	if (set < 0)
		return poll(&what, 1, SILENT_MS) == 1;
	struct epoll_event event = {.events = events == POLLIN ? EPOLLIN : EPOLLOUT};
	if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	return epoll_wait(set, &event, 1, SILENT_MS) == 1;
}

/* Waits until it can go on; else tells how it ended. */
static void wait_for(int result)
{
	int error = SSL_get_error(ssl, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		if (is_ready(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
			return;
		puts("silent");
		exit(1);
	}
	printf("error %d %s\n", error,
	       ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error()) : "-");
	exit(1);
}

static void ask(int number, const char *what)
{
	char request[512];
	const char *path = strncmp(what, "path/", 5) == 0 ? what + 4 : "";
	bool keyed = strcmp(what, "KEYED") == 0, once = strcmp(what, "OAUTH") == 0;
	bool body = keyed || strcmp(what, "POST") == 0 || strcmp(what, "PUT") == 0;
	const char *method = keyed ? "POST" : once || *path ? "GET" : what;
	int put, count = snprintf(request, sizeof(request), "%s %s", method, path);
	if (!*path)
		count += snprintf(request + count, sizeof(request) - (size_t)count, "/%d", number);
	count += snprintf(request + count, sizeof(request) - (size_t)count,
			  " HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n%s",
			  keyed ? "Idempotency-Key: k\r\n" : "",
			  once ? "Authorization: OAuth oauth_nonce=\"n\"\r\n" : "",
			  body ? "Content-Length: 1\r\n" : "", body ? "x" : "");
	while ((put = SSL_write(ssl, request, count)) <= 0)
		wait_for(put);
	if (put != count)
		printf("%d of %d\n", put, count);
}

/* Is all of it there? */
static bool is_whole(void)
{
	response[len] = '\0';
	const char *end = strstr(response, "\r\n\r\n");
	const char *said = strstr(response, "Content-Length: ");
	return end && said && len >= (size_t)(end + 4 - response) + strtoul(said + 16, NULL, 10);
}

static int look_first(size_t room)
{
	char seen[64];
	int shown = SSL_peek(ssl, seen, sizeof(seen));
	if (shown <= 0)
		return shown;
	int got = SSL_read(ssl, response + len, (int)room);
	if (got < shown || memcmp(seen, response + len, (size_t)shown) != 0)
		puts("other bytes than were shown");
	return got;
}

static void answer(void)
{
	size_t room = is_way("small") ? 1 : is_way("pending") ? 1000 : 20000;
	for (len = 0; !is_whole();) {
		if (is_way("pending") && !SSL_pending(ssl) && !is_ready(POLLIN)) {
			puts("silent");
			exit(1);
		}
		int got =
		    is_way("peek") ? look_first(room) : SSL_read(ssl, response + len, (int)room);
		if (got > 0)
			len += (size_t)got;
		else if (len && SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ) {
			printf("%zu bytes, ", len);
			wait_for(got);
		} else
			wait_for(got);
	}
	const char *body = strstr(response, "\r\n\r\n") + 4;
	unsigned sum = 0;
	for (const char *at = body; at < response + len; at++)
		sum = sum * 31 + (unsigned char)*at;
	printf("%.3s %zu %x\n", response + 9, (size_t)(response + len - body), sum);
}

static void begin(const char *folder, const char *port)
{
	char authority[512];
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		exit(1);
	if (is_way("poll") || is_way("pending"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (is_way("epoll"))
		set = epoll_create1(0);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_read_ahead(context, is_way("ahead"));
	if (is_way("tls12"))
		SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, "localhost");
	SSL_set1_host(ssl, "localhost");
	BIO *bio = make_bio();
	SSL_set_bio(ssl, bio, bio);
	int done;
	while ((done = SSL_connect(ssl)) != 1)
		wait_for(done);
}

int main(int argc, char **argv)
{
	int number = 0;
	if (argc < 5)
		return 2;
	way = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	begin(argv[2], argv[3]);
	for (int i = 4; i < argc; i++) {
		if (argv[i][0] >= '0' && argv[i][0] <= '9') {
			usleep((useconds_t)atoi(argv[i]) * 1000);
			continue;
		}
		ask(++number, argv[i]);
		answer();
	}
	return 0;
}
