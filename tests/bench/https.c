/* SPDX-License-Identifier: MIT */
/*
 * https get PORT COUNT: so many exchanges of 200 bytes each way on one TLS connection to
 * https_server, whenever a byte comes on the standard input; prints the microseconds of one.
 * https turns PORT PAIRS LIBRARY: two of those by turns, in milliseconds, the second one preloaded:
 * what else the machine does meets both. So many pairs of them, for where their memory lies makes a
 * difference. Prints, as medians of the pairs, how many exchanges a second, and the ratio.
 * https rescue PORT TURNS, preloaded: what a rescue takes against what the program would pay
 * without, a handshake and a request on a fresh connection, each turn one of each. The latter goes
 * by raw system calls, which no interposer sees. Prints, for a connection already dead and for one
 * that dies of the request, the median times in microseconds of rescue and rival, and the median
 * ratio.
 */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static SSL_CTX *context;
static struct sockaddr_in addr;
static struct message plain, idle, lost;

struct peer {
	int fd;
	SSL *ssl;
};

static struct peer greet(int fd, BIO *bio)
{
	struct peer peer = {fd, SSL_new(context)};
	SSL_set_bio(peer.ssl, bio, bio);
	if (SSL_connect(peer.ssl) != 1)
		die("handshake");
	return peer;
}

static int ask(const struct peer *peer, const struct message *request)
{
	char answer[4096];
	int got = 0;

	if (SSL_write(peer->ssl, request->text, (int)request->len) <= 0)
		return -1;
	while (got < ANSWER_LEN) {
		int more = SSL_read(peer->ssl, answer, sizeof(answer));
		if (more <= 0)
			return -1;
		got += more;
	}
	return memcmp(answer, "HTTP/1.1 200", 12) == 0 ? 0 : -1;
}

static struct peer seen(void)
{
	int fd = dial(&addr);
	return greet(fd, BIO_new_socket(fd, BIO_NOCLOSE));
}

static void leave(struct peer *peer)
{
	SSL_free(peer->ssl);
	close(peer->fd);
}

static int raw_read(BIO *bio, char *bytes, int len)
{
	int fd = (int)(intptr_t)BIO_get_data(bio);
	return (int)syscall(SYS_recvfrom, fd, bytes, (size_t)len, 0, NULL, NULL);
}

static int raw_write(BIO *bio, const char *bytes, int len)
{
	int fd = (int)(intptr_t)BIO_get_data(bio);
	return (int)syscall(SYS_sendto, fd, bytes, (size_t)len, MSG_NOSIGNAL, NULL, 0);
}

static long raw_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static struct peer unseen(void)
{
	static BIO_METHOD *method;
	int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || syscall(SYS_connect, fd, &addr, sizeof(addr)) < 0)
		die("connect");
	syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!method) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "raw");
		BIO_meth_set_read(method, raw_read);
		BIO_meth_set_write(method, raw_write);
		BIO_meth_set_ctrl(method, raw_control);
	}
	BIO *bio = BIO_new(method);
	BIO_set_data(bio, (void *)(intptr_t)fd);
	BIO_set_init(bio, 1);
	return greet(fd, bio);
}

static void leave_unseen(struct peer *peer)
{
	SSL_free(peer->ssl);
	syscall(SYS_close, peer->fd);
}

static double rescue_of_dead(void)
{
	struct peer peer = seen();
	struct pollfd dead = {.fd = peer.fd};
	double began, took;

	if (ask(&peer, &idle) < 0)
		die("exchange");
	if (poll(&dead, 1, 5000) != 1)
		die("the server does not reset");
	began = now_us();
	if (ask(&peer, &plain) < 0)
		die("no rescue");
	took = now_us() - began;
	leave(&peer);
	return took;
}

static double fresh(void)
{
	double began = now_us(), took;
	struct peer peer = unseen();

	if (ask(&peer, &plain) < 0)
		die("exchange");
	took = now_us() - began;
	leave_unseen(&peer);
	return took;
}

static double rescue_of_reset(void)
{
	struct peer peer = seen();
	double began, took;

	if (ask(&peer, &plain) < 0)
		die("exchange");
	began = now_us();
	if (ask(&peer, &lost) < 0)
		die("no rescue");
	took = now_us() - began;
	leave(&peer);
	return took;
}

static double failure_and_fresh(void)
{
	struct peer peer = unseen(), next;
	double began, took;

	if (ask(&peer, &plain) < 0)
		die("exchange");
	began = now_us();
	if (ask(&peer, &lost) == 0)
		die("no reset came");
	next = unseen();
	if (ask(&next, &lost) < 0)
		die("exchange");
	took = now_us() - began;
	leave_unseen(&next);
	leave_unseen(&peer);
	return took;
}

static void compare(int turns, double (*ours)(void), double (*rival)(void))
{
	double *a = calloc((size_t)turns, sizeof(double));
	double *b = calloc((size_t)turns, sizeof(double));
	double *ratio = calloc((size_t)turns, sizeof(double));

	if (!a || !b || !ratio)
		die("calloc");
	ours(), rival();
	for (int i = 0; i < turns; i++) {
		if (i % 2)
			a[i] = ours();
		b[i] = rival();
		if (i % 2 == 0)
			a[i] = ours();
		ratio[i] = a[i] / b[i];
	}
	printf("%.1f %.1f %.3f\n", median(a, turns), median(b, turns), median(ratio, turns));
	free(a);
	free(b);
	free(ratio);
}

static void get(int count)
{
	struct peer peer = seen();
	char go;

	if (ask(&peer, &plain) < 0)
		die("exchange");
	while (read(STDIN_FILENO, &go, 1) == 1) {
		double began = now_us();
		for (int i = 0; i < count; i++) {
			if (ask(&peer, &plain) < 0)
				die("exchange");
		}
		printf("%.3f\n", (now_us() - began) / count);
		fflush(stdout);
	}
}

struct side {
	int to;
	FILE *from;
};

static struct side begin(const char *port, const char *library)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die("pipe");
	if (fork() == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		if (library)
			setenv("LD_PRELOAD", library, 1);
		else
			unsetenv("LD_PRELOAD");
		execl("/proc/self/exe", "https", "get", port, "100", NULL);
		die("exec");
	}
	close(to[0]);
	close(from[1]);
	return (struct side){to[1], fdopen(from[0], "r")};
}

static double take_turn(const struct side *side)
{
	double us;

	if (write(side->to, "", 1) != 1 || fscanf(side->from, "%lf", &us) != 1)
		die("a side has gone");
	return us;
}

static void leave_side(struct side *side)
{
	close(side->to);
	fclose(side->from);
	wait(NULL);
}

enum { TURNS = 100 };

static void by_turns(const char *port, int pairs, const char *library)
{
	double *rate = calloc(3 * (size_t)pairs, sizeof(double));

	if (!rate)
		die("calloc");
	for (int i = 0; i < pairs; i++) {
		struct side bare = begin(port, NULL), redial = begin(port, library);
		double bare_us[TURNS], redial_us[TURNS];
		for (int turn = 0; turn < TURNS; turn++) {
			if (turn % 2)
				bare_us[turn] = take_turn(&bare);
			redial_us[turn] = take_turn(&redial);
			if (turn % 2 == 0)
				bare_us[turn] = take_turn(&bare);
		}
		leave_side(&redial);
		leave_side(&bare);
		rate[i] = 1e6 / median(bare_us, TURNS);
		rate[pairs + i] = 1e6 / median(redial_us, TURNS);
		rate[2 * pairs + i] = rate[pairs + i] / rate[i];
	}
	printf("%.0f %.0f %.4f\n", median(rate, pairs), median(rate + pairs, pairs),
	       median(rate + 2 * pairs, pairs));
	free(rate);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "turns") == 0) {
		by_turns(argv[2], atoi(argv[3]), argv[4]);
		return 0;
	}
	addr = loopback(argv[2]);
	context = SSL_CTX_new(TLS_client_method());
	plain = make_request("GET", "/");
	idle = make_request("GET", "/?idle");
	lost = make_request("GET", "/?reset");
	if (strcmp(argv[1], "get") == 0) {
		get(atoi(argv[3]));
		return 0;
	}
	compare(atoi(argv[3]), rescue_of_dead, fresh);
	compare(atoi(argv[3]), rescue_of_reset, failure_and_fresh);
	return 0;
}
