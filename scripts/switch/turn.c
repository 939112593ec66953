/* SPDX-License-Identifier: MIT */
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/shm.h>
#include <unistd.h>

#include "../../policy/share_memory.h"

static void apply(struct state *state, struct turned *turned)
{
	if (turned->turn == TURN_RELOAD) {
		switchboard_reload(&state->board, &turned->policy, turned->path);
		turned->sum = compiled_sum(&turned->policy);
		/* For readers; processes go by their own copy. */
		state->budget_settings = turned->policy.budget;
		state->breaker_settings = turned->policy.breaker;
	} else if (turned->place >= 0) {
		switchboard_turn_one(&state->board, (unsigned)turned->place,
				     turned->turn == TURN_ALL_OFF);
	} else {
		switchboard_turn_all(&state->board, turned->turn == TURN_ALL_OFF);
	}
}

bool turn_apply(const struct launch *launch, struct turned *turned)
{
	struct state *state;
	int lock;

	if (!launch->ours) {
		errno = EXDEV;
		return false;
	}
	state = memory_attach(launch->id, launch->nonce);
	if (!state)
		return false;
	lock = *launch->path ? open(launch->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (lock >= 0)
		flock(lock, LOCK_EX);
	apply(state, turned);
	if (lock >= 0)
		close(lock);
	shmdt(state);
	return true;
}
