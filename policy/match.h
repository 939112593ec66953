/* SPDX-License-Identifier: MIT */
/* Which settings a request is under. */
#ifndef REDIAL_MATCH_H
#define REDIAL_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/* A request as the rules see it. The texts need no final NUL. */
struct match_request {
	const char *host; /* the Host header; a port in it is not looked at */
	size_t host_len;
	const char *path; /* the request target as it was sent: path_of finds its path */
	size_t path_len;
	unsigned port; /* the peer's, in host byte order */
};

/*
 * Does text match the pattern? `*` stands for any run of bytes, `/` and nothing included, `?` for
 * one byte; the rest is literal, letters in either case if fold_case.
 */
bool match_glob(const char *pattern, const char *text, size_t len, bool fold_case);

/*
 * Does the pattern of a rule's path tell some paths from others? Not if it is empty or made of
 * wildcards and slashes alone; only rules of which it does may list METHODS_KEYED.
 */
bool match_is_particular(const char *pattern);

/* Lays the keys that the rule names over *settings. */
void match_apply(const struct policy_rule *rule, struct policy_retry *settings);

/*
 * Leaves in *settings what the other ones allow too: for requests that are sent again together or
 * not at all. How long it may take and how it is paced stays as it is.
 */
void match_narrow(struct policy_retry *settings, const struct policy_retry *other);

/*
 * The settings for a request: those of `retry`, key by key under those of the first rule that
 * matches, by its path as path.h reads it. Returns that rule's index, or -1 if none matched. Of a
 * path that servers may read in another way, under which other rules match, only that is allowed
 * which is allowed by all of them.
 */
int match_settings(const struct policy *policy, const struct match_request *request,
		   struct policy_retry *settings);

/* The same; *doubt: the path is such a one. */
int match_settings_in_doubt(const struct policy *policy, const struct match_request *request,
			    struct policy_retry *settings, bool *doubt);

/*
 * The settings of a connection of which no request is known yet: those of `retry` under those of
 * the first rule that names neither host nor path, and this port or none. Returns that rule's
 * index, or -1 if there is none.
 */
int match_connection(const struct policy *policy, unsigned port, struct policy_retry *settings);

#endif
