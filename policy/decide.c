/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include "ranges.h"

/*
 * A rescue under way goes on when its own redial fails, without asking `on` again. But when bytes
 * of the request were taken again, a policy that does not want them resent after a reset or an
 * end of stream still holds.
 */
static bool cause_allowed(uint32_t on, const struct decide_facts *facts)
{
	switch (facts->cause) {
	case CAUSE_STALE:
		return on & POLICY_ON_STALE || facts->rescuing;
	case CAUSE_RESET:
		return on & POLICY_ON_RESET;
	case CAUSE_EOF:
		return on & POLICY_ON_EOF;
	case CAUSE_CONNECT:
	case CAUSE_CONNECT_TIMEOUT:
		return facts->rescuing;
	case CAUSE_COUNT:
		break;
	}
	return false;
}

static bool methods_allowed(uint32_t allowed, const struct decide_facts *facts)
{
	if (facts->unsent)
		return true;
	return facts->methods && !(facts->methods & ~(allowed & METHODS_RESENDABLE));
}

enum reason decide(const struct policy *policy, const struct policy_retry *settings,
		   const struct decide_facts *facts)
{
	if (!policy->enabled)
		return REASON_DISABLED;
	if (facts->shut_down)
		return REASON_SHUTDOWN;
	if (facts->response_started)
		return REASON_STARTED;
	if (facts->connection_auth)
		return REASON_AUTH;
	if (!facts->rescuing && !facts->reused && !(settings->on & POLICY_ON_FIRST_USE))
		return REASON_FIRST_USE;
	if (!cause_allowed(settings->on, facts))
		return REASON_CAUSE;
	if (!methods_allowed(settings->methods, facts))
		return REASON_METHOD;
	if (facts->request_len > settings->max_request_bytes)
		return REASON_TOO_LARGE;
	if (!facts->held)
		return REASON_NOT_HELD;
	if (facts->attempts >= settings->max_attempts)
		return REASON_ATTEMPTS;
	if (facts->elapsed_ms >= settings->total_timeout_ms)
		return REASON_DEADLINE;
	return REASON_NONE;
}

/* Arrays of text, not of pointers: those would need a relocation each in libredial.so. */
const char *cause_name(enum cause cause)
{
	static const char names[CAUSE_COUNT][16] = {
#define X(name, text) [CAUSE_##name] = text,
	    REDIAL_CAUSES(X)
#undef X
	};

	return (unsigned)cause < CAUSE_COUNT ? names[cause] : "unknown";
}

const char *reason_name(enum reason reason)
{
	static const char names[REASON_COUNT][20] = {
#define X(name, text) [REASON_##name] = text,
	    REDIAL_REASONS(X)
#undef X
	};

	return (unsigned)reason < REASON_COUNT ? names[reason] : "unknown";
}
