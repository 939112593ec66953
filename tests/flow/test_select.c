/* SPDX-License-Identifier: MIT */
/* Programs that wait by select or pselect: before each read, and before each piece they write. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE(ms)                                                                                  \
	"retry = { max_attempts = 6; "                                                             \
	"backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"

enum { LIMIT_S = 5 };

/* program.arg names the call. The set is returned in the pointers. */
static int wait_by_call(int len, fd_set *in, fd_set *out, long limit_ms)
{
	struct timespec limit = {limit_ms / 1000, limit_ms % 1000 * 1000000};
	struct timeval left = {limit_ms / 1000, limit_ms % 1000 * 1000};
	if (!strncmp(program.arg, "pselect", 7))
		return pselect(len, in, out, NULL, &limit, NULL);
	int count = select(len, in, out, NULL, &left);
	if (count > 0 && out && left.tv_sec < LIMIT_S / 2)
		say("%ld s left", (long)left.tv_sec);
	return count;
}

static bool is_readable(int fd)
{
	fd_set in;
	FD_ZERO(&in);
	FD_SET(fd, &in);
	return wait_by_call(fd + 1, &in, NULL, LIMIT_S * 1000) == 1 && FD_ISSET(fd, &in);
}

static bool is_writable(int fd)
{
	fd_set in, out;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(fd, &in);
	FD_SET(fd, &out);
	int count = wait_by_call(fd + 1, &in, &out, LIMIT_S * 1000);
	return count == FD_ISSET(fd, &in) + FD_ISSET(fd, &out) && FD_ISSET(fd, &out);
}

static void answer_in_pieces(int fd)
{
	char text[4096] = "";
	size_t len = 0;
	while (!strchr(text, '}')) {
		if (!is_readable(fd)) {
			say("silence");
			return;
		}
		ssize_t got = recv(fd, text + len, 50, 0);
		if (got < 0 && errno == EAGAIN && program.way == WAY_POLL)
			continue;
		if (got <= 0) {
			say("%s", error_name(got ? errno : 0));
			return;
		}
		text[len += (size_t)got] = '\0';
	}
	say("%.3s %s", text + 9, strstr(text, "\"path\":\"/2\"") ? "/2" : "another");
}

PROGRAM(select_before_each_read)
{
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	answer_in_pieces(fd);
	ask(fd, "GET", "/2", NULL);
	answer_in_pieces(fd);
	ask(fd, "GET", "/3", NULL);
	answer_in_pieces(fd);
	hang_up(fd);
}

static void reader_that_selects_first_gets_its_answer(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2", "shed=2@1.2"};
	static const char *const calls[] = {"select", "pselect"};
	struct flow flow = {.program = "select_before_each_read", .policy = PAUSE(60)};
	for (int i = 0; i < 12; i++) {
		flow.arg = calls[i % 2];
		flow.way = i / 2 % 2 ? WAY_POLL : WAY_BLOCK;
		flow.faults[0] = NULL;
		flow_bare(&flow);
		expect_printed(&flow, "200 another\n200 /2\n200 another\n");
		flow.faults[0] = faults[i / 4];
		flow_redial(&flow);
		expect_printed(&flow, "200 another\n200 /2\n200 another\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

/* On a connection that was found dead, while the first redial is refused. */
PROGRAM(post_in_pieces)
{
	static const char request[] =
	    "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\norder";
	static const size_t ends[] = {17, 40, sizeof(request) - 6, sizeof(request) - 1};
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!strstr(program.arg, "bare"))
		await_death(fd);
	int other = dial();
	exchange(other, "GET", "/other", NULL);
	hang_up(other);
	for (size_t i = 0, at = 0; i < 4; at = ends[i++]) {
		if (!is_writable(fd) || !put(fd, request + at, ends[i] - at))
			say("no room for piece %zu", i);
	}
	answer_in_pieces(fd);
	hang_up(fd);
}

static void writer_that_selects_first_finds_room_during_a_rescue(void)
{
	static const char *const calls[] = {"select", "pselect"};
	struct flow flow = {.program = "post_in_pieces",
			    .way = WAY_POLL,
			    .arg = "select bare",
			    .policy = PAUSE(150)};
	flow_bare(&flow);
	expect_printed(&flow, "200 /1\n200 /other\n200 /2\n");
	flow.faults[0] = "idle-close@1.1";
	flow.faults[1] = "refuse=1@2.1";
	for (int i = 0; i < 2; i++) {
		flow.arg = calls[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n200 /2\n");
		expect_seen(&flow, 1, "path=/2 ", "body=5");
	}
	flow_end(&flow);
}

/* A set of 2,001 bits whose last word is followed by nothing that may be read. */
static fd_set *large_set(int last)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = ((size_t)last / 64 + 1) * 8;
	char *memory =
	    mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(memory + page, page, PROT_NONE);
	return (fd_set *)(void *)(memory + page - size);
}

PROGRAM(number_beyond_an_fd_set)
{
	enum { NUMBER = 1999 };
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int copy = dup2(fd, NUMBER);
	if (copy != NUMBER || !begin_rescue(fd))
		say("no rescue");
	fd_set *out = large_set(NUMBER);
	unsigned long *last = (unsigned long *)(void *)out + NUMBER / 64;
	*last = 1ul << NUMBER % 64;
	say("%d ready", wait_by_call(NUMBER + 1, NULL, out, LIMIT_S * 1000));
	say("%d is", *last == 1ul << NUMBER % 64);
	say("%d ready below it", wait_by_call(NUMBER, NULL, out, 10));
	answer(fd);
	hang_up(fd);
}

static void set_larger_than_an_fd_set_is_not_read_past_its_end(void)
{
	static const char *const calls[] = {"select", "pselect"};
	struct flow flow = {.program = "number_beyond_an_fd_set",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE(300)};
	for (int i = 0; i < 2; i++) {
		flow.arg = calls[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n1 ready\n1 is\n0 ready below it\n200 /2\n");
	}
	flow_end(&flow);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void alarm_in_ms(int ms)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {.it_value.tv_usec = ms * 1000};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void wait_for_the_signal(int silent)
{
	sigset_t none, alarms;
	fd_set in;
	sigemptyset(&none);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	FD_ZERO(&in);
	FD_SET(silent, &in);
	alarm_in_ms(40);
	say("%s", select(silent + 1, &in, NULL, NULL, NULL) < 0 ? error_name(errno) : "?");
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	alarm_in_ms(40);
	struct timespec limit = {.tv_nsec = 120000000};
	say("%d", pselect(silent + 1, &in, NULL, NULL, &limit, NULL));
	FD_SET(silent, &in);
	say("%s", pselect(silent + 1, &in, NULL, NULL, NULL, &none) < 0 ? error_name(errno) : "?");
}

/* What select does for other descriptors while a rescue is under way. arg: "bare" for none. */
PROGRAM(select_beside_a_rescue)
{
	int ends[2];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (strcmp(program.arg, "bare") && !begin_rescue(fd))
		say("no rescue");
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		say("no pipe");
	while (write(ends[1], program.arg, 1) == 1 || errno == EINTR)
		;
	fd_set out;
	FD_ZERO(&out);
	FD_SET(ends[1], &out);
	struct timeval left = {.tv_usec = 60000};
	long start = now_ms();
	say("%d ready", select(ends[1] + 1, NULL, &out, NULL, &left));
	long took = now_ms() - start;
	say("%s, %ld us left", took >= 55 && took < 1000 ? "in time" : "not in time",
	    (long)left.tv_usec);
	int silent[2];
	if (pipe2(silent, O_CLOEXEC))
		say("no pipe");
	wait_for_the_signal(silent[0]);
	left.tv_usec = -1;
	say("%s", select(0, NULL, NULL, NULL, &left) < 0 ? error_name(errno) : "?");
	FD_SET(ends[1], &out);
	close(ends[1]);
	say("%s", select(ends[1] + 1, NULL, &out, NULL, NULL) < 0 ? error_name(errno) : "?");
	hang_up(fd);
}

static void select_on_other_descriptors_is_as_ever_during_a_rescue(void)
{
	struct flow flow = {.program = "select_beside_a_rescue", .way = WAY_POLL, .arg = "bare"};
	static const char printed[] = "200 /1\n0 ready\nin time, 0 us left\n"
				      "EINTR\n0\nEINTR\nEINVAL\nEBADF\n";
	flow_bare(&flow);
	expect_printed(&flow, printed);
	flow.arg = "x";
	flow.faults[0] = "shed=1@1.2";
	flow.policy = PAUSE(3000);
	flow_redial(&flow);
	expect_printed(&flow, printed);
	flow_end(&flow);
}

const struct runner_test select_tests[] = {
    T(reader_that_selects_first_gets_its_answer),
    T(writer_that_selects_first_finds_room_during_a_rescue),
    T(set_larger_than_an_fd_set_is_not_read_past_its_end),
    T(select_on_other_descriptors_is_as_ever_during_a_rescue),
    T_END,
};
