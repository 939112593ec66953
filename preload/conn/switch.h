/* SPDX-License-Identifier: MIT */
/*
 * Where something begins that a policy has a say in, and no lock is held or one that may be: has
 * the operator asked for another policy meanwhile (process/switch.h)? One compare, mostly.
 */
#ifndef REDIAL_CONN_SWITCH_H
#define REDIAL_CONN_SWITCH_H

#include "../process/config.h"
#include "../process/switch.h"

/* Takes it over, for the connections that there are as well; errno is kept. */
__attribute__((noinline, cold)) void conn_take_switch(void);

static inline void conn_switch(void)
{
	if (__builtin_expect(switch_has_changed(), 0))
		conn_take_switch();
}

/* Is nothing to begin any more? */
static inline bool conn_is_off(void)
{
	conn_switch();
	return !config.policy->enabled;
}

#endif
