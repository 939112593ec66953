/* SPDX-License-Identifier: MIT */
/* Writing it into the memory of a launch. */
#ifndef REDIAL_SWITCH_TURN_H
#define REDIAL_SWITCH_TURN_H

#include "../stat/launch.h"

enum turn { TURN_ALL_OFF, TURN_ALL_ON, TURN_RELOAD };

struct turned {
	enum turn turn;
	int place; /* of the one process; -1: the whole launch */
	/* Of TURN_RELOAD: a right one, and where it is from. */
	struct policy policy;
	char path[PATH_MAX];
	uint64_t sum; /* set by turn_apply: its checksum */
};

/*
 * One at a time, if the launch's file is still there. false with errno: EXDEV if the memory is in
 * another IPC namespace, EACCES if it is another user's, EINVAL if it is another launch's by now.
 */
bool turn_apply(const struct launch *launch, struct turned *turned);

#endif
