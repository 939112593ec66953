/* SPDX-License-Identifier: MIT */
/* From a policy file's text to struct policy. The only user of libconfig. */
#ifndef REDIAL_LOAD_H
#define REDIAL_LOAD_H

#include "policy.h"

enum { LOAD_ERROR_MAX = 768 }; /* room for the names of all keys of a group */

struct load_error {
	unsigned line;		   /* 0 where no line applies */
	char text[LOAD_ERROR_MAX]; /* what is wrong, the key it is about, and what would be right */
};

/*
 * Reads the text policy at path into *policy; keys that it does not name keep their defaults.
 * Returns 0, or -1 with *error filled, *policy then undefined.
 */
int load_policy(const char *path, struct policy *policy, struct load_error *error);

/*
 * The same for a file that may be text or compiled; *compiled says which it was. A compiled rule's
 * line is that in the text it was compiled from.
 */
int load_any_policy(const char *path, struct policy *policy, struct load_error *error,
		    bool *compiled);

/*
 * The one name that libredial-policy.so exports: load_policy for a caller that was built apart
 * from it. Refuses, as above, unless version is POLICY_VERSION and size that of struct policy.
 */
__attribute__((visibility("default"))) int redial_policy_load(const char *path,
							      struct policy *policy,
							      struct load_error *error,
							      unsigned version, unsigned long size);

#endif
