/* SPDX-License-Identifier: MIT */
/*
 * shared WAY FOLDER PORT: three requests on one connection over OpenSSL, by a session that is
 * shared, or amid a rescue of which something is done to it; prints what becomes of each.
 * WAY: two-threads, one writes and one reads, under a lock; moved, each call on a thread of its
 * own; fork-child, fork-parent: behind the first request that process goes on, and the other one
 * lives. While a rescue is under way: asked, the session is asked for this and that, and goes on;
 * free, shutdown, close, the end of it; clear, set-fd, it is used for a new connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SILENT_MS = 15000, PAUSE_US = 25000, UNDER_WAY_US = 100000 };

static const char *way, *folder;
static uint16_t port;
static int fd;
static SSL_CTX *context;
static SSL *ssl;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_way(const char *name)
{
	return strcmp(way, name) == 0;
}

static void dial(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		exit(2);
}

static void wait_for(void)
{
	struct pollfd what = {fd, POLLIN, 0};
	if (poll(&what, 1, SILENT_MS) != 1) {
		puts("silent");
		_exit(1);
	}
}

/* The library's word for what a call came to; 0: it wants to read. */
static int word(int result)
{
	int error = SSL_get_error(ssl, result);
	return error == SSL_ERROR_WANT_READ ? 0 : error;
}

static void end(int error)
{
	printf("error %d\n", error);
	fflush(stdout);
	_exit(1);
}

static void shake(void)
{
	int error, done;
	while ((done = SSL_connect(ssl)) != 1) {
		if ((error = word(done)))
			end(error);
		wait_for();
	}
}

static void ask(int number)
{
	char request[64];
	int len = snprintf(request, sizeof(request), "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
			   number);
	pthread_mutex_lock(&lock);
	int put = SSL_write(ssl, request, len);
	int error = put > 0 ? 0 : word(put);
	pthread_mutex_unlock(&lock);
	if (error)
		end(error);
}

static bool read_some(char *bytes, size_t *len, size_t room)
{
	pthread_mutex_lock(&lock);
	int got = SSL_read(ssl, bytes + *len, (int)(room - *len));
	int error = got > 0 ? 0 : word(got);
	pthread_mutex_unlock(&lock);
	if (error)
		end(error);
	*len += got > 0 ? (size_t)got : 0;
	return got > 0;
}

static void answer(void)
{
	char bytes[4096] = "";
	size_t len = 0;
	while (!strstr(bytes, "hello\n")) {
		if (!read_some(bytes, &len, sizeof(bytes) - 1))
			wait_for();
		bytes[len] = '\0';
	}
	puts("hello");
}

static void *ask_there(void *number)
{
	ask(*(int *)number);
	return NULL;
}

static void *answer_there(void *number)
{
	(void)number;
	answer();
	return NULL;
}

static void run(void *there(void *), int number)
{
	pthread_t thread;
	pthread_create(&thread, NULL, there, &number);
	pthread_join(thread, NULL);
}

static void in_threads(bool at_once)
{
	for (int i = 1; i <= 3; i++) {
		pthread_t reader;
		usleep(PAUSE_US);
		if (at_once)
			pthread_create(&reader, NULL, answer_there, NULL);
		run(ask_there, i);
		if (at_once)
			pthread_join(reader, NULL);
		else
			run(answer_there, i);
	}
}

static void in_processes(bool child_goes_on)
{
	int over[2];
	if (pipe(over))
		exit(2);
	ask(1);
	answer();
	fflush(stdout);
	pid_t child = fork();
	bool goes_on = (child == 0) == child_goes_on;
	close(over[!goes_on]);
	if (!goes_on) {
		char byte;
		read(over[0], &byte, 1); /* until the other one has ended */
		if (child)
			waitpid(child, NULL, 0);
		_exit(0);
	}
	for (int i = 2; i <= 3; i++) {
		usleep(PAUSE_US);
		ask(i);
		answer();
	}
	fflush(stdout);
	close(over[1]);
	_exit(0);
}

/* The second request's connection is dead, and its rescue waits for the server. */
static void come_to_a_rescue(void)
{
	char bytes[256];
	size_t len = 0;
	ask(1);
	answer();
	usleep(PAUSE_US);
	ask(2);
	usleep(UNDER_WAY_US);
	if (read_some(bytes, &len, sizeof(bytes)))
		puts("early");
}

static void look(void)
{
	X509 *certificate = SSL_get1_peer_certificate(ssl);
	X509_free(certificate);
	SSL_SESSION_free(SSL_get1_session(ssl));
	SSL_get_version(ssl);
	SSL_get_cipher(ssl);
	SSL_get_verify_result(ssl);
	printf("pending %d %d wants %d\n", SSL_pending(ssl), SSL_has_pending(ssl), SSL_want(ssl));
}

static SSL *make_session(void)
{
	SSL *made = SSL_new(context);
	SSL_set_tlsext_host_name(made, "localhost");
	SSL_set1_host(made, "localhost");
	return made;
}

static void anew(void)
{
	int old = fd;
	dial();
	SSL_set_fd(ssl, fd);
	close(old);
	shake();
	for (int i = 1; i <= 3; i++) {
		ask(i);
		answer();
	}
}

static void amid_a_rescue(void)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	come_to_a_rescue();
	if (is_way("asked")) {
		look();
		answer();
		ask(3);
		answer();
		return;
	}
	if (is_way("shutdown"))
		printf("shutdown %d\n", SSL_shutdown(ssl) < 0 ? -1 : 0);
	if (is_way("close")) {
		close(fd);
		printf("read %d\n", SSL_read(ssl, &(char){0}, 1) > 0);
	}
	if (is_way("clear")) {
		SSL_clear(ssl);
		SSL_set_connect_state(ssl);
	}
	if (is_way("set-fd") || is_way("clear")) {
		if (is_way("set-fd")) {
			SSL_free(ssl);
			ssl = make_session();
		}
		anew();
	}
	SSL_free(ssl);
	puts("over");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	way = argv[1], folder = argv[2], port = (uint16_t)atoi(argv[3]);
	signal(SIGPIPE, SIG_IGN);
	char authority[512];
	context = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	dial();
	ssl = make_session();
	SSL_set_fd(ssl, fd);
	shake();
	if (is_way("two-threads"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (is_way("two-threads") || is_way("moved"))
		in_threads(is_way("two-threads"));
	else if (strncmp(way, "fork", 4) == 0)
		in_processes(is_way("fork-child"));
	else
		amid_a_rescue();
	return 0;
}
