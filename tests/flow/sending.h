/* SPDX-License-Identifier: MIT */
/* The calls by which a program can write to a connection. */
#ifndef REDIAL_FLOW_SENDING_H
#define REDIAL_FLOW_SENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The last byte of what the last one sends is urgent, and does not get into the peer's stream. */
enum { CALLS = 10, CALLS_ALIKE = CALLS - 1 };

extern const struct call {
	const char *name;
	/* Writes some of it, raising no SIGPIPE if the call can say so. Returns as write does. */
	ssize_t (*make)(int fd, const char *bytes, size_t len);
} calls[CALLS];

/* The one whose name the text begins with. */
const struct call *call_named(const char *text);

/*
 * Writes all of it by this call, waiting by poll for room as long as it takes. false, and says why,
 * if that fails, or if it is woken again and again though there is no room.
 */
bool push(int fd, const struct call *call, const char *bytes, size_t len);

#endif
