/* SPDX-License-Identifier: MIT */
#include "rescue.h"

#include "arena.h"
#include "kernel.h"
#include "table.h"

void rescue_own(int *slot, int fd)
{
	*slot = fd;
	table_set(fd, &conn_own);
}

void rescue_close(int *slot)
{
	if (*slot < 0)
		return;
	table_set(*slot, NULL);
	kernel_close(*slot);
	*slot = -1;
}

void rescue_free(struct conn *conn)
{
	if (!conn->rescue)
		return;
	arena_free(conn->rescue->answer, conn->rescue->answer_len);
	arena_free(conn->rescue, sizeof(*conn->rescue));
	conn->rescue = NULL;
}
