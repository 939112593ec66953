/* SPDX-License-Identifier: MIT */
/*
 * client WAY FOLDER PORT METHOD: three requests on one connection, the second one by METHOD, over
 * OpenSSL; prints what becomes of each. WAY: block, poll, epoll; own, own-poll by a BIO of its own;
 * memory, memory-poll with BIOs in memory, and memory-pair with a pair of them; own-polls,
 * own-selects, own-epolls, that BIO waits by itself; own-spins, it reads again and again; alpn,
 * block with a protocol offered; finished, block and looks at the Finished messages; asks, poll and
 * asks for the socket's error behind each wait; callbacks, block with callbacks of its own, each of
 * which prints a word; judges, with that alone which judges; peeks, block and looks before it
 * reads; ahead, block whose library reads more than a record at once; crowd, block beside two
 * thousand sessions more; jumps, block whose first connection was given up by a jump out of the
 * library.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { SILENT_MS = 15000, END_MS = 100, PAUSE_US = 25000, PAUSE_OF_MEMORY_US = 60000 };

/* As many as most requests have: shorter ones are read otherwise. */
#define HEADERS "Host: localhost\r\nUser-Agent: client of the tests\r\nAccept: */*\r\n"

static const char *way;
static int fd, set = -1;
static SSL *ssl;
static BIO *incoming, *outgoing; /* memory: what SSL reads of, and what it has written to */

static bool is_way(const char *name)
{
	return strcmp(way, name) == 0;
}

/* Where the transport waits: is there something to read? */
static bool own_waits(void)
{
	static int left = SILENT_MS;
	struct timeval limit = {SILENT_MS / 1000, 0};
	struct pollfd what = {fd, POLLIN, 0};
	struct epoll_event event;
	fd_set fds;
	if (is_way("own-polls"))
		return poll(&what, 1, SILENT_MS) == 1;
	if (is_way("own-epolls"))
		return epoll_wait(set, &event, 1, SILENT_MS) == 1;
	if (is_way("own-spins"))
		return usleep(1000) == 0 && left-- > 0;
	if (!is_way("own-selects"))
		return false;
	FD_ZERO(&fds);
	FD_SET(fd, &fds);
	return select(fd + 1, &fds, NULL, NULL, &limit) == 1;
}

static int own_read(BIO *bio, char *bytes, int len)
{
	static bool ended;
	int got;
	if (ended) /* it never asks a connection again that it has taken for dead */
		return -1;
	do {
		errno = 0;
		got = (int)recv(fd, bytes, (size_t)len, 0);
	} while (got < 0 && errno == EAGAIN && own_waits());
	ended = is_way("own-polls") || is_way("own-selects") || is_way("own-epolls");
	ended = ended && (got == 0 || (got < 0 && errno != EAGAIN));
	BIO_clear_retry_flags(bio);
	if (got < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	return got;
}

static int own_write(BIO *bio, const char *bytes, int len)
{
	int put = (int)send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
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

static BIO *own_bio(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "own");
	BIO_meth_set_read(method, own_read);
	BIO_meth_set_write(method, own_write);
	BIO_meth_set_ctrl(method, own_control);
	BIO *bio = BIO_new(method);
	BIO_set_init(bio, 1);
	return bio;
}

static void tell_info(const SSL *of, int where, int result)
{
	(void)of;
	if (where & SSL_CB_HANDSHAKE_START || (where == SSL_CB_CONNECT_EXIT && result <= 0))
		puts(where & SSL_CB_HANDSHAKE_START ? "info" : "not done");
}

static int tell_verify(int ok, X509_STORE_CTX *store)
{
	(void)store;
	puts("verify");
	return ok;
}

static bool wait_by_epoll(short events)
{
	struct epoll_event event = {.events = events == POLLIN ? EPOLLIN : EPOLLOUT};
	if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	return epoll_wait(set, &event, 1, SILENT_MS) == 1;
}

static void ask_for_error(void)
{
	struct pollfd end = {fd, 0, 0};
	int error = 0;
	if (is_way("asks-late")) /* of the end, with the answer before it still unread */
		poll(&end, 1, END_MS);
	socklen_t len = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (!error)
		return;
	printf("told %s\n", strerror(error));
	exit(1);
}

static bool is_in_memory(void)
{
	return strncmp(way, "memory", 6) == 0;
}

static void wait_by_poll(short events)
{
	struct pollfd what = {fd, events, 0};
	if (poll(&what, 1, SILENT_MS) == 1)
		return;
	puts("silent");
	exit(1);
}

/* As loops do: what the library has written goes to the socket. */
static void send_what_is_written(void)
{
	char bytes[4096];
	int len;
	while (outgoing && (len = BIO_read(outgoing, bytes, sizeof(bytes))) > 0) {
		ssize_t put;
		for (int at = 0; at < len; at += (int)put) {
			put = send(fd, bytes + at, (size_t)(len - at), MSG_NOSIGNAL);
			if (put < 0 && errno != EAGAIN) {
				printf("send %s\n", strerror(errno));
				exit(1);
			}
			if (put < 0)
				wait_by_poll(POLLOUT), put = 0;
		}
	}
}

/* And what has come, or that it is the end, to the library. */
static int receive(void)
{
	char bytes[4096];
	ssize_t got;
	if (!is_way("memory"))
		wait_by_poll(POLLIN);
	got = recv(fd, bytes, sizeof(bytes), 0);
	if (got < 0 && errno != EAGAIN) {
		printf("recv %s\n", strerror(errno));
		exit(1);
	}
	if (got == 0 && incoming != outgoing)
		BIO_set_mem_eof_return(incoming, 0); /* the library says it in its words */
	else if (got == 0)
		exit(printf("end, goodbye %d\n", SSL_shutdown(ssl)) < 0);
	if (got > 0)
		BIO_write(incoming, bytes, (int)got);
	return 0;
}

/* 0 once it can go on, else the library's word for what happened. */
static int wait_for(int result)
{
	int number = errno, error = SSL_get_error(ssl, result);
	send_what_is_written();
	if (is_in_memory() && error == SSL_ERROR_WANT_READ)
		return receive();
	if (error == SSL_ERROR_WANT_READ && number != EAGAIN) /* squid asks for that alone */
		printf("wants to read, says errno %d\n", number);
	if (error == SSL_ERROR_WANT_READ && is_way("block"))
		printf("wants to read a blocking socket\n");
	short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return error;
	struct pollfd what = {fd, events, 0};
	if (is_way("epoll") ? wait_by_epoll(events) : poll(&what, 1, SILENT_MS) == 1) {
		if (strncmp(way, "asks", 4) == 0)
			ask_for_error();
		return 0;
	}
	puts("silent");
	exit(1);
}

/* How it ended, as far as programs tell it apart. */
static void end(const char *call, int error)
{
	int number = error == SSL_ERROR_SYSCALL ? errno : 0;
	printf("%s error %d %s %s\n", call, error, number ? strerror(number) : "-",
	       ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error()) : "-");
	if (is_way("callbacks")) /* as programs do that look once more */
		SSL_read(ssl, &number, 1);
	exit(1);
}

static void put(const char *bytes, int len)
{
	int error, done;
	while ((done = SSL_write(ssl, bytes, len)) <= 0) {
		if ((error = wait_for(done)))
			end("write", error);
	}
	send_what_is_written();
}

/* UPLOAD: a POST whose body is more than is held, and is written behind its head. */
static void ask(int number, const char *method)
{
	static char body[100000];
	char request[256];
	bool uploads = strcmp(method, "UPLOAD") == 0, posts = strcmp(method, "POST") == 0;
	int size = uploads ? (int)sizeof(body) : posts;
	char of_body[64] = "";
	if (size)
		snprintf(of_body, sizeof(of_body), "Content-Length: %d\r\n", size);
	int len = snprintf(request, sizeof(request), "%s /%d HTTP/1.1\r\n" HEADERS "%s\r\n%s",
			   uploads ? "POST" : method, number, of_body, posts ? "x" : "");
	put(request, len);
	if (uploads)
		put(body, size);
}

static void answer(void)
{
	char bytes[4096] = "";
	size_t len = 0;
	while (!strstr(bytes, "hello\n")) {
		char seen;
		int error, got = is_way("peeks") ? SSL_peek(ssl, &seen, 1) : 1;
		if (got > 0)
			got = SSL_read(ssl, bytes + len, (int)(sizeof(bytes) - 1 - len));
		if (got > 0)
			bytes[len += (size_t)got] = '\0';
		else if ((error = wait_for(got)))
			end("read", error);
	}
	puts("hello");
}

static SSL *make_session(const char *folder)
{
	char authority[512];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	SSL_CTX_load_verify_locations(context, authority, NULL);
	bool judges = is_way("callbacks") || is_way("judges");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, judges ? tell_verify : NULL);
	if (is_way("alpn"))
		SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\010http/1.1\010http/1.0",
					18);
	if (is_way("ahead"))
		SSL_CTX_set_read_ahead(context, 1);
	for (int i = 0; i < (is_way("crowd") ? 2000 : 0); i++)
		SSL_get_finished(SSL_new(context), authority, sizeof(authority));
	SSL *session = SSL_new(context);
	if (is_way("callbacks"))
		SSL_set_info_callback(session, tell_info);
	SSL_set_tlsext_host_name(session, "localhost");
	SSL_set1_host(session, "localhost");
	return session;
}

static void set_bio(void)
{
	BIO *bio;
	if (is_way("memory-pair")) {
		BIO_new_bio_pair(&bio, 0, &incoming, 0);
		outgoing = incoming;
	} else if (is_in_memory()) {
		incoming = BIO_new(BIO_s_mem());
		outgoing = BIO_new(BIO_s_mem());
		BIO_set_mem_eof_return(incoming, -1);
		SSL_set_bio(ssl, incoming, outgoing);
		return;
	} else {
		bio = strncmp(way, "own", 3) == 0 ? own_bio() : BIO_new_socket(fd, BIO_NOCLOSE);
	}
	SSL_set_bio(ssl, bio, bio);
}

static void connect_to(const char *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		exit(1);
}

static void shake_hands(void)
{
	int error, done;
	while ((done = SSL_connect(ssl)) != 1) {
		if ((error = wait_for(done)))
			end("handshake", error);
	}
	send_what_is_written();
}

static sigjmp_buf out;

static void jump(int number)
{
	siglongjmp(out, number);
}

/* As wget does when its time is up: the library's call never returns. */
static void give_one_up(const char *folder, const char *port)
{
	char byte;
	connect_to(port);
	ssl = make_session(folder);
	set_bio();
	shake_hands();
	signal(SIGALRM, jump);
	if (!sigsetjmp(out, 1)) {
		ualarm(PAUSE_US, 0);
		is_way("jumps") ? SSL_read(ssl, &byte, 1) : SSL_peek(ssl, &byte, 1);
	}
	SSL_free(ssl);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	way = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (strncmp(way, "jumps", 5) == 0)
		give_one_up(argv[2], argv[3]);
	connect_to(argv[3]);
	if (strncmp(way, "asks", 4) == 0 || strstr(way, "poll") || strstr(way, "pair") ||
	    strncmp(way, "own-", 4) == 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (is_way("epoll") || is_way("own-epolls"))
		set = epoll_create1(0);
	if (is_way("own-epolls")) {
		struct epoll_event event = {.events = EPOLLIN};
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
		epoll_wait(set, &event, 1, 0); /* else it may never have to wait before the end */
	}
	ssl = make_session(argv[2]);
	set_bio();
	shake_hands();
	if (is_way("finished")) {
		char finished[64];
		SSL_get_finished(ssl, finished, sizeof(finished));
	}
	for (int i = 1; i <= 3; i++) {
		usleep(is_in_memory() ? PAUSE_OF_MEMORY_US : PAUSE_US);
		ask(i, i == 2 ? argv[4] : "GET");
		answer();
		if (i == 1 && is_way("finished")) {
			char finished[64];
			SSL_get_peer_finished(ssl, finished, sizeof(finished));
		}
	}
	return 0;
}
