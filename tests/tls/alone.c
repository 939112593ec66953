/* SPDX-License-Identifier: MIT */
/*
 * alone WAY FOLDER PORT [LIBRARY]: three requests on one connection over OpenSSL, and prints what
 * becomes of each. Behind the first answer, or before it, the program does to its session what WAY
 * says; behind what most of them do no other session can stand in for it.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
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
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_US = 25000, SILENT_MS = 15000 };

/* As many as most requests have: shorter ones are read otherwise. */
#define HEADERS "Host: localhost\r\nUser-Agent: client of the tests\r\nAccept: */*\r\n"

static const char *way;
static char keys[512];
static int fd, receiving;
static SSL *ssl;
static int (*by_handle)(SSL *, void *, int);

static bool is_way(const char *name)
{
	return strcmp(way, name) == 0;
}

static int own_read(BIO *bio, char *bytes, int len)
{
	(void)bio;
	receiving = 1;
	int got = (int)recv(fd, bytes, (size_t)len, 0);
	receiving = 0;
	return got;
}

static int own_write(BIO *bio, const char *bytes, int len)
{
	(void)bio;
	return (int)send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
}

/* To whom asks while it is in recv, the keys are the kernel's: the library asks at other times. */
static long own_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	bool in_kernel = (is_way("kernel-sends") && command == 73) ||
			 (is_way("kernel-receives") && command == 76);
	return command == BIO_CTRL_FLUSH || (receiving && in_kernel);
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

static void end(int result)
{
	int error = SSL_get_error(ssl, result), number = error == SSL_ERROR_SYSCALL ? errno : 0;
	printf("error %d %s %s\n", error, number ? strerror(number) : "-",
	       ERR_peek_error() ? ERR_reason_error_string(ERR_peek_error()) : "-");
	exit(1);
}

static void ask(int number)
{
	char request[256];
	const char *query = is_way("secrets") ? "?SECRET-QUERY" : "";
	const char *more = is_way("secrets") ? "Authorization: Bearer SECRET-TOKEN\r\n"
					       "Cookie: id=SECRET-COOKIE\r\n"
					     : "";
	int len = snprintf(request, sizeof(request), "GET /%d%s HTTP/1.1\r\n" HEADERS "%s\r\n",
			   number, query, more);
	int put = SSL_write(ssl, request, len);
	if (put <= 0)
		end(put);
}

/* The program turns to its session while it waits: amid a rescue, if there is one. */
static void amid(void)
{
	char bytes[64];
	if (is_way("amid-finished"))
		SSL_get_finished(ssl, bytes, sizeof(bytes));
	else if (is_way("amid-set-fd"))
		SSL_set_fd(ssl, fd);
	else if (is_way("amid-key-update"))
		SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
	else if (is_way("amid-shutdown"))
		printf("goodbye %d, errors %d\n", SSL_shutdown(ssl), ERR_peek_error() != 0);
	else if (is_way("amid-clear"))
		SSL_clear(ssl);
	ERR_clear_error();
}

static bool waits(int number, int result)
{
	struct pollfd what = {fd, POLLIN, 0};
	if (strncmp(way, "amid", 4) != 0 || SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ)
		return false;
	if (number == 2 && !SSL_is_init_finished(ssl))
		amid();
	return poll(&what, 1, SILENT_MS) == 1;
}

static void answer(int number)
{
	char bytes[4096] = "";
	size_t len = 0;
	while (!strstr(bytes, "hello\n")) {
		int room = (int)(sizeof(bytes) - 1 - len);
		int got = by_handle && number > 1 ? by_handle(ssl, bytes + len, room)
						  : SSL_read(ssl, bytes + len, room);
		if (got <= 0 && waits(number, got))
			continue;
		if (got <= 0)
			end(got);
		bytes[len += (size_t)got] = '\0';
	}
	puts("hello");
}

static void before_the_first(void)
{
	char bytes[64];
	size_t done;
	if (is_way("export"))
		SSL_export_keying_material(ssl, (unsigned char *)bytes, 32, "EXPORTER-x", 10, NULL,
					   0, 0);
	else if (is_way("export-early"))
		SSL_export_keying_material_early(ssl, (unsigned char *)bytes, 32, "EXPORTER-x", 10,
						 NULL, 0);
	else if (is_way("finished"))
		SSL_get_finished(ssl, bytes, sizeof(bytes));
	else if (is_way("peer-finished"))
		SSL_get_peer_finished(ssl, bytes, sizeof(bytes));
	else if (is_way("early-data-late"))
		SSL_write_early_data(ssl, "x", 1, &done);
	ERR_clear_error();
}

/* The child, or the parent, goes on with the session, and the other one waits or goes. */
static void fork_here(void)
{
	bool by_child = is_way("child-goes-on");
	pid_t pid = fork();
	if (!pid && !by_child)
		_exit(0);
	if (!pid)
		return;
	int status = 0;
	waitpid(pid, &status, 0);
	if (by_child)
		exit(WEXITSTATUS(status));
}

static void swap_bio(bool reads, bool writes)
{
	if (reads)
		SSL_set0_rbio(ssl, BIO_new_socket(fd, BIO_NOCLOSE));
	if (writes)
		SSL_set0_wbio(ssl, BIO_new_socket(fd, BIO_NOCLOSE));
}

static void exchange_with(SSL *other, int number)
{
	char bytes[4096];
	int len =
	    snprintf(bytes, sizeof(bytes), "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n", number);
	bool done = SSL_write(other, bytes, len) == len && SSL_read(other, bytes, 4096) > 0;
	puts(done ? "other hello" : "other nothing");
	ERR_clear_error();
}

/* Within the call that writes the next request. */
static void be_told(int writes, int version, int type, const void *bytes, size_t len, SSL *of,
		    void *other)
{
	static bool told;
	(void)version, (void)bytes, (void)len, (void)of;
	if (!told && writes && type == SSL3_RT_HEADER) {
		told = true;
		exchange_with(other, 2);
	}
}

/* A second session, which is turned to in a callback of this one's. */
static void nest(void)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	SSL *other = SSL_new(SSL_get_SSL_CTX(ssl));
	int socket_of_other = socket(AF_INET, SOCK_STREAM, 0);
	if (getpeername(fd, (struct sockaddr *)&addr, &len) ||
	    connect(socket_of_other, (struct sockaddr *)&addr, len))
		exit(1);
	SSL_set_fd(other, socket_of_other);
	if (SSL_connect(other) != 1)
		exit(1);
	exchange_with(other, 1);
	SSL_set_msg_callback(ssl, be_told);
	SSL_set_msg_callback_arg(ssl, other);
}

static void behind_the_first(void)
{
	size_t done;
	if (is_way("renegotiate") && SSL_renegotiate(ssl) == 1)
		SSL_do_handshake(ssl);
	else if (is_way("renegotiate-abbreviated") && SSL_renegotiate_abbreviated(ssl) == 1)
		SSL_do_handshake(ssl);
	else if (is_way("key-update"))
		SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
	else if (is_way("set-fd"))
		SSL_set_fd(ssl, fd);
	else if (is_way("set-rfd"))
		SSL_set_rfd(ssl, fd);
	else if (is_way("set-wfd"))
		SSL_set_wfd(ssl, fd);
	else if (is_way("set-bio"))
		SSL_set_bio(ssl, BIO_new_socket(fd, BIO_NOCLOSE), BIO_new_socket(fd, BIO_NOCLOSE));
	else if (is_way("set0-bios"))
		swap_bio(true, true);
	else if (is_way("set0-rbio"))
		swap_bio(true, false);
	else if (is_way("set0-wbio"))
		swap_bio(false, true);
	else if (is_way("early-data"))
		SSL_write_early_data(ssl, "x", 1, &done);
#if OPENSSL_VERSION_NUMBER >= 0x30000000
	else if (is_way("sendfile"))
		SSL_sendfile(ssl, 0, 0, 1, 0);
#endif
	else if (is_way("quiet-shutdown"))
		SSL_set_quiet_shutdown(ssl, 1), SSL_shutdown(ssl);
	else if (is_way("nests"))
		nest();
	else if (is_way("stays"))
		getchar();
	else if (is_way("child-exits") || is_way("child-goes-on"))
		fork_here();
	ERR_clear_error();
}

static void keep_keys(const SSL *of, const char *line)
{
	(void)of;
	FILE *file = fopen(keys, "a");
	if (file) {
		fprintf(file, "%s\n", line);
		fclose(file);
	}
}

static SSL *make_session(const char *folder)
{
	char authority[512];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	snprintf(keys, sizeof(keys), "%s/keys", folder);
	if (is_way("secrets"))
		SSL_CTX_set_keylog_callback(context, keep_keys);
	SSL *session = SSL_new(context);
	SSL_set_tlsext_host_name(session, "localhost");
	SSL_set1_host(session, "localhost");
	return session;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	way = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (is_way("by-handle")) /* as a program that looks it up where it is */
		by_handle = (int (*)(SSL *, void *, int))dlsym(
		    dlopen("libssl.so.3", RTLD_NOLOAD | RTLD_LAZY), "SSL_read");
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)atoi(argv[3]))};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return 1;
	ssl = make_session(argv[2]);
	BIO *bio = strncmp(way, "kernel", 6) == 0 ? own_bio() : BIO_new_socket(fd, BIO_NOCLOSE);
	SSL_set_bio(ssl, bio, bio);
	int done = SSL_connect(ssl);
	if (done != 1)
		end(done);
	if (strncmp(way, "amid", 4) == 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	before_the_first();
	for (int i = 1; i <= 3; i++) {
		usleep(PAUSE_US);
		ask(i);
		if (i == 2 && is_way("shutdown"))
			SSL_shutdown(ssl);
		answer(i);
		if (i == 1)
			behind_the_first();
	}
	return 0;
}
