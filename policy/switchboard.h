/* SPDX-License-Identifier: MIT */
/*
 * What an operator has asked of the processes of a launch while they run: to rescue nothing any
 * more, or to go by another policy. A tool writes it (`redial off|on|reload`), one at a time; a
 * process compares one number where it begins something, and looks closer once that has changed.
 * Part of the memory that they share: it may hold anything.
 */
#ifndef REDIAL_SWITCHBOARD_H
#define REDIAL_SWITCHBOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "compiled.h"
#include "process.h"

enum { SWITCHBOARD_PATH = 1024 };

/*
 * What a process is to do: as all of its launch, or whatever those do. Letters, so that what
 * somebody has scribbled there is none of them.
 */
enum switchboard_turn { TURN_AS_ALL, TURN_OFF = 0x66666f, TURN_ON = 0x6e6f };

/* The bits of switchboard_part.state. */
enum switchboard_state {
	STATE_OFF = 1 << 0,    /* it rescues nothing */
	STATE_BEHIND = 1 << 1, /* it could not take the policy, and goes by the one before */
};

/* Beside each entry of a process, in the same order; the last one is nobody's. */
struct switchboard_part {
	uint32_t pid;	/* whose it is */
	uint32_t turn;	/* enum switchboard_turn, by the tool; all else by the process */
	uint32_t seen;	/* the generation that it goes by */
	uint32_t state; /* mask of enum switchboard_state */
	uint64_t sum;	/* of its policy: compiled_sum */
};

struct switchboard {
	uint32_t generation; /* goes up, last, with each change */
	uint32_t turn;	     /* TURN_OFF: the launch rescues nothing */
	uint32_t reloads;    /* 0: each process goes by the policy that it started with */
	uint32_t unused;
	char path[SWITCHBOARD_PATH]; /* of the policy, as a user named it; "": built in, or unknown */
	struct switchboard_part parts[PROCESS_ENTRIES];
	struct compiled policy; /* of the latest reload */
};

/* The launch, and with it each of its processes, is off or on from now on. */
void switchboard_turn_all(struct switchboard *board, bool off);

/* The same of the process that has this place alone. */
void switchboard_turn_one(struct switchboard *board, unsigned place, bool off);

/* Brings in a policy, which is a right one, and its path. */
void switchboard_reload(struct switchboard *board, const struct policy *policy, const char *path);

/* Is the process that has this place, or none (PROCESS_ENTRIES), off? */
bool switchboard_is_off(const struct switchboard *board, unsigned place);

/* The process has taken the place. What was asked of one that had it before by another PID is over.
 */
void switchboard_take(struct switchboard *board, unsigned place, uint32_t pid);

/*
 * A policy under which nothing begins, for connections that go on under *on again later: they are
 * tracked as before, and names are at the same places. It has no rules.
 */
void switchboard_off_policy(struct policy *off, const struct policy *on);

#endif
