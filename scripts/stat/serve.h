/* SPDX-License-Identifier: MIT */
/* An HTTP server of one thread and one page, for `redial stat --listen`. */
#ifndef REDIAL_STAT_SERVE_H
#define REDIAL_STAT_SERVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* Writes the page. false if it cannot be made; then the answer is 500. */
typedef bool serve_page(FILE *to, const void *of);

/*
 * Listens where the text says (where.h); port 0 takes a free one. Says on standard error where.
 * Returns the descriptor, or -1, having said why; *malformed tells whether the text is to blame.
 */
int serve_listen(const char *text, bool *malformed);

/*
 * Answers until a signal is caught that `until_unblocked` leaves unblocked, having been blocked
 * since before. At most SERVE_CLIENTS at a time: more wait to be accepted; each has SERVE_MS for
 * all, and one that takes longer is closed.
 */
enum { SERVE_CLIENTS = 32, SERVE_MS = 5000 };
void serve_run(int listener, serve_page *page, const void *of, const sigset_t *until_unblocked,
	       const volatile sig_atomic_t *stop);

#endif
