/* SPDX-License-Identifier: MIT */
/*
 * gnutls WAY FOLDER PORT METHOD: three requests on one connection, the second one by METHOD, over
 * GnuTLS; prints what becomes of each. WAY: block, poll, epoll; own, own-poll by push and pull
 * functions of its own, own-polls by such as wait by themselves; early, block with the session made
 * before the connection; alpn, block with a protocol offered; checked, block where the library
 * checks the certificate; hooks, block with functions of its own that the handshake calls; again,
 * block with credentials that take the place of others; prf, finished, corked, block and something
 * that is the session's own; threads: one that reads, one that writes; listens, the same, with the
 * one in its read before the other writes; forked: the child has a session of its own, where its
 * parent has had one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SILENT_MS = 15000, PAUSE_US = 25000 };

static const char *way;
static int fd, set = -1;
static gnutls_session_t session;
static gnutls_certificate_credentials_t credentials;
static char host[] = "localhost";

static bool is_way(const char *name)
{
	return strcmp(way, name) == 0;
}

static bool wait_for(short events)
{
	if (set < 0) {
		struct pollfd what = {fd, events, 0};
		return poll(&what, 1, SILENT_MS) == 1;
	}
	struct epoll_event event = {.events = events == POLLIN ? EPOLLIN : EPOLLOUT};
	if (epoll_ctl(set, EPOLL_CTL_MOD, fd, &event))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	return epoll_wait(set, &event, 1, SILENT_MS) == 1;
}

static ssize_t own_pull(gnutls_transport_ptr_t pointer, void *bytes, size_t len)
{
	ssize_t got = recv(*(int *)pointer, bytes, len, 0);
	while (got < 0 && errno == EAGAIN && is_way("own-polls") && wait_for(POLLIN))
		got = recv(*(int *)pointer, bytes, len, 0);
	if (got < 0)
		gnutls_transport_set_errno(session, errno);
	return got;
}

static ssize_t own_push(gnutls_transport_ptr_t pointer, const void *bytes, size_t len)
{
	ssize_t put = send(*(int *)pointer, bytes, len, MSG_NOSIGNAL);
	if (put < 0)
		gnutls_transport_set_errno(session, errno);
	return put;
}

static int own_wait(gnutls_transport_ptr_t pointer, unsigned ms)
{
	struct pollfd what = {*(int *)pointer, POLLIN, 0};
	return poll(&what, 1, (int)ms);
}

static int tell_verify(gnutls_session_t of)
{
	(void)of;
	puts("verify");
	return 0;
}

static int tell_message(gnutls_session_t of, unsigned type, unsigned when, unsigned incoming,
			const gnutls_datum_t *message)
{
	(void)of, (void)type, (void)when, (void)incoming, (void)message;
	puts("certificate");
	return 0;
}

/* How it ended, as far as programs tell it apart. */
static void end(ssize_t error)
{
	printf("error %ld %s\n", (long)error, error ? gnutls_strerror((int)error) : "-");
	exit(1);
}

/* What the call wants is waited for; if it is none such the program is over. */
static void attend(ssize_t result)
{
	if (result == GNUTLS_E_INTERRUPTED)
		return;
	if (result != GNUTLS_E_AGAIN)
		end(result);
	if (!wait_for(gnutls_record_get_direction(session) ? POLLOUT : POLLIN)) {
		puts("silent");
		exit(1);
	}
}

static void ask(int number, const char *method)
{
	char request[256];
	bool posts = strcmp(method, "POST") == 0;
	ssize_t put;
	int len =
	    snprintf(request, sizeof(request), "%s /%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s",
		     method, number, posts ? "Content-Length: 1\r\n" : "", posts ? "x" : "");
	if (is_way("corked"))
		gnutls_record_cork(session);
	while ((put = gnutls_record_send(session, request, (size_t)len)) <= 0)
		attend(put);
	if (is_way("corked") && (put = gnutls_record_uncork(session, GNUTLS_RECORD_WAIT)) < 0)
		end(put);
}

static void answer(void)
{
	char bytes[4096] = "";
	size_t len = 0;
	while (!strstr(bytes, "hello\n")) {
		ssize_t got = gnutls_record_recv(session, bytes + len, sizeof(bytes) - 1 - len);
		if (got > 0)
			bytes[len += (size_t)got] = '\0';
		else
			attend(got);
	}
	puts("hello");
}

static gnutls_certificate_credentials_t trust(const char *folder)
{
	char authority[512];
	gnutls_certificate_credentials_t made;
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	gnutls_certificate_allocate_credentials(&made);
	gnutls_certificate_set_x509_trust_file(made, authority, GNUTLS_X509_FMT_PEM);
	return made;
}

static void make_session(const char *folder)
{
	bool waits = is_way("poll") || is_way("epoll") || is_way("own-poll");
	gnutls_init(&session, GNUTLS_CLIENT | (waits ? GNUTLS_NONBLOCK : 0u));
	gnutls_server_name_set(session, GNUTLS_NAME_DNS, host, strlen(host));
	gnutls_set_default_priority(session);
	gnutls_priority_set_direct(session, "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
	credentials = trust(folder);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	if (is_way("again")) {
		gnutls_certificate_credentials_t before = credentials;
		credentials = trust(folder);
		gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
		gnutls_certificate_free_credentials(before);
	}
	if (is_way("checked"))
		gnutls_session_set_verify_cert(session, host, 0);
	if (is_way("hooks")) {
		gnutls_session_set_verify_function(session, tell_verify);
		gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_CERTIFICATE_PKT,
						   GNUTLS_HOOK_POST, tell_message);
	}
	if (is_way("alpn")) {
		gnutls_datum_t names[] = {{(unsigned char *)"http/1.1", 8},
					  {(unsigned char *)"http/1.0", 8}};
		gnutls_alpn_set_protocols(session, names, 2, 0);
	}
}

static void set_transport(void)
{
	if (strncmp(way, "own", 3) != 0) {
		gnutls_transport_set_int(session, fd);
		return;
	}
	gnutls_transport_set_ptr(session, &fd);
	gnutls_transport_set_pull_function(session, own_pull);
	gnutls_transport_set_push_function(session, own_push);
	gnutls_transport_set_pull_timeout_function(session, own_wait);
}

static void dial(const char *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		exit(1);
	if (is_way("poll") || is_way("epoll") || strncmp(way, "own-p", 5) == 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (is_way("epoll"))
		set = epoll_create1(0);
}

/* What no other session has. */
static void look_at_own(void)
{
	char out[32];
	gnutls_datum_t binding = {NULL, 0};
	if (is_way("prf"))
		gnutls_prf_rfc5705(session, 3, "own", 0, NULL, sizeof(out), out);
	if (is_way("finished"))
		gnutls_session_channel_binding(session, GNUTLS_CB_TLS_UNIQUE, &binding);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;
static int asked, answered;

static void *read_answers(void *unused)
{
	(void)unused;
	for (int i = 1; i <= 3; i++) {
		pthread_mutex_lock(&lock);
		while (asked < i && is_way("threads"))
			pthread_cond_wait(&moved, &lock);
		pthread_mutex_unlock(&lock);
		answer();
		pthread_mutex_lock(&lock);
		answered = i;
		pthread_cond_signal(&moved);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void ask_by_thread(int number, const char *method)
{
	ask(number, method);
	pthread_mutex_lock(&lock);
	asked = number;
	pthread_cond_broadcast(&moved);
	while (answered < number)
		pthread_cond_wait(&moved, &lock);
	pthread_mutex_unlock(&lock);
}

/* A session on a connection. */
static void begin(char **argv)
{
	int result;
	if (is_way("early"))
		make_session(argv[2]);
	dial(argv[3]);
	if (!is_way("early"))
		make_session(argv[2]);
	set_transport();
	while ((result = gnutls_handshake(session)) != 0)
		attend(result);
	look_at_own();
}

int main(int argc, char **argv)
{
	pthread_t reader;
	int status;
	if (argc != 5)
		return 2;
	way = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	begin(argv);
	if (is_way("forked")) {
		ask(1, "GET");
		answer();
		if (fork())
			return wait(&status) < 0 || status;
		begin(argv);
	}
	memset(host, 'x', sizeof(host) - 1); /* the library has had its use of it */
	bool threads = is_way("threads") || is_way("listens");
	if (threads)
		pthread_create(&reader, NULL, read_answers, NULL);
	for (int i = 1; i <= 3; i++) {
		const char *method = i == 2 ? argv[4] : "GET";
		usleep(PAUSE_US);
		if (threads) {
			ask_by_thread(i, method);
			continue;
		}
		ask(i, method);
		answer();
	}
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	return 0;
}
