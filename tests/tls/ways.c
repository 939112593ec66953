/* SPDX-License-Identifier: MIT */
/*
 * ways WAY FOLDER PORT METHOD: three requests on one connection over OpenSSL, the second by METHOD,
 * each way using the library's calls as some programs do and client.c does not.
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
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SILENT_MS = 15000, PAUSE_US = 25000, LARGE = 60000, PIECE = 7000 };

static const char *way;
static int fd;
static SSL *ssl;
static BIO *chain;
/* As in tokio: the socket is not read again before the next edge. */
static int edges;
static bool ready = true;

static bool is_way(const char *name)
{
	return strcmp(way, name) == 0;
}

static void end(const char *where, int result)
{
	printf("%s %d\n", where, SSL_get_error(ssl, result));
	exit(1);
}

static bool again(int result)
{
	int error = SSL_get_error(ssl, result);
	if (error == SSL_ERROR_SYSCALL && errno == EINTR)
		return true;
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return false;
	if (is_way("edge")) {
		struct epoll_event event;
		ready = epoll_wait(edges, &event, 1, SILENT_MS) == 1;
		return ready;
	}
	if (is_way("select")) {
		fd_set set;
		struct timeval time = {SILENT_MS / 1000, 0};
		FD_ZERO(&set);
		FD_SET(fd, &set);
		bool reads = error == SSL_ERROR_WANT_READ;
		return select(fd + 1, reads ? &set : NULL, reads ? NULL : &set, NULL, &time) == 1;
	}
	struct pollfd what = {fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, 0};
	int got;
	do
		got = poll(&what, 1, SILENT_MS);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

static void put(const char *bytes, size_t len)
{
	if (chain) {
		if (BIO_write(chain, bytes, (int)len) != (int)len || BIO_flush(chain) <= 0)
			end("write", 0);
		return;
	}
	while (len) {
		size_t done = 0;
		size_t some = is_way("pieces") && len > PIECE ? PIECE : len;
		int result;
		if (is_way("ex")) {
			result = SSL_write_ex(ssl, bytes, some, &done);
		} else {
			result = SSL_write(ssl, bytes, (int)some);
			done = result > 0 ? (size_t)result : 0;
		}
		if (result <= 0 && !again(result))
			end("write", result);
		bytes += done;
		len -= done;
	}
}

static size_t get(char *bytes, size_t len)
{
	for (;;) {
		size_t done = 0;
		int result;
		if (chain) {
			result = BIO_read(chain, bytes, (int)len);
			if (result <= 0 && BIO_should_retry(chain))
				continue;
			if (result <= 0)
				end("read", result);
			return (size_t)result;
		}
		if (is_way("peek")) {
			result = SSL_peek(ssl, bytes, 1);
			if (result <= 0) {
				if (!again(result))
					end("peek", result);
				continue;
			}
		}
		if (is_way("pending") && SSL_pending(ssl) == 0) {
			result = SSL_read(ssl, bytes, 0);
			if (SSL_pending(ssl) > 0)
				continue;
			struct pollfd what = {fd, POLLIN, 0};
			poll(&what, 1, SILENT_MS);
		}
		if (is_way("ex")) {
			result = SSL_read_ex(ssl, bytes, len, &done);
		} else {
			result = SSL_read(ssl, bytes, (int)len);
			done = result > 0 ? (size_t)result : 0;
		}
		if (result > 0)
			return done;
		if (!again(result))
			end("read", result);
	}
}

/* As rust-openssl's: the last error is kept until something is told to be wrong. */
static int kept;

static int keeping(BIO *bio, ssize_t done)
{
	BIO_clear_retry_flags(bio);
	if (done < 0)
		kept = errno;
	return (int)done;
}

static int keeping_read(BIO *bio, char *bytes, int len)
{
	ssize_t got = -1;
	errno = EAGAIN;
	if (ready)
		got = recv(fd, bytes, (size_t)len, 0);
	bool none = got < 0 && errno == EAGAIN;
	ready &= !is_way("edge") || !none;
	keeping(bio, got);
	if (none)
		BIO_set_retry_read(bio);
	return (int)got;
}

static int keeping_write(BIO *bio, const char *bytes, int len)
{
	return keeping(bio, send(fd, bytes, (size_t)len, 0));
}

static long keeping_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO *keeping_bio(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "keeping");
	BIO_meth_set_read(method, keeping_read);
	BIO_meth_set_write(method, keeping_write);
	BIO_meth_set_ctrl(method, keeping_control);
	BIO *bio = BIO_new(method);
	BIO_set_init(bio, 1);
	return bio;
}

static size_t request_of(char *request, size_t room, int number, const char *method)
{
	static char large[LARGE];
	memset(large, 'x', sizeof(large) - 1);
	if (strcmp(method, "POST") != 0) {
		bool big = is_way("large") || is_way("pieces") || is_way("partial");
		return (size_t)snprintf(
		    request, room, "%s /%d HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n",
		    is_way("head") && number == 2 ? "HEAD" : method, number, big ? "X-Large: " : "",
		    big ? large : "", big ? "\r\n" : "");
	}
	if (is_way("chunked"))
		return (size_t)snprintf(request, room,
					"POST /%d HTTP/1.1\r\nHost: localhost\r\n"
					"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
					number);
	return (size_t)snprintf(
	    request, room, "POST /%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
	    number, is_way("large") ? sizeof(large) - 1 : 1, is_way("large") ? large : "x");
}

static void ask(int number, const char *method)
{
	static char request[LARGE + 1000];
	size_t len = request_of(request, sizeof(request), number, method);
	if (is_way("two-writes")) {
		size_t head = (size_t)(strstr(request, "\r\n\r\n") - request) + 2;
		put(request, head);
		put(request + head, len - head);
	} else {
		put(request, len);
	}
}

static void answer(const char *wanted)
{
	char bytes[8192] = "";
	size_t len = 0;
	const char *after = bytes;
	while (!(after = strstr(bytes, wanted))) {
		len += get(bytes + len, is_way("bytewise") ? 1 : sizeof(bytes) - 1 - len);
		bytes[len] = '\0';
	}
	if (kept && is_way("keeps")) {
		printf("nothing is wrong, but it was told %s\n", strerror(kept));
		exit(1);
	}
	puts("hello");
}

static void on_alarm(int number)
{
	(void)number;
}

static void set_up(void)
{
	if (is_way("timeout")) {
		struct timeval time = {SILENT_MS / 1000, 0};
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	}
	if (is_way("select") || is_way("partial") || is_way("pending") || is_way("edge"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (is_way("edge")) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
		edges = epoll_create1(0);
		epoll_ctl(edges, EPOLL_CTL_ADD, fd, &event);
		epoll_wait(edges, &event, 1, 0); /* else it may never have to wait before the end */
	}
	if (is_way("signals")) {
		struct sigaction action = {.sa_handler = on_alarm};
		struct itimerval every = {{0, 2000}, {0, 2000}};
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &every, NULL);
	}
}

/* As Apache without SSLProxyVerify, and Tcl. */
static int accept_all(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static SSL_CTX *context_of(const char *folder)
{
	char authority[512];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	if (!is_way("accepts"))
		SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, is_way("accepts") ? accept_all : NULL);
	if (is_way("no-auto") || is_way("select"))
		SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	if (is_way("partial"))
		SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					      SSL_MODE_RELEASE_BUFFERS);
	if (is_way("read-ahead"))
		SSL_CTX_set_read_ahead(context, 1);
	if (is_way("cached"))
		SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
	return context;
}

/* The library's own chain of BIOs, as s_client and small tools have it. */
static void connect_chain(SSL_CTX *context, const char *port)
{
	char name[64];
	chain = BIO_new_ssl_connect(context);
	snprintf(name, sizeof(name), "127.0.0.1:%s", port);
	BIO_set_conn_hostname(chain, name);
	BIO_get_ssl(chain, &ssl);
	SSL_set_tlsext_host_name(ssl, "localhost");
	SSL_set1_host(ssl, "localhost");
	if (is_way("chain-buffer"))
		chain = BIO_push(BIO_new(BIO_f_buffer()), chain);
	if (BIO_do_connect(chain) <= 0 || BIO_do_handshake(chain) <= 0)
		end("connect", 0);
}

static void connect_socket(SSL_CTX *context, const char *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		exit(2);
	set_up();
	ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, "localhost");
	SSL_set1_host(ssl, "localhost");
	if (is_way("buffered")) {
		BIO *both = BIO_push(BIO_new(BIO_f_buffer()), BIO_new_socket(fd, BIO_NOCLOSE));
		SSL_set_bio(ssl, both, both);
	} else if (is_way("keeps") || is_way("edge")) {
		BIO *both = keeping_bio();
		SSL_set_bio(ssl, both, both);
	} else if (is_way("two-bios")) {
		SSL_set0_rbio(ssl, BIO_new_socket(fd, BIO_NOCLOSE));
		SSL_set0_wbio(ssl, BIO_new_socket(fd, BIO_NOCLOSE));
	} else {
		SSL_set_fd(ssl, fd);
	}
	int done;
	if (is_way("implicit")) {
		SSL_set_connect_state(ssl);
		return;
	}
	while ((done = SSL_connect(ssl)) != 1) {
		if (!again(done))
			end("connect", done);
	}
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	way = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	SSL_CTX *context = context_of(argv[2]);
	if (strncmp(way, "chain", 5) == 0)
		connect_chain(context, argv[3]);
	else
		connect_socket(context, argv[3]);
	for (int i = 1; i <= 3; i++) {
		usleep(PAUSE_US);
		if (is_way("pipeline") && i == 2) {
			ask(2, "GET");
			ask(3, "GET");
			answer("hello\n");
			continue;
		}
		if (!is_way("pipeline") || i == 1)
			ask(i, i == 2 ? argv[4] : "GET");
		answer(is_way("head") && i == 2 ? "\r\n\r\n" : "hello\n");
	}
	return 0;
}
