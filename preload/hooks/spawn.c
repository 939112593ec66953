/* SPDX-License-Identifier: MIT */
/*
 * What a child of posix_spawn is to do with descriptors, it does within libc. A socket that it is
 * told to copy is to be another program's as well, from that word on.
 */
#include "../calls/child.h"
#include "../conn/table.h"
#include "../os/real.h"

HOOK int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to)
{
	if (__builtin_expect(table_find(fd) != NULL, 0))
		call_hand_on(fd);
	return real.posix_spawn_file_actions_adddup2(actions, fd, to);
}
