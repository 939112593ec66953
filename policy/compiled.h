/* SPDX-License-Identifier: MIT */
/*
 * A compiled policy: a checked header and struct policy as it lies in memory, so that a process
 * can take a copy of it at its start, without a parser. Native byte order: it is made and read on one
 * machine.
 */
#ifndef REDIAL_COMPILED_H
#define REDIAL_COMPILED_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

struct compiled {
	char magic[8]; /* COMPILED_MAGIC */
	uint32_t version;
	uint32_t size; /* of the file, in bytes: it ends with the last rule there is */
	uint64_t checksum; /* compiled_sum: as FNV-1a, by 64 bits at a time */
	struct policy policy;
};

#define COMPILED_MAGIC "\177REDIALP"

/* Copies what compiled_open has found to a whole struct policy. */
void compiled_copy(struct policy *to, const struct policy *found);

/* Do these bytes start as a compiled policy does? (If not, it is text.) */
bool compiled_is(const void *data, size_t len);

/*
 * The policy in the len bytes at data, which must be aligned for struct compiled; of its rules only
 * the first rule_count are there. Returns NULL, and a reason for the user in *why, if they are
 * truncated, of another version or corrupted.
 */
const struct policy *compiled_open(const void *data, size_t len, const char **why);

/* The checksum of a policy, as its compiled form has it. */
uint64_t compiled_sum(const struct policy *policy);

/* Fills *out from *policy; out->size bytes of it are the file. */
void compiled_make(struct compiled *out, const struct policy *policy);

#endif
