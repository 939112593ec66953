/* SPDX-License-Identifier: MIT */
/*
 * Which events a connection has met in which states, counted in memory that all processes of a run
 * share. coverage.py links this into the library that it measures: its hooks are called hooked_NAME
 * there, and each NAME is a few instructions here that take note and jump on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../preload/conn/table.h"
#include "../../preload/rescue/machine.h"
#include "../../preload/rescue/rescue.h"
#include "pairs.h"

#ifndef __x86_64__
#error "the way into a hook is written for x86_64"
#endif

#define X(name) STATE_##name,
enum pair_state { STATES(X) STATE_COUNT };
#undef X
#define X(name) EVENT_##name,
enum pair_event { EVENTS(X) EVENT_COUNT };
#undef X
#define X(name, event, where) CALL_##name,
enum call { CALLS(X) };
#undef X

enum where { FIRST, THIRD, POLLED, SELECTED, OF_SET, OF_FCNTL, RANGE, OVER, ALL };

static const struct {
	enum pair_event event;
	enum where where;
} calls[] = {
#define X(name, event, where) {EVENT_##event, where},
    CALLS(X)
#undef X
};

static unsigned char nowhere[STATE_COUNT][EVENT_COUNT];
static unsigned char (*seen)[EVENT_COUNT] = nowhere;

__attribute__((constructor)) static void share(void)
{
	long fd = syscall(SYS_open, PAIRS_FILE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	long at =
	    syscall(SYS_mmap, NULL, sizeof(nowhere), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if ((unsigned long)at < -4096UL)
		seen = (void *)at;
}

static enum pair_state state_of(const struct conn *conn)
{
	if (conn->rescue)
		return STATE_backoff + conn->rescue->phase;
	if (conn->flags & CONN_ANSWERING)
		return STATE_answering;
	if (conn->request_count)
		return conn_is_writing(conn) ? STATE_writing : STATE_asked;
	return conn->flags & CONN_REUSED ? STATE_idle : STATE_fresh;
}

_Static_assert(STATE_giving - STATE_backoff == PHASE_GIVING, "states behind the first are phases");

static void note(const struct conn *conn, enum pair_event event)
{
	if (conn && conn != &conn_own)
		seen[state_of(conn)][event] = 1;
}

static void note_at(int fd, enum pair_event event)
{
	if (fd >= 0)
		note(table_find(fd), event);
}

static void note_range(unsigned first, unsigned last, int epfd, enum pair_event event)
{
	for (unsigned fd = first; fd <= last && fd < table.top; fd++) {
		const struct conn *conn = table_find((int)fd);
		bool counts = conn && epfd < 0;
		for (int i = 0; conn && epfd >= 0 && i < conn->registration_count; i++)
			counts |= conn_registration(conn, i)->epfd == epfd;
		if (counts)
			note(conn, event);
	}
}

static void note_selected(int count, unsigned long *const sets[3])
{
	for (int fd = 0; fd < count && fd < FD_SETSIZE; fd++) {
		for (int i = 0; i < 3; i++) {
			if (sets[i] && sets[i][fd / 64] >> fd % 64 & 1)
				note_at(fd, EVENT_wait);
		}
	}
}

static void note_fcntl(int fd, int command)
{
	bool asks = command == F_GETFL || command == F_GETFD || command == F_GETOWN;
	bool copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
	note_at(fd, asks ? EVENT_ask : copies ? EVENT_dup : EVENT_set);
}

/* args: the six words that a call takes. */
__attribute__((used)) static void enter(enum call call, unsigned long *args)
{
	enum pair_event event = calls[call].event;
	int fd = (int)args[0];
	switch (calls[call].where) {
	case FIRST:
		note_at(fd, event);
		break;
	case THIRD:
		note_at((int)args[2], event);
		break;
	case POLLED:
		for (unsigned long i = 0; i < args[1] && i < 1024; i++)
			note_at(((struct pollfd *)args[0])[i].fd, event);
		break;
	case SELECTED:
		note_selected(fd, (unsigned long **)&args[1]);
		break;
	case OF_SET:
		note_range(0, UINT32_MAX, fd, event);
		break;
	case OF_FCNTL:
		note_fcntl(fd, (int)args[1]);
		break;
	case RANGE:
		note_range((unsigned)fd, (unsigned)args[1], -1, event);
		break;
	case OVER:
		note_at(fd, event);
		if (fd != (int)args[1])
			note_at((int)args[1], EVENT_replace);
		break;
	case ALL:
		note_range(0, UINT32_MAX, -1, event);
	}
}

/* Every register that may carry an argument is as it was. */
__asm__(".text\n"
	"pairs_enter:\n"
	"	push %rax\n	push %r9\n	push %r8\n	push %rcx\n"
	"	push %rdx\n	push %rsi\n	push %rdi\n"
	"	sub $128, %rsp\n"
	"	movups %xmm0, (%rsp)\n	movups %xmm1, 16(%rsp)\n"
	"	movups %xmm2, 32(%rsp)\n	movups %xmm3, 48(%rsp)\n"
	"	movups %xmm4, 64(%rsp)\n	movups %xmm5, 80(%rsp)\n"
	"	movups %xmm6, 96(%rsp)\n	movups %xmm7, 112(%rsp)\n"
	"	mov %r11d, %edi\n"
	"	lea 128(%rsp), %rsi\n"
	"	sub $8, %rsp\n"
	"	call enter\n"
	"	add $8, %rsp\n"
	"	movups (%rsp), %xmm0\n	movups 16(%rsp), %xmm1\n"
	"	movups 32(%rsp), %xmm2\n	movups 48(%rsp), %xmm3\n"
	"	movups 64(%rsp), %xmm4\n	movups 80(%rsp), %xmm5\n"
	"	movups 96(%rsp), %xmm6\n	movups 112(%rsp), %xmm7\n"
	"	add $128, %rsp\n"
	"	pop %rdi\n	pop %rsi\n	pop %rdx\n"
	"	pop %rcx\n	pop %r8\n	pop %r9\n	pop %rax\n"
	"	ret\n");

#define X(name, event, where)                                                                      \
	__attribute__((naked, visibility("default"))) void entry_##name(void) __asm__(#name);      \
	__attribute__((naked, visibility("default"))) void entry_##name(void)                      \
	{                                                                                          \
		__asm__(                                                                           \
		    "mov %0, %%r11d\n call pairs_enter\n jmp hooked_" #name ::"i"(CALL_##name));   \
	}
CALLS(X)
#undef X

/* What the kernel does to it, as the preload hears of it. */
enum reason __real_rescue_begin(struct conn *conn, const struct rescue_start *start);
enum reason __wrap_rescue_begin(struct conn *conn, const struct rescue_start *start);
enum reason __real_rescue_plan_next(struct conn *conn);
enum reason __wrap_rescue_plan_next(struct conn *conn);
void __real_rescue_exhausted(struct rescue *rescue, enum reason reason);
void __wrap_rescue_exhausted(struct rescue *rescue, enum reason reason);
enum rescue_result __real_rescue_run(struct handle *handle, enum rescue_limit limit);
enum rescue_result __wrap_rescue_run(struct handle *handle, enum rescue_limit limit);

static void note_cause(const struct conn *conn, enum cause cause)
{
	if (cause == CAUSE_RESET || cause == CAUSE_CONNECT || cause == CAUSE_TLS_HANDSHAKE)
		note(conn, EVENT_reset);
	else if (cause == CAUSE_EOF || cause == CAUSE_BODY)
		note(conn, EVENT_end);
	else if (cause == CAUSE_CONNECT_TIMEOUT || cause == CAUSE_RESPONSE_TIMEOUT)
		note(conn, EVENT_timeout);
}

enum reason __wrap_rescue_begin(struct conn *conn, const struct rescue_start *start)
{
	note_cause(conn, start->cause);
	return __real_rescue_begin(conn, start);
}

enum reason __wrap_rescue_plan_next(struct conn *conn)
{
	note_cause(conn, conn->rescue->cause);
	return __real_rescue_plan_next(conn);
}

void __wrap_rescue_exhausted(struct rescue *rescue, enum reason reason)
{
	if (reason == REASON_DEADLINE)
		seen[STATE_backoff + rescue->phase][EVENT_deadline] = 1;
	if (reason == REASON_DISABLED)
		seen[STATE_backoff + rescue->phase][EVENT_off] = 1;
	__real_rescue_exhausted(rescue, reason);
}

enum rescue_result __wrap_rescue_run(struct handle *handle, enum rescue_limit limit)
{
	enum rescue_result result = __real_rescue_run(handle, limit);
	if (result == RESCUE_INTERRUPTED)
		note(handle->conn, EVENT_signal);
	return result;
}
