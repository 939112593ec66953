/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * SLACK_KB: a further mapping of the arena's, or of the heap's. SENDS_MAX: where memory is short a
 * socket has room, and takes nothing (tcp(7), tcp_mem): to be asked now and then, not all the time.
 */
enum { TOOK_MS_MAX = 2500, SLACK_KB = 320, GROWTH_KB = 0, GROWTH_TLS_KB = 264, SENDS_MAX = 100 };

static char said[256];

static const char *wrong(const char *what, const char *line)
{
	snprintf(said, sizeof(said), "%s%s%.100s", what, *line ? ": " : "", line);
	return said;
}

/* The line behind `from` that begins so, without its end; NULL if there is none. */
static const char *find_line(const char *from, const char *begins, char line[128])
{
	size_t len = strlen(begins);
	for (const char *at = from; at && *at; at = strchr(at, '\n'), at += at != NULL) {
		if (strncmp(at, begins, len) == 0) {
			snprintf(line, 128, "%.*s", (int)strcspn(at, "\n"), at);
			return at + strcspn(at, "\n");
		}
	}
	return NULL;
}

const char *judge_outcome(const struct run *run)
{
	static char outcome[64];
	char line[128];
	int round;
	outcome[0] = '\0';
	if (find_line(run->said, "round ", line))
		sscanf(line, "round %d %63[^\n]", &round, outcome);
	return outcome;
}

static bool ending(const struct run *run, int *fds, long *mapped, long *growth)
{
	char line[128];
	return find_line(run->said, "end ", line) &&
	       sscanf(line, "end %d %ld %ld", fds, mapped, growth) == 3;
}

bool judge_learn(struct reference *reference, const struct run *bare, const struct run *redial)
{
	long growth;
	snprintf(reference->original, sizeof(reference->original), "%s", judge_outcome(bare));
	return reference->original[0] &&
	       ending(redial, &reference->fds, &reference->mapped_kb, &growth);
}

/* The errno, or -1 for what is none. */
static int error_of(const char *outcome)
{
	int error;
	return sscanf(outcome, "%*s %d", &error) == 1 && error ? error : -1;
}

/* Is it that the connection was lost, in whichever words? */
static bool is_loss(const char *outcome)
{
	int error = error_of(outcome);
	return strcmp(outcome, "eof 0") == 0 || error == ECONNRESET || error == EPIPE;
}

static bool is_sending(long number)
{
	return number == SYS_sendto || number == SYS_sendmsg || number == SYS_write ||
	       number == SYS_writev;
}

static bool is_receiving(long number)
{
	return number == SYS_recvfrom || number == SYS_recvmsg || number == SYS_read ||
	       number == SYS_readv;
}

static bool is_wait(long number)
{
	return number == SYS_poll || number == SYS_ppoll || number == SYS_select ||
	       number == SYS_pselect6 || number == SYS_epoll_wait || number == SYS_epoll_pwait;
}

/*
 * What redial has laid at the program's number can be taken away again by these alone. A kernel
 * that refuses them for ever leaves it there, and the program with its own end of a wait, with what
 * a watcher says of itself, or with a connection that is lost. So does one that lets a socket be
 * made one that does not block, and never again one that does.
 */
static bool is_stuck(const struct plan *plan)
{
	return plan->ever && (plan->number == SYS_epoll_ctl || plan->number == SYS_dup3 ||
			      plan->number == SYS_timerfd_settime || plan->number == SYS_fcntl);
}

static bool is_of_the_stuck(const struct plan *plan, const char *outcome)
{
	int error = error_of(outcome);
	if (plan->number == SYS_fcntl && error == EAGAIN)
		return true;
	return error == ETIME || error == ENOTSOCK || is_loss(outcome);
}

/* Is it the failure of a call that the program, or its TLS library, made itself? */
static bool is_its_own(const struct scenario *scenario, const struct plan *plan,
		       const struct run *run, const char *outcome)
{
	bool moves = is_sending(plan->number) || is_receiving(plan->number);
	bool tls = strstr(scenario->way, "tls");
	/* Where redial sends, it is for redial to wait. */
	bool waits = !plan->inner || is_receiving(plan->number);
	/* OpenSSL tries again after these as well (BIO_sock_non_fatal_error(3)). */
	bool again = plan->ever && waits &&
		     (plan->error == EINTR || plan->error == EAGAIN ||
		      (tls && (plan->error == ENOTCONN || plan->error == EINPROGRESS ||
			       plan->error == EALREADY)));
	if (tls && moves &&
	    (error_of(outcome) == EPROTO || (again && error_of(outcome) == EDEADLK)))
		return true; /* the library's word for all else, and the client's for no end */
	if (error_of(outcome) != plan->error)
		return false;
	if (run->own_failed || (tls && moves))
		return true;
	bool waited = strncmp(outcome, "wait ", 5) == 0;
	/* From a file it is redial that sends; a client that was told of room has waited last. */
	return (waited && is_wait(plan->number)) ||
	       (is_sending(plan->number) &&
		(strncmp(outcome, "put ", 4) == 0 || (waited && plan->error == EAGAIN)));
}

/*
 * Has it been told EAGAIN by a socket that has told of something to read, or of room, already, and
 * is not to do so again (EPOLLET)? Bare as well the program waits then.
 */
static bool misses_edges(const struct scenario *scenario, const struct plan *plan,
			 const struct run *run)
{
	return plan->error == EAGAIN && run->own_failed && strstr(scenario->way, "epollet");
}

/* A socket that is readable, and for ever has nothing to read: waited for without an end. */
static bool never_has_any(const struct plan *plan)
{
	return plan->error == EAGAIN && plan->ever && is_receiving(plan->number);
}

/*
 * Is that what the program would have got, or may get? An answer; its own failure, whatever redial
 * had to do for it; or that of its own call, which may wait in other words than it did.
 */
static bool may_be(const struct scenario *scenario, const struct reference *reference,
		   const struct plan *plan, const struct run *run, const char *outcome)
{
	/* Redial asks by these whether the number is still its socket's, and is told that it is
	 * not. */
	bool identity = plan->number == SYS_getsockopt || plan->number == SYS_epoll_ctl;
	if (strcmp(outcome, "answer 0") == 0 || strcmp(outcome, reference->original) == 0)
		return true;
	if (strncmp(outcome, "wrong", 5) == 0 || strncmp(outcome, "status", 6) == 0)
		return false;
	return (is_stuck(plan) && is_of_the_stuck(plan, outcome)) ||
	       (misses_edges(scenario, plan, run) && strcmp(outcome, "wait 62") == 0) ||
	       (is_loss(outcome) && (identity || is_loss(reference->original))) ||
	       is_its_own(scenario, plan, run, outcome);
}

static const char *judge_rounds(const struct scenario *scenario, const struct reference *reference,
				const struct plan *plan, const struct run *run)
{
	char line[128], outcome[64];
	int round;
	for (const char *at = run->said; (at = find_line(at, "round ", line));)
		if (sscanf(line, "round %d %63[^\n]", &round, outcome) != 2 ||
		    !may_be(scenario, reference, plan, run, outcome))
			return wrong("the program has got", line);
	for (const char *at = run->said; (at = find_line(at, "after ", line));)
		if (sscanf(line, "after %d %63[^\n]", &round, outcome) != 2 ||
		    (strcmp(outcome, "answer 0") != 0 && !is_stuck(plan)))
			return wrong("behind it", line);
	return NULL;
}

static const char *judge_what_is_left(const struct scenario *scenario,
				      const struct reference *reference, const struct run *run)
{
	char text[64] = "";
	int fds;
	long mapped, growth;
	if (!ending(run, &fds, &mapped, &growth))
		return wrong("it says no end", "");
	snprintf(text, sizeof(text), "%d, %d", fds, reference->fds);
	if (fds > reference->fds)
		return wrong("descriptors left open", text);
	snprintf(text, sizeof(text), "%ld KiB, %ld", mapped, reference->mapped_kb);
	if (mapped > reference->mapped_kb + SLACK_KB)
		return wrong("memory mapped", text);
	snprintf(text, sizeof(text), "%ld KiB", growth);
	if (growth > (strstr(scenario->way, "tls") ? GROWTH_TLS_KB : GROWTH_KB))
		return wrong("it grows from round to round", text);
	return NULL;
}

const char *judge(const struct scenario *scenario, const struct reference *reference,
		  const struct plan *plan, const struct run *run, long took_ms)
{
	char text[64];
	if (run->killed && !misses_edges(scenario, plan, run) && !never_has_any(plan))
		return wrong("it hangs", "");
	if (run->killed)
		return judge_rounds(scenario, reference, plan, run);
	if (!WIFEXITED(run->status) || WEXITSTATUS(run->status)) {
		snprintf(text, sizeof(text), "status %#x", (unsigned)run->status);
		return wrong("it does not end well", text);
	}
	if (plan->inner && is_sending(plan->number) && run->injected > SENDS_MAX * run->rounds) {
		snprintf(text, sizeof(text), "%d", run->injected);
		return wrong("it sends again without a pause, times", text);
	}
	const char *what = judge_rounds(scenario, reference, plan, run);
	if (!what)
		what = judge_what_is_left(scenario, reference, run);
	if (what)
		return what;
	snprintf(text, sizeof(text), "%d", peer_most());
	if (peer_most() > scenario_sendings(scenario))
		return wrong("its request reached the server more often than it may", text);
	if (peer_was_puzzled())
		return wrong("the server read what is no request", "");
	snprintf(text, sizeof(text), "%ld", took_ms);
	if (took_ms > TOOK_MS_MAX && !is_stuck(plan) && !misses_edges(scenario, plan, run) &&
	    strcmp(judge_outcome(run), reference->original) != 0)
		return wrong("milliseconds that it took", text);
	return NULL;
}
