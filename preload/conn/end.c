/* SPDX-License-Identifier: MIT */
#include "end.h"

#include <errno.h>

#include "../log/told.h"
#include "../os/arena.h"
#include "../process/live.h"
#include "../wire/socket.h"
#include "greeting.h"
#include "peer.h"
#include "resume.h"
#include "secured.h"
#include "table.h"
#include "turns.h"

/* Stops tracking and unlocks: everything passes through from now on. */
static void forget(struct conn *conn)
{
	if (conn->flags & CONN_COUNTED)
		live_less(PROCESS_CONNECTIONS);
	table_clear(conn->fd, conn);
	for (int i = 0; i < conn->alias_count; i++)
		table_clear(conn->more->aliases[i], conn);
	conn_end_exchange(conn);
	wire_notes_drop(&conn->options);
	conn_peer_drop(conn);
	if (conn_is_secured(conn)) {
		conn_secured_drop(conn);
	} else {
		conn_resume_drop(conn);
		greeting_drop(conn->greeting);
	}
	if (conn->more != &conn_no_more)
		arena_free(conn->more, sizeof(*conn->more));
	conn->more = &conn_no_more;
	/* handle_lock_any looks without the lock, and then who waited at the epoch. */
	__atomic_store_n(&conn->fd, -1, __ATOMIC_RELEASE);
	conn->alias_count = 0;
	conn->registration_count = 0;
	conn_unlock(conn);
	arena_give_conn(conn);
	told_now(TOLD_CONNECTION);
}

/*
 * Do bytes that the program was told are written still wait? Nobody else would send them, nor may
 * what it writes next overtake them, though it be told of the end of the stream.
 */
static bool has_unsent(struct conn *conn, enum conn_why why)
{
	if (!conn->unsent || why == WHY_LOST || why == WHY_MIXED)
		return false;
	int error = conn_send_rest(conn, true);
	/* No event tells when there is memory again: the program finds the end instead. */
	if (wire_had_no_memory(error) && why == WHY_PASSED)
		sys2(shutdown, conn->fd, SHUT_RDWR);
	return error == -EAGAIN && why == WHY_PASSED;
}

static bool ends_rescue(struct conn *conn, enum conn_why why)
{
	const struct conn_rescue *rescue = conn_rescue(conn);
	return !rescue || !rescue->end(conn, why);
}

bool conn_end(struct conn *conn, enum conn_why why)
{
	const uint32_t epoch = conn->epoch;
	bool over = ends_rescue(conn, why);
	if (!conn->busy && has_unsent(conn, why))
		over = false;
	if (over) {
		/* Who waits for a rescue in a write takes another epoch for: all is out. */
		if (conn->unsent)
			conn->epoch = epoch;
		forget(conn);
		return true;
	}
	conn->flags |= CONN_DOUBT;
	conn_unlock(conn);
	return false;
}

/* The tracked connection at fd, locked; NULL if there is none (any more). */
static struct conn *find_locked(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || conn == &conn_own)
		return NULL;
	if (conn_lock(conn, fd))
		return conn;
	table_clear(fd, conn);
	return NULL;
}

void conn_end_fd(int fd, enum conn_why why)
{
	struct conn *conn = find_locked(fd);
	if (conn)
		conn_end(conn, why);
}

static void drop_registrations(struct conn *conn, int fd)
{
	int kept = 0;
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn_registration(conn, i)->fd != fd)
			*conn_registration(conn, kept++) = *conn_registration(conn, i);
	}
	conn->registration_count = (uint8_t)kept;
}

/* One of its numbers is gone. Unlocks. */
static void drop(struct conn *conn, int fd, enum conn_why why)
{
	if (!conn->alias_count) {
		conn_end(conn, why);
		return;
	}
	table_clear(fd, conn);
	drop_registrations(conn, fd);
	int *aliases = conn->more->aliases;
	int last = aliases[--conn->alias_count];
	if (conn->fd == fd) {
		__atomic_store_n(&conn->fd, last, __ATOMIC_RELAXED);
	} else {
		for (int i = 0; i < conn->alias_count; i++) {
			if (aliases[i] == fd)
				aliases[i] = last;
		}
	}
	conn_unlock(conn);
}

void conn_drop_fd(int fd)
{
	struct conn *conn = find_locked(fd);
	if (conn)
		drop(conn, fd, WHY_CLOSED);
}

void conn_lost_fd(struct conn *conn, int fd)
{
	if (conn != &conn_own && conn_lock(conn, fd))
		drop(conn, fd, WHY_LOST);
}
