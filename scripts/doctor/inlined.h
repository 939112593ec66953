/* SPDX-License-Identifier: MIT */
/*
 * System calls that a program makes by instructions of its own, past libc and so past every
 * preload. Found by the instruction and the number that is loaded before it: such a call for futex
 * or getrandom says nothing, one for connect does.
 */
#ifndef REDIAL_INLINED_H
#define REDIAL_INLINED_H

#include "elf_file.h"

/* What those calls do, as a mask. */
enum {
	INLINED_CONNECT = 1 << 0, /* a connection is made */
	INLINED_BYTES =
	    1 << 1, /* bytes go in or out by what only sockets know, as crash reporters do */
	INLINED_WAITS = 1 << 2, /* an event loop waits */
	INLINED_URING =
	    1 << 3,	      /* io_uring is set up or entered, by itself or by libc's syscall() */
	INLINED_ANY = 1 << 4, /* one whose number the caller gives: any call may be made so */
};

struct inlined {
	unsigned what;
	char names[100]; /* of those whose number is known and matters, with commas between */
};

/* Looks through all that can be executed of a file for x86_64 or aarch64; of others nothing is
 * found. */
void inlined_find(const struct elf_file *file, struct inlined *inlined);

#endif
