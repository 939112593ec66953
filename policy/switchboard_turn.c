/* SPDX-License-Identifier: MIT */
/* What only the tool does: no process turns anything by itself. */
#include <string.h>

#include "switchboard.h"

#define STORE(to, what) __atomic_store_n(to, what, __ATOMIC_RELAXED)

static void changed(struct switchboard *board)
{
	__atomic_fetch_add(&board->generation, 1, __ATOMIC_RELEASE);
}

void switchboard_turn_all(struct switchboard *board, bool off)
{
	STORE(&board->turn, off ? TURN_OFF : TURN_AS_ALL);
	for (int i = 0; i < PROCESS_ENTRIES; i++)
		STORE(&board->parts[i].turn, TURN_AS_ALL);
	changed(board);
}

void switchboard_turn_one(struct switchboard *board, unsigned place, bool off)
{
	if (place >= PROCESS_ENTRIES - 1)
		return;
	STORE(&board->parts[place].turn, off ? TURN_OFF : TURN_ON);
	changed(board);
}

/*
 * Who copies it in the middle finds no policy in it, or by its checksum a wrong one, keeps its own,
 * and comes again as the generation goes up.
 */
void switchboard_reload(struct switchboard *board, const struct policy *policy, const char *path)
{
	size_t len = strnlen(path, SWITCHBOARD_PATH - 1);

	memcpy(board->path, path, len);
	memset(board->path + len, 0, sizeof(board->path) - len);
	__atomic_store_n(&board->policy.magic[0], 0, __ATOMIC_SEQ_CST);
	compiled_make(&board->policy, policy);
	__atomic_fetch_add(&board->reloads, 1, __ATOMIC_RELEASE);
	changed(board);
}
