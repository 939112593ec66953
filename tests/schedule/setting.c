/* SPDX-License-Identifier: MIT */
/* What holds for a whole run: the policy, and how hostile the world is. */
#include "setting.h"

#include <string.h>

#include "call.h"
#include "draw.h"
#include "preload.h"
#include "trace.h"
#include "world.h"

static void add_name(struct policy *policy, const char *name, uint32_t *mask, uint32_t *place)
{
	strcpy(policy->names[policy->name_count++], name);
	if (mask)
		*mask |= UINT32_C(1) << (policy->name_count - 1);
	if (place)
		*place = policy->name_count;
}

static void draw_methods(struct policy *policy)
{
	struct policy_retry *retry = &policy->retry;
	if (draw(3) == 2)
		retry->methods |= method_bit(METHOD_PUT) | method_bit(METHOD_DELETE);
	if (draw(3) == 2)
		add_name(policy, "Idempotency-Key", &retry->key_headers, NULL);
	if (draw(5) == 4)
		add_name(policy, "X-Attempt", NULL, &retry->attempt_header);
	if (draw(6) == 5)
		retry->add_request_id = 1;
	if (draw(4) == 3)
		retry->max_request_bytes = DRAW_OF(1000, 200, 60);
}

static void draw_causes(struct policy_retry *retry)
{
	static const uint32_t statuses[] = {503, 429, 502, 408};
	if (draw(3) == 2)
		retry->on |= POLICY_ON_FIRST_USE;
	if (draw(4) == 3)
		retry->on |= POLICY_ON_CONNECT | (draw(2) ? POLICY_ON_CONNECT_TIMEOUT : 0u);
	if (draw(4) == 3) {
		retry->on |= POLICY_ON_RESPONSE_TIMEOUT;
		retry->response_timeout_ms = DRAW_OF(50, 10, 500);
	}
	if (draw(3) == 2) {
		for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
			policy_add_status(retry->statuses, statuses[i]);
	}
	if (draw(10) == 9)
		retry->on &= ~DRAW_OF(POLICY_ON_STALE, POLICY_ON_RESET, POLICY_ON_EOF);
}

static void draw_times(struct policy_retry *retry)
{
	retry->max_attempts = DRAW_OF(3, 3, 2, 4);
	retry->total_timeout_ms = DRAW_OF(5000, 5000, 300, 40);
	retry->connect_timeout_ms = DRAW_OF(1000, 1000, 100, 10);
	if (draw(3) == 2 || world.set.theme == THEME_IDLE)
		retry->max_idle_ms = DRAW_OF(100, 40);
	if (draw(6) == 5)
		retry->keep_alive_hints = 1;
	if (draw(8) == 7)
		retry->unacked_timeout_ms = 500;
	retry->backoff.base_ms = DRAW_OF(25, 1, 0);
}

static void draw_policy(void)
{
	struct policy *policy = &world.policy;
	*policy = preload_policy_builtin;
	if (draw(4) || world.set.theme) {
		draw_methods(policy);
		draw_causes(&policy->retry);
		draw_times(&policy->retry);
	}
	policy->budget.enabled = draw(8) == 7;
	policy->breaker.enabled = draw(8) == 7;
	if (policy->breaker.enabled) {
		policy->breaker.min_attempts = 2;
		policy->breaker.reject = draw(2);
	}
	preload_policy_finish(policy);
	preload_config.policy = policy;
	preload_config.active = !world.bare;
	preload_config.log = policy->log;
	preload_config.log.sink = DRAW_OF(SINK_NONE, SINK_NONE, SINK_SYSLOG, SINK_FILE);
	strcpy(preload_config.log.path, CALL_LOG);
}

void setting_draw(void)
{
	struct setting *set = &world.set;
	set->theme = (enum theme)DRAW_OF(THEME_NONE, THEME_NONE, THEME_NONE, THEME_CLOSES,
					 THEME_IDLE, THEME_PIPES);
	set->switch_most = DRAW_OF(0, 4, 12, 40, 150);
	set->fine_most = DRAW_OF(0, 0, 0, 60, 600, 4000);
	set->fault_rate = DRAW_OF(0, 0, 0, 10, 60);
	set->signal_rate = DRAW_OF(0, 0, 0, 30, 150);
	set->restarts = draw(2);
	set->beside = set->restarts && !set->signal_rate; /* where there is nothing to restart */
	set->trouble = DRAW_OF(300, 150, 500, 700);
	set->room = set->theme == THEME_CLOSES ? DRAW_OF(1 << 20, 200, 60)
					       : DRAW_OF(1 << 20, 1 << 20, 1 << 20, 200, 60);
	draw_policy();
	preload_placed = set->beside;
}

void setting_trace(void)
{
	const struct setting *set = &world.set;
	const struct policy_retry *retry = &world.policy.retry;
	trace("on %x methods %x keys %x attempts %u total %u connect %u response %u idle %u "
	      "bytes %u statuses %x uses %x",
	      retry->on, retry->methods, retry->key_headers, retry->max_attempts,
	      retry->total_timeout_ms, retry->connect_timeout_ms, retry->response_timeout_ms,
	      retry->max_idle_ms, retry->max_request_bytes, retry->statuses[3], world.policy.uses);
	trace("theme %d switch %u fine %u faults %u signals %u%s trouble %u room %u%s", set->theme,
	      set->switch_most, set->fine_most, set->fault_rate, set->signal_rate,
	      set->restarts ? ", restarting" : "", set->trouble, set->room,
	      set->beside ? ", beside a rescue" : "");
}
