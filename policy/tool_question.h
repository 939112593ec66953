/* SPDX-License-Identifier: MIT */
/* What a user asks redial-policy explain. */
#ifndef REDIAL_TOOL_QUESTION_H
#define REDIAL_TOOL_QUESTION_H

#include "decide.h"

struct question {
	const char *file, *method, *host, *path;
	const char *key;    /* a header that the request carries, or NULL */
	const char *header; /* "NAME: VALUE" of the response, or NULL */
	uint32_t port;
	bool has_cause;
	struct decide_facts facts; /* all but `keyed` and `vetoed`, which rest on the settings */
};

/* Reads the words of the command line. Returns 0 or, its error printed, TOOL_USAGE. */
int question_parse(int argc, char **argv, struct question *question);

/* Is it about the program's own connect, when no request is known yet? */
bool question_is_of_connection(const struct question *question);

#endif
