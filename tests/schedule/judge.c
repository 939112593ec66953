/* SPDX-License-Identifier: MIT */
/* What the program's calls come to, and how a run ends. */
#include "judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "preload.h"
#include "program.h"
#include "trace.h"

struct verdict verdict;
sigjmp_buf judge_way_out;

/* A call that may not wait may be held up by other threads, but not for long. */
enum { WAIT_MAX_MS = 20 };

void judge_fail(const char *kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(verdict.text, sizeof(verdict.text), format, args);
	va_end(args);
	verdict.kind = kind;
	siglongjmp(judge_way_out, 1);
}

/* Is it the link's own socket, or one that the preload has put in its place? */
static bool is_of(const struct object *thing, const struct link *link)
{
	const struct wire *wire = thing->kind == IS_SOCKET ? thing->tcp.wire : NULL;
	return thing->kind == IS_EPOLL || (wire && (!wire->link || wire->link == link));
}

bool judge_tolerates(const struct object *thing)
{
	const struct call *call = thread_current ? &thread_current->call : NULL;
	/*
	 * Between a program's decision to call and the kernel's look at the number another of its
	 * threads may always come. Once the kernel has looked, or the call has waited, not.
	 */
	if (!call || !call->link || world.changes[call->fd] == call->changes || call->moves > 1 ||
	    call->slept_ns)
		return false;
	trace("  (as could happen bare)");
	call->link->raced = true;
	((struct object *)thing)->raced = true;
	if (thing->kind == IS_SOCKET && thing->tcp.wire && thing->tcp.wire->link)
		thing->tcp.wire->link->raced = true;
	return true;
}

void judge_moves(const struct object *thing)
{
	const struct call *call = thread_current ? &thread_current->call : NULL;
	if (call && call->link && !call->moves && !is_of(thing, call->link))
		judge_tolerates(thing);
}

void judge_elsewhere(const struct object *thing, const char *bytes, size_t len)
{
	const struct call *call = thread_current ? &thread_current->call : NULL;
	if (!call || !call->link || !len || thing->kind == IS_PIPE)
		return;
	if (!judge_tolerates(thing))
		judge_fail("elsewhere", "bytes of link %u get into a file: %s", call->link->id,
			   trace_bytes(bytes, len));
}

void judge_sleeps(void)
{
	const struct call *call = &thread_current->call;
	for (int fd = 0; call->name && fd < FDS_MAX; fd++) {
		const struct conn *conn = table_find(fd);
		if (conn && conn != &preload_conn_own && conn->lock == (uintptr_t)thread_current)
			judge_fail("locked", "%s(%d) waits with the connection of %d locked",
				   call->name, call->fd, fd);
	}
}

static bool was_told(int error)
{
	return error < 192 && world.errors[error / 64] >> (error % 64) & 1;
}

/* Errors of calls that need means, or find that a number is no socket: never of these calls. */
static bool is_foreign(int error)
{
	switch (error) {
	case ENOTSOCK:
	case EINVAL:
	case ESPIPE:
	case EMFILE:
	case ENFILE:
	case EBUSY:
	case EEXIST:
	case ENOENT:
	case ENOSPC:
	case ELOOP:
		return true;
	default:
		return false;
	}
}

static void judge_error(const struct link *link, const struct call *call, int error)
{
	if (is_foreign(error))
		judge_fail("error", "%s on link %u is told %s", call->name, link->id,
			   strerrorname_np(error));
	if (error == EAGAIN) {
		if (call->may_wait_ms == NEVER && !call->peeps)
			judge_fail("error", "%s on link %u, which may wait, is told EAGAIN",
				   call->name, link->id);
	} else if (error == EINTR ? !world.set.signal_rate : !was_told(error)) {
		/* A reset that redial tells of itself stands for what it knows is lost. */
		bool late = error == ETIMEDOUT && world.policy.retry.on & POLICY_ON_CONNECT_TIMEOUT;
		bool rejected = error == ECONNREFUSED && world.policy.breaker.reject;
		bool begun = error == EINPROGRESS && world.policy.retry.on & POLICY_ON_CONNECT;
		if (error != ECONNRESET && !late && !rejected && !begun)
			judge_fail("error", "%s on link %u is told %s, which no call was",
				   call->name, link->id, strerrorname_np(error));
	}
}

void judge_result(const struct link *link, long result, int error)
{
	const struct call *call = &thread_current->call;
	bool broken_pipe = result < 0 && error == EPIPE;
	if (link->closing || link->raced)
		return;
	/* Each wait of it may last so long: for the rescue, then for the answer. */
	if (!call->peeps && call->may_wait_ms != NEVER &&
	    call->slept_ns / 1000000 > 2 * call->may_wait_ms + WAIT_MAX_MS)
		judge_fail("waits", "%s on link %u, which may wait %llu ms, has waited %llu",
			   call->name, link->id, (unsigned long long)call->may_wait_ms,
			   (unsigned long long)(call->slept_ns / 1000000));
	/* Of several messages the last one may raise it, and the call still tell of the others. */
	bool unclear = call->raises && call->sigpipes == 1 && call->several;
	if (call->sigpipes != (broken_pipe && call->raises) && !unclear)
		judge_fail("signal", "%s on link %u is told %s, with %u SIGPIPE", call->name,
			   link->id, trace_result(result < 0 ? -error : result), call->sigpipes);
	if (result < 0)
		judge_error(link, call, error);
}

/* Does a server of the link's keep it waiting, by its own choice? */
static bool server_is_silent(const struct link *link)
{
	for (uint32_t i = 0; i < world.wire_count; i++) {
		const struct wire *wire = world.wires[i];
		if ((wire->link == link || !wire->link) && wire_is_silent(wire))
			return true;
	}
	return false;
}

bool judge_excuses(const struct thread *thread)
{
	const struct call *call = &thread->call;
	return call->name && call->link &&
	       (call->link->raced || (call->polls && call->link->closing));
}

void judge_waiting(const struct thread *thread)
{
	const struct call *call = &thread->call;
	if (!call->name || !call->link || call->link->raced || judge_excuses(thread) ||
	    link_unfinished(call->link))
		return;
	if (!server_is_silent(call->link))
		judge_fail("hangs",
			   "thread %s waits for ever in %s on link %u, whose servers "
			   "owe nothing",
			   thread->name, call->name, call->link->id);
}

void judge_timeout(const struct link *link)
{
	if (link_usable(link) && !link->raced && !server_is_silent(link))
		judge_fail("hangs",
			   "thread %s waits in vain for link %u, whose servers owe nothing",
			   thread_current->name, link->id);
}
