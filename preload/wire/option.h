/* SPDX-License-Identifier: MIT */
/*
 * The socket options of which it is known how a new socket is given them as an old one had them:
 * socket(7), ip(7), ipv6(7), tcp(7), unix(7) and the kernel's headers as of Linux 6.18. Those that
 * are not listed have a value that is a pointer, or a descriptor, or more than a few bytes, or act
 * on the peer, or are too new.
 */
#ifndef REDIAL_WIRE_OPTION_H
#define REDIAL_WIRE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum wire_trait {
	/* Can wait until the request is out, since no packet before it differs; cannot fail. */
	WIRE_LATE = 1 << 0,
	/* An act, of which nothing stays: not to be repeated. */
	WIRE_ONCE = 1 << 1,
	/* As it works if set before connect; the next row is as it works afterwards. */
	WIRE_TWOFOLD = 1 << 2,
	/* A name: the kernel looks at no more of it than that. */
	WIRE_NAME = 1 << 3,
	/* A structure if it has that very length, else an int. */
	WIRE_STRUCT = 1 << 4,
	/* Calls that the hooks do not see are known to set it: the kernel is asked at a rescue. */
	WIRE_LOOK = 1 << 5,
	/* The same, if the last one with that trait was found set. */
	WIRE_LOOK_NEXT = 1 << 6,
	/* What is found so can wait, as above. */
	WIRE_LOOK_LATE = 1 << 7,
};

struct wire_option {
	uint8_t level;
	uint8_t name;
	uint8_t len;	/* bytes of a value at most */
	uint8_t traits; /* mask of enum wire_trait */
};

enum { WIRE_VALUE_MAX = 20, WIRE_OPTIONS_MAX = 224 };

/* All of them; the numbers below are places in it. */
extern const struct wire_option wire_options[] __attribute__((visibility("hidden")));
extern const int wire_option_count __attribute__((visibility("hidden")));

/* The number of an option that is set on a socket for which connect was called or not; or -1. */
int wire_option_find(int level, int name, bool connected);

/*
 * How many bytes the kernel has read of a value that it has accepted, so many being given: no more
 * than these are there for sure. value may be NULL, which the kernel takes for zero at times.
 */
size_t wire_option_len(int option, const void *value, socklen_t given);

#endif
