/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include "ranges.h"

/*
 * A rescue under way goes on when its own redial fails, without asking `on` again; not where nobody
 * answered: that costs connect_timeout_ms each time, and would again. And when bytes
 * of the request were taken again, a policy that does not want them resent after a reset or an
 * end of stream still holds.
 */
static bool cause_allowed(const struct policy_retry *settings, const struct decide_facts *facts)
{
	uint32_t on = settings->on;

	switch (facts->cause) {
	case CAUSE_STALE:
		return on & POLICY_ON_STALE || facts->rescuing;
	case CAUSE_RESET:
		return on & POLICY_ON_RESET || facts->resumable;
	case CAUSE_EOF:
		return on & POLICY_ON_EOF || facts->resumable;
	case CAUSE_CONNECT:
		return on & POLICY_ON_CONNECT || facts->rescuing;
	case CAUSE_CONNECT_TIMEOUT:
		return on & POLICY_ON_CONNECT_TIMEOUT || (facts->rescuing && facts->elsewhere);
	case CAUSE_RESPONSE_TIMEOUT:
		return on & POLICY_ON_RESPONSE_TIMEOUT;
	case CAUSE_STATUS:
		return policy_has_status(settings->statuses, facts->status);
	case CAUSE_IDLE: /* max_idle_ms and keep_alive_hints are its switches */
	case CAUSE_MAX_REQUESTS:
		return true;
	case CAUSE_DNS:
		return on & POLICY_ON_DNS;
	case CAUSE_TLS_HANDSHAKE:
		return on & POLICY_ON_TLS_HANDSHAKE || facts->rescuing;
	case CAUSE_BODY:
		return settings->resume;
	case CAUSE_COUNT:
		break;
	}
	return false;
}

/* The peer, or what is on the way to it, has closed the connection. */
static bool is_loss(const struct decide_facts *facts)
{
	return facts->cause == CAUSE_RESET || facts->cause == CAUSE_EOF;
}

/*
 * A new connection that ends where a request was acknowledged had it read, else it were reset
 * (RFC 9293 section 3.6.1): it may be the request that makes the server end it. What is reset may
 * have been turned away unread.
 */
static bool asks_first_use(const struct decide_facts *facts)
{
	if (facts->rescuing)
		return facts->cause == CAUSE_EOF && facts->taken;
	return is_loss(facts) || facts->cause == CAUSE_STALE;
}

/* A connection that had died while it was idle says so at once, or acknowledges nothing. */
static bool is_late(const struct policy_retry *settings, const struct decide_facts *facts)
{
	return is_loss(facts) && facts->taken && settings->late_ms &&
	       facts->worked_ms > settings->late_ms;
}

static bool methods_allowed(const struct policy_retry *settings, const struct decide_facts *facts)
{
	uint32_t allowed = settings->methods & (METHODS_RESENDABLE | METHODS_KEYED);

	if (facts->unsent || (is_loss(facts) && facts->awaits_continue))
		return true;
	if (facts->keyed)
		allowed |= METHODS_KEYED;
	return facts->methods && !(facts->methods & ~allowed);
}

/* The server knows the key, and this is what it has to say of it. */
static bool answers_key(const struct decide_facts *facts)
{
	return facts->cause == CAUSE_STATUS && (facts->status == 409 || facts->status == 422) &&
	       facts->keyed && facts->methods & METHODS_KEYED;
}

enum reason decide(const struct policy *policy, const struct policy_retry *settings,
		   const struct decide_facts *facts)
{
	if (!policy->enabled)
		return REASON_DISABLED;
	if (facts->shut_down)
		return REASON_SHUTDOWN;
	if (facts->response_started && !settings->resume)
		return REASON_STARTED;
	if (facts->response_started && !facts->resumable)
		return REASON_NOT_RESUMABLE;
	if (facts->connection_auth)
		return REASON_AUTH;
	if (asks_first_use(facts) && !facts->reused && !(settings->on & POLICY_ON_FIRST_USE))
		return REASON_FIRST_USE;
	if (!cause_allowed(settings, facts))
		return REASON_CAUSE;
	if (answers_key(facts))
		return REASON_CONFLICT;
	if (facts->vetoed)
		return REASON_VETO;
	if (!methods_allowed(settings, facts))
		return REASON_METHOD;
	if (is_late(settings, facts))
		return REASON_LATE;
	if (!facts->unsent && facts->request_len > settings->max_request_bytes)
		return REASON_TOO_LARGE;
	if (!facts->held)
		return REASON_NOT_HELD;
	if (facts->left)
		return REASON_PROGRAM_RETRIES;
	if (settings->address_max_age_ms && facts->address_age_ms > settings->address_max_age_ms)
		return REASON_ADDRESS_AGE;
	if (facts->attempts >= settings->max_attempts)
		return REASON_ATTEMPTS;
	if (facts->retry_after_ms > settings->retry_after_max_ms)
		return REASON_RETRY_AFTER;
	if (facts->elapsed_ms >= settings->total_timeout_ms)
		return REASON_DEADLINE;
	return REASON_NONE;
}

/* Arrays of text, not of pointers: those would need a relocation each in libredial.so. */
const char *cause_name(enum cause cause)
{
	static const char names[CAUSE_COUNT][20] = {
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
