/* SPDX-License-Identifier: MIT */
/* What to do wrong, and on which request: ACTION[=ARG]@WHEN. */
#ifndef FAULTD_SPEC_H
#define FAULTD_SPEC_H

#include <stdbool.h>
#include <stddef.h>

enum action {
	ACT_NONE,
	ACT_RESET,
	ACT_CLOSE,
	ACT_RESET_UNREAD,
	ACT_CLOSE_UNREAD,
	ACT_FIN_UNREAD,
	ACT_RESET_AFTER,
	ACT_CLOSE_AFTER,
	ACT_IDLE_RESET,
	ACT_IDLE_CLOSE,
	ACT_IDLE_408,
	ACT_IDLE_RACE,
	ACT_IDLE_SILENT,
	ACT_DROP,
	ACT_DELAY,
	ACT_STATUS,
	ACT_BUSY,
	ACT_EARLY,
	ACT_REFUSE,
	ACT_HANG_ACCEPT,
	ACT_SHED,
};

/* Every condition that is set must hold. */
struct when {
	unsigned conn;	/* only on this connection of the server */
	unsigned nth;	/* only this request of its connection ... */
	bool onwards;	/* ... or a later one */
	unsigned every; /* only each so-manieth request of the server */
	long from_ms;	/* only from so long after the server's first request on ... */
	long to_ms;	/* ... and until then; 0: always */
	const char *path;
	const char *method;
	bool once;
};

struct spec {
	enum action action;
	const char *name; /* of the action, for the log */
	long arg;	  /* -1: not given */
	struct when when;
	bool spent;
};

#define SPEC_MAX 64

struct spec_list {
	struct spec item[SPEC_MAX];
	size_t count;
};

/* What a request looks like to the conditions. */
struct occasion {
	unsigned conn, nth, total;
	long ms; /* since the server's first request */
	const char *method, *path;
};

/* Adds one. On failure returns -1 and says in error what is wrong and what would be right. */
int spec_add(struct spec_list *list, const char *text, char *error, size_t error_len);

/* The first spec that matches, marked as spent if it is a once one; NULL if none does. */
const struct spec *spec_find(struct spec_list *list, const struct occasion *now);

/* Does this action leave the request in the kernel's queue? */
bool spec_is_unread(const struct spec *spec);

#endif
