/* SPDX-License-Identifier: MIT */
/*
 * A compiled policy is refused with a word why, or whatever is asked of it is answered. The first
 * byte says whether its header is put right, so that what lies behind it is looked at.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../../policy/backoff.h"
#include "../../../policy/compiled.h"
#include "../../../policy/decide.h"
#include "../../../policy/match.h"
#include "../../../policy/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct compiled compiled;
static struct policy policy;

static void ask(const uint8_t *data, size_t size)
{
	struct policy_retry settings;
	struct decide_facts facts = {.cause = CAUSE_RESET, .methods = 1, .attempts = 1};
	struct match_request request = {.host = (const char *)data,
					.host_len = size / 2,
					.path = (const char *)data + size / 2,
					.path_len = size - size / 2,
					.port = 80};

	if (match_settings(&policy, &request, &settings) >= (int)POLICY_RULES_MAX)
		abort();
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		facts.cause = (enum cause)cause;
		facts.status = 400 + size % 200;
		if ((unsigned)decide(&policy, &settings, &facts) >= REASON_COUNT)
			abort();
	}
	match_connection(&policy, 80, &settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	size_t len;

	if (size < 2)
		return 0;
	if (data[0] & 1) {
		policy_defaults(&policy);
		len = size - 1 < sizeof(policy) ? size - 1 : sizeof(policy);
		size_t at = data[0] & 2 ? 0 : (size_t)data[1] * 64 % (sizeof(policy) - len + 1);
		memcpy((char *)&policy + at, data + 1, len);
		if (policy.rule_count > POLICY_RULES_MAX)
			policy.rule_count %= POLICY_RULES_MAX + 1;
		compiled_make(&compiled, &policy);
		len = compiled.size;
	} else {
		len = size - 1 < sizeof(compiled) ? size - 1 : sizeof(compiled);
		memcpy(&compiled, data + 1, len);
	}
	/* Of its own size, so that what is read beyond it is seen. */
	void *copy = malloc(len ? len : 1);
	if (!copy)
		abort();
	memcpy(copy, &compiled, len);
	const struct policy *found = compiled_open(copy, len, &why);
	if (found) {
		compiled_copy(&policy, found);
		ask(data, size);
	} else if (!why || !*why) {
		abort();
	}
	free(copy);
	return 0;
}
