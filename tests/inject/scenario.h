/* SPDX-License-Identifier: MIT */
/* What the client does, what the server does to it, and by which policy. */
#ifndef REDIAL_INJECT_SCENARIO_H
#define REDIAL_INJECT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "peer.h"

enum want { ANSWER, ORIGINAL };

struct scenario {
	const char *way; /* of the client (client/client.c); with "gnutls" it is the other one */
	const char *method;
	enum fault fault;
	enum want want;	    /* of redial, when no call is made to fail */
	const char *policy; /* what its policy has beyond the usual */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* A name for the user: way, method and fault. */
const char *scenario_name(const struct scenario *scenario);

/* How often its request may reach the server. */
int scenario_sendings(const struct scenario *scenario);

/* Writes FOLDER/NAME.policy, compiled. false: it could not be. */
bool scenario_write_policy(const struct scenario *scenario, const char *folder, const char *name);

#endif
