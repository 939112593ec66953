/* SPDX-License-Identifier: MIT */
/*
 * A body that breaks off, and whose rest is asked for: memory was short for that request, so that
 * it was looked at again whether it can go out. Once it has, the wait for its answer is at rest.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "flow.h"

enum { REFUSALS = 3, REST_AFTER_MS = 600, BUSY_MS_MAX = 200 };

#define HALF "12345678901234567890123456789012345678901234567890"

#ifdef __x86_64__
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#define ARGUMENTS(context)                                                                         \
	{                                                                                          \
		(context)->uc_mcontext.gregs[REG_RDI], (context)->uc_mcontext.gregs[REG_RSI],      \
		    (context)->uc_mcontext.gregs[REG_RDX], (context)->uc_mcontext.gregs[REG_R10]   \
	}
#else
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#define ARGUMENTS(context)                                                                         \
	{                                                                                          \
		(long)(context)->uc_mcontext.regs[0], (long)(context)->uc_mcontext.regs[1],        \
		    (long)(context)->uc_mcontext.regs[2], (long)(context)->uc_mcontext.regs[3]     \
	}
#endif

static volatile int refusals;

/* In the place of a sendto: as where tcp_mem is used up (tcp(7)), the first few times. */
static void send_later(int number, siginfo_t *info, void *arg)
{
	ucontext_t *context = arg;
	const long call[] = ARGUMENTS(context);
	(void)number;
	(void)info;
	if (refusals++ < REFUSALS) {
		RESULT(context) = -EAGAIN;
		return;
	}
	long sent = syscall(SYS_sendto, call[0], call[1], call[2], call[3] | MSG_CONFIRM, 0, 0);
	RESULT(context) = sent < 0 ? -errno : sent;
}

/* From here on each sendto without MSG_CONFIRM, which TCP does not know, is send_later's. */
static void let_memory_be_short(void)
{
	enum { NUMBER = offsetof(struct seccomp_data, nr) };
	enum { FLAGS = offsetof(struct seccomp_data, args) + 3 * sizeof(uint64_t) };
	struct sock_filter lines[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MSG_CONFIRM, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(lines) / sizeof(*lines), lines};
	const struct sigaction action = {.sa_sigaction = send_later,
					 .sa_flags = SA_SIGINFO | SA_RESTART};
	sigaction(SIGSYS, &action, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		say("no filter: %s", error_name(errno));
}

static long busy_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

PROGRAM(reads_a_body_without_memory)
{
	char text[2048];
	size_t len = 0;
	ssize_t got;
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	let_memory_be_short();
	long busy = busy_ms();
	while (len < sizeof(text) && (got = get(fd, text + len, sizeof(text) - len)) > 0) {
		len += (size_t)got;
		if (memmem(text, len, HALF HALF, 100))
			break;
	}
	busy = busy_ms() - busy;
	say("%s, refused %s, busy for %ld ms",
	    memmem(text, len, HALF HALF, 100) ? "whole" : "broken",
	    refusals > REFUSALS ? "at first" : "never", busy > BUSY_MS_MAX ? busy : 0);
}

#define OF "ETag: \"a\"\r\nAccept-Ranges: bytes\r\n"

static void break_off(struct peer *peer)
{
	int old = peer_accept(peer);
	peer_read_until(peer, old, "\r\n\r\n");
	peer_say(old, "HTTP/1.1 200 OK\r\n" OF "Content-Length: 100\r\n\r\n" HALF);
	poll(NULL, 0, 50); /* a reset would take the half with it */
	peer_reset(old);
	int fresh = peer_accept(peer);
	peer_read_until(peer, fresh, "\r\n\r\n");
	poll(NULL, 0, REST_AFTER_MS);
	peer_say(fresh, "HTTP/1.1 206 Partial Content\r\n" OF
			"Content-Range: bytes 50-99/100\r\nContent-Length: 50\r\n\r\n" HALF);
	peer_read_all(peer, fresh);
	peer_close(fresh);
}

static void once_the_request_for_a_rest_is_out_the_wait_is_at_rest(void)
{
	static const enum way ways[] = {WAY_BLOCK, WAY_POLL, WAY_LEVEL};
	struct flow flow = {.program = "reads_a_body_without_memory",
			    .peer = break_off,
			    .policy = "retry = { resume = true; };"};
	for (int i = 0; i < 3; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		if (!expect_printed(&flow, "whole, refused at first, busy for 0 ms\n"))
			printf(" %s", way_names[flow.way]);
	}
	flow_end(&flow);
}

const struct runner_test rest_tests[] = {
    T(once_the_request_for_a_rest_is_out_the_wait_is_at_rest),
    T_END,
};
