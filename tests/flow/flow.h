/* SPDX-License-Identifier: MIT */
/*
 * A conversation seen from outside: a program, which is a PROGRAM() of program.h run in a process
 * of its own, and a server beside it. It runs bare or with libredial.so preloaded; then the test
 * says what the program must have printed, the server seen and redial logged.
 *
 * To see the tests fail, run them as REDIAL_DISABLE=1 build/tests/flow-tests.
 * REDIAL_POLICY=/PATH build/tests/flow-tests runs those without a policy of their own under that
 * one; those that say what the built-in policy leaves alone, or count on its connections, fail.
 */
#ifndef REDIAL_FLOW_H
#define REDIAL_FLOW_H

#include "support/process.h"
#include "support/runner.h"

#include "peer.h"
#include "program.h"

enum { FLOW_FAULTS_MAX = 8, FLOW_ENV_MAX = 4 };

struct flow {
	/* What the test sets. */
	const char *program;
	const char *arg;     /* the program's program.arg; "" unless told */
	enum way way;	     /* how it waits; WAY_BLOCK unless told */
	const char *listen;  /* where faultd does; 127.0.0.1 unless told */
	const char *address; /* what the program dials; the same unless told */
	const char *faults[FLOW_FAULTS_MAX];
	const char *keep_alive; /* seconds that faultd promises to keep a connection; NULL: none */
	peer_function *peer;	/* serves instead of faultd */
	peer_function *before;	/* done before the program starts; NULL: nothing */
	void (*make_policy)(const char *path,
			    int port); /* writes the policy file, or what is in its place */
	const char *policy;	       /* text of the policy file; NULL: none */
	/*
	 * Runs it in this shell script instead: `$program ARG` is the program, `$redial` the
	 * launcher, `$preload` what is to stand before a command that has libredial.so without it.
	 */
	const char *script;
	const char *env[FLOW_ENV_MAX]; /* more NAME=value for the program */
	const char *behind;	       /* below build/: a preload behind redial's; NULL: none */
	int status;		       /* how it must end: 0, or 128 + signal */
	/* What a run leaves. */
	struct process_result result;
	struct faultd server;
	struct peer seen;
	char *log; /* redial's lines */
	bool told; /* of the first failure, at length */
};

/* Run the program beside a server of its own; what an earlier run left is dropped. */
void flow_bare(struct flow *flow);
void flow_redial(struct flow *flow);

/* Runs it both ways: it must print the same, and a peer must have received the same. */
void flow_both_alike(struct flow *flow);

/* Drops what the last run left; not to be forgotten. */
void flow_end(struct flow *flow);

/* The program printed exactly this. */
int expect_printed(struct flow *flow, const char *text);

/* faultd has logged so many requests with all these fragments, NULL for none. */
int expect_seen(struct flow *flow, int count, const char *a, const char *b);

/* How many lines redial has logged with both fragments, NULL for none. */
int logged(const struct flow *flow, const char *a, const char *b);

/* redial has logged so many lines with all these fragments, NULL for none. */
int expect_logged(struct flow *flow, int count, const char *a, const char *b);

/* The program and its server took at most so long. */
int expect_within(const struct flow *flow, long ms);

/* runner_test rows: T(name) in an array that ends with T_END. */
#define T(name)                                                                                    \
	{                                                                                          \
#name, name                                                                        \
	}
#define T_END                                                                                      \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

#define FLOW_SUITES(X)                                                                             \
	X(reuse)                                                                                   \
	X(rescue)                                                                                  \
	X(revive)                                                                                  \
	X(response_timeout)                                                                        \
	X(watch)                                                                                   \
	X(interrupt)                                                                               \
	X(descriptors)                                                                             \
	X(owed)                                                                                    \
	X(lost_numbers)                                                                            \
	X(own_writing)                                                                             \
	X(calls)                                                                                   \
	X(column)                                                                                  \
	X(column_end)                                                                              \
	X(children)                                                                                \
	X(handed_on)                                                                               \
	X(inherited)                                                                               \
	X(many_children)                                                                           \
	X(signals)                                                                                 \
	X(unhooked)                                                                                \
	X(tracker)                                                                                 \
	X(settings)                                                                                \
	X(options)                                                                                 \
	X(options_more)                                                                            \
	X(policy)                                                                                  \
	X(passthrough)                                                                             \
	X(hello)                                                                                   \
	X(tunnel)                                                                                  \
	X(variants)                                                                                \
	X(curl)                                                                                    \
	X(resolver)                                                                                \
	X(connect)                                                                                 \
	X(names)                                                                                   \
	X(connect_later)                                                                           \
	X(connect_asked)                                                                           \
	X(sinks)                                                                                   \
	X(targets)                                                                                 \
	X(log)                                                                                     \
	X(local)                                                                                   \
	X(local_peer)                                                                              \
	X(half_closed)                                                                             \
	X(processes)                                                                               \
	X(stat)                                                                                    \
	X(shared)                                                                                  \
	X(jumps)                                                                                   \
	X(sockets)                                                                                 \
	X(mended)                                                                                  \
	X(unwinding)                                                                               \
	X(loops)                                                                                   \
	X(hang_up)                                                                                 \
	X(regressions)                                                                             \
	X(picture)                                                                                 \
	X(strict)                                                                                  \
	X(select)                                                                                  \
	X(select_answer)                                                                           \
	X(unseen_polls)                                                                            \
	X(waits_behind)                                                                            \
	X(unseen_waits)                                                                            \
	X(room)                                                                                    \
	X(room_full)                                                                               \
	X(rest)                                                                                    \
	X(idle)                                                                                    \
	X(exits)                                                                                   \
	X(exits_more)                                                                              \
	X(exits_read)                                                                              \
	X(limits)                                                                                  \
	X(sigpipe)                                                                                 \
	X(linger)                                                                                  \
	X(threads)                                                                                 \
	X(no_room)                                                                                 \
	X(ended_meanwhile)                                                                         \
	X(threads_read)                                                                            \
	X(crossing)                                                                                \
	X(woken_late)                                                                              \
	X(seldom)                                                                                  \
	X(request_id)                                                                              \
	X(unacked)                                                                                 \
	X(keep_alive)                                                                              \
	X(late)                                                                                    \
	X(first_use)                                                                               \
	X(single_use)                                                                              \
	X(mark)                                                                                    \
	X(pace)                                                                                    \
	X(breaker)                                                                                 \
	X(reject)                                                                                  \
	X(statuses)                                                                                \
	X(statuses_cut)                                                                            \
	X(statuses_after)                                                                          \
	X(statuses_more)                                                                           \
	X(states)                                                                                  \
	X(repeats)                                                                                 \
	X(abandons)                                                                                \
	X(memory)                                                                                  \
	X(memory_calls)                                                                            \
	X(memory_more)

#define X(name) extern const struct runner_test name##_tests[];
FLOW_SUITES(X)
#undef X

#endif
