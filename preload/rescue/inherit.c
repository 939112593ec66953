/* SPDX-License-Identifier: MIT */
#include "inherit.h"

#include <fcntl.h>

#include "rescue.h"

/* Also of a number that is no more: that is asked of what is left of the connection. */
static bool is_open_to_others(int fd)
{
	long flags = sys3(fcntl, fd, F_GETFD, 0);
	return flags >= 0 && !(flags & FD_CLOEXEC);
}

bool rescue_is_inheritable(const struct conn *conn, int fd)
{
	const struct rescue *rescue = conn->rescue;
	for (int i = 0; i < rescue->inheritable_count; i++) {
		if (rescue->inheritable[i] == fd)
			return true;
	}
	return false;
}

void rescue_set_inheritable(struct conn *conn, int fd, bool inheritable)
{
	enum { ROOM = sizeof(conn->rescue->inheritable) / sizeof(int) };
	struct rescue *rescue = conn->rescue;
	int kept = 0;
	/* Without numbers that the program has closed, or there might be no room. */
	for (int i = 0; i < rescue->inheritable_count; i++) {
		int known = rescue->inheritable[i];
		if (known != fd && conn_has(conn, known))
			rescue->inheritable[kept++] = known;
	}
	if (inheritable && kept < ROOM)
		rescue->inheritable[kept++] = fd;
	rescue->inheritable_count = (uint8_t)kept;
}

void rescue_note_inheritable(struct conn *conn)
{
	rescue_set_inheritable(conn, conn->fd, is_open_to_others(conn->fd));
	for (int i = 0; i < conn->alias_count; i++)
		rescue_set_inheritable(conn, conn->more->aliases[i],
				       is_open_to_others(conn->more->aliases[i]));
}

void rescue_number_added(struct conn *conn, int fd)
{
	rescue_set_inheritable(conn, fd, is_open_to_others(fd));
	sys3(fcntl, fd, F_SETFD, FD_CLOEXEC);
}

static bool inherits(const struct conn *conn, int fd)
{
	return conn->rescue && conn->rescue->placed ? rescue_is_inheritable(conn, fd)
						    : is_open_to_others(fd);
}

bool rescue_any_inheritable(const struct conn *conn)
{
	bool any = inherits(conn, conn->fd);
	for (int i = 0; i < conn->alias_count && !any; i++)
		any = inherits(conn, conn->more->aliases[i]);
	return any;
}
