/* SPDX-License-Identifier: MIT */
/* The states that a connection can be in, and how a program gets one there. */
#ifndef REDIAL_FLOW_STATES_H
#define REDIAL_FLOW_STATES_H

#include "flow.h"

enum { LATE_MS = 200, SOON_MS = 30 };

/* How a state is reached: what the server does, by faultd or by a function, under which policy. */
struct state {
	const char *name; /* tests/coverage/pairs.h has it */
	const char *policy, *fault, *other_fault;
	peer_function *peer;
	int (*reach)(void); /* in the program: returns the connection */
};

extern const struct state states[]; /* the last one has no name */

/* How an attempt fails in one of them. */
extern const struct state failures[];

#endif
