/* SPDX-License-Identifier: MIT */
#include "persist.h"

#include <time.h>

#include "../../policy/backoff.h"
#include "../process/config.h"
#include "../conn/switch.h"
#include "../os/jitter.h"
#include "../os/clock.h"
#include "../process/live.h"
#include "../os/mem.h"
#include "../process/resolved.h"
#include "../rescue/pace.h"
#include "../os/sys.h"

void persist_begin(struct persist *persist, const struct policy_retry *settings)
{
	memset(persist, 0, sizeof(*persist));
	persist->attempts = 1;
	persist->began_ms = os_now_ms();
	persist->who.method = "";
	persist->who.fd = -1;
	persist->who.tls = "";
	persist->settings = *settings;
}

static enum reason ask(const struct persist *persist, enum cause cause, uint64_t elapsed_ms)
{
	struct decide_facts facts = {
	    .cause = cause,
	    .unsent = true,
	    .held = true, /* all of nothing */
	    .attempts = persist->attempts,
	    .elapsed_ms = elapsed_ms < UINT32_MAX ? (uint32_t)elapsed_ms : UINT32_MAX,
	    .rescuing = persist->attempts > 1,
	};
	if (persist->peer_addr && persist->settings.address_max_age_ms) {
		uint64_t age_ms = resolved_age_ms(persist->peer_addr, "", os_now_ms());
		facts.address_age_ms = age_ms < UINT32_MAX ? (uint32_t)age_ms : UINT32_MAX;
	}
	return decide(config.policy, &persist->settings, &facts);
}

enum pause { PAUSE_OVER, PAUSE_INTERRUPTED, PAUSE_OFF };

/*
 * Not libc's sleep: that would be a cancellation point. Interrupted if a signal came: bare the call
 * would have been over by now, whatever its handler asks of calls that it interrupts. In slices,
 * for it may be switched off meanwhile.
 */
static enum pause pause_ms(uint64_t ms)
{
	while (ms) {
		uint64_t slice = switch_wait_ms(ms);
		const struct timespec pause = {(time_t)(slice / 1000),
					       (long)(slice % 1000) * 1000000};
		if (sys2(nanosleep, &pause, 0) != 0)
			return PAUSE_INTERRUPTED;
		ms -= slice;
		if (ms && conn_is_off())
			return PAUSE_OFF;
	}
	return PAUSE_OVER;
}

static bool give_up(const struct persist *persist, enum cause cause, enum reason reason,
		    uint64_t elapsed_ms)
{
	if (persist->attempts == 1)
		log_refused(&persist->who, cause, reason);
	else
		log_exhausted(&persist->who, persist->attempts, cause, reason, elapsed_ms);
	return false;
}

bool persist_again(struct persist *persist, enum cause cause)
{
	uint64_t now_ms = os_now_ms();
	uint64_t elapsed_ms = now_ms - persist->began_ms;
	if (persist->peer)
		pace_failed(persist->peer, persist->peer_addr, now_ms);
	conn_switch();
	enum reason reason = ask(persist, cause, elapsed_ms);
	if (reason != REASON_NONE)
		return give_up(persist, cause, reason, elapsed_ms);
	/* The peer, or the server that knows its name, is in trouble: never again at once. */
	uint64_t salt = (uint64_t)(uintptr_t)persist ^ now_ms << 20;
	uint32_t delay_ms =
	    backoff_delay_ms(&persist->settings.backoff, persist->attempts + 1, jitter_bits(salt));
	if (elapsed_ms + delay_ms >= persist->settings.total_timeout_ms)
		return give_up(persist, cause, REASON_DEADLINE, elapsed_ms);
	reason = pace_take(persist->peer, persist->peer_addr, cause, persist->peer, now_ms);
	if (reason != REASON_NONE)
		return give_up(persist, cause, reason, elapsed_ms);
	persist->attempts++;
	if (!persist->counted)
		persist->counted = live_more(PROCESS_RESCUES);
	log_attempt(&persist->who, persist->attempts, persist->settings.max_attempts, cause,
		    delay_ms);
	enum pause pause = pause_ms(delay_ms);
	if (pause == PAUSE_OVER)
		return true;
	if (pause == PAUSE_OFF)
		return give_up(persist, cause, REASON_DISABLED, os_now_ms() - persist->began_ms);
	log_abandoned(&persist->who, persist->attempts - 1, os_now_ms() - persist->began_ms);
	return false;
}

void persist_recovered(const struct persist *persist)
{
	log_recovered(&persist->who, persist->attempts, 0, os_now_ms() - persist->began_ms);
}

void persist_end(struct persist *persist)
{
	if (persist->counted)
		live_less(PROCESS_RESCUES);
}
