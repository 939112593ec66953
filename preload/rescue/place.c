/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <errno.h>
#include <fcntl.h>

#include "../conn/pollers.h"
#include "../conn/registrations.h"
#include "../os/blocking.h"
#include "../os/epoll.h"
#include "../os/mem.h"
#include "../wire/like.h"
#include "../wire/socket.h"
#include "../os/owner.h"
#include "../os/watcher.h"
#include "../os/real.h"
#include "../os/start.h"
#include "greet.h"
#include "hear.h"
#include "heirs.h"
#include "inherit.h"
#include "machine.h"
#include "revive.h"
#include "room.h"
#include "rescue.h"
#include "../os/sys.h"
#include "../conn/table.h"

/* Watchers that lie in the program's numbers, more or less: a hint for rescue_sweep. */
SET_AT_START static uint32_t placed;

/* Asked at the end of every process. */
AT_START bool rescue_any_placed(void)
{
	return __atomic_load_n(&placed, __ATOMIC_RELAXED);
}

uint32_t rescue_count_placed(void)
{
	return __atomic_load_n(&placed, __ATOMIC_RELAXED);
}

/* Of those that are counted as placed, how many are not yet. */
static uint32_t expected;

bool rescue_any_expected(void)
{
	return __atomic_load_n(&expected, __ATOMIC_RELAXED);
}

void rescue_forget_placed(void)
{
	__atomic_store_n(&placed, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&expected, 0, __ATOMIC_RELAXED);
}

static void set_expected(struct rescue *rescue, bool is_expected)
{
	uint32_t more = is_expected ? 1u : -1u;
	rescue->expected = is_expected;
	__atomic_add_fetch(&expected, more, __ATOMIC_RELAXED);
	__atomic_add_fetch(&placed, more, __ATOMIC_RELAXED);
}

void rescue_expect(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->placed && !rescue->expected)
		set_expected(rescue, true);
	/* The next wait on an epoll set looks (hooks/poll.c). */
	__atomic_store_n(&os_last_epoll_set, -1, __ATOMIC_RELAXED);
}

void rescue_is_not_expected(struct rescue *rescue)
{
	if (rescue->expected)
		set_expected(rescue, false);
}

static void set_placed(struct rescue *rescue, bool is_placed)
{
	rescue_is_not_expected(rescue);
	if (rescue->placed == is_placed)
		return;
	rescue->placed = is_placed;
	__atomic_add_fetch(&placed, is_placed ? 1u : -1u, __ATOMIC_RELAXED);
}

/* The number's close-on-exec flag stays as the program has it; a watcher has it always. */
static long is_cloexec(const struct conn *conn, int number, bool placeholder)
{
	if (conn->rescue->placed)
		return placeholder || !rescue_is_inheritable(conn, number);
	long flags = sys3(fcntl, number, F_GETFD, 0);
	return flags < 0 ? flags : flags & FD_CLOEXEC;
}

/*
 * dup3(2) that another thread's open comes between says EBUSY. What is to be put back has to be:
 * the program would be left with a watcher for a socket.
 */
enum { DUP_TRIES = 3 };

static int replace(const struct conn *conn, int from, int number, bool placeholder)
{
	long cloexec = is_cloexec(conn, number, placeholder);
	if (cloexec < 0)
		return (int)cloexec;
	int kept = get_errno(), error = -EBUSY;
	for (int tries = 0; tries < DUP_TRIES && error; tries++)
		error = real.dup3(from, number, cloexec ? O_CLOEXEC : 0) < 0 ? -get_errno() : 0;
	set_errno(kept);
	return error;
}

/* A socket that keeps its number keeps what was made past the hooks: it costs nothing then. */
static void find_registrations(struct conn *conn)
{
	if (conn->rescue->unlooked && !conn->registration_count)
		conn_registrations_find(conn);
	conn->rescue->unlooked = false;
}

/* Puts `from` at all of the connection's numbers, and its epoll registrations back. */
static int take_numbers(struct conn *conn, int from, bool placeholder)
{
	find_registrations(conn);
	conn_registrations_take(conn);
	int error = replace(conn, from, conn->fd, placeholder);
	for (int i = 0; i < conn->alias_count && !error; i++)
		error = replace(conn, from, conn->more->aliases[i], placeholder);
	int put_error = conn_registrations_put(conn, placeholder && !error);
	return error ? error : put_error;
}

int rescue_place(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	int watcher = -1;
	int error = rescue_revive_move(conn);
	if (error == 0)
		error = os_timer();
	if (error < 0)
		return error;
	rescue_own(&rescue->timer, error);
	error = os_watcher(rescue->timer);
	if (error < 0)
		goto undo;
	rescue_own(&watcher, error);
	if (rescue->fresh >= 0 && (error = os_watch(watcher, rescue->fresh)) < 0)
		goto undo;
	error = (int)sys3(fcntl, conn->fd, F_DUPFD_CLOEXEC, 0);
	if (error < 0)
		goto undo;
	rescue_own(&rescue->dead, error);
	if (rescue->old == OLD_IN_USE && (error = os_watch(watcher, rescue->dead)) < 0) {
		rescue_close(&rescue->dead);
		goto undo;
	}
	rescue_note_inheritable(conn);
	set_placed(rescue, true);
	rescue_tell_heirs(conn);
	error = take_numbers(conn, watcher, true);
	rescue_close(&watcher);
	if (error < 0) {
		rescue_unplace(conn); /* an epoll set nested too deep, or no memory for one more */
	} else {
		rescue_room_begin(conn);
		rescue_hear_begin(conn);
	}
	return error;
undo:
	rescue_close(&watcher);
	rescue_close(&rescue->timer);
	return error;
}

bool rescue_unplace(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	bool is_there = true;
	/* The program may have closed the number by a raw system call and have another file there.
	 */
	if (rescue->placed && (rescue->astray || !rescue_is_displaced(conn))) {
		if (!rescue->astray)
			os_leave_watcher(conn->fd, rescue->dead);
		take_numbers(conn, rescue->dead, false);
	} else {
		is_there = !rescue->placed;
	}
	rescue->astray = false;
	set_placed(rescue, false);
	rescue_close(&rescue->dead);
	rescue_close(&rescue->timer);
	return is_there;
}

void rescue_bring_back(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->kept < 0)
		return;
	os_set_nonblocking(rescue->kept, rescue->nonblocking);
	if (rescue->placed) {
		rescue_close(&rescue->dead);
		rescue->dead = rescue_take_kept(rescue);
	} else {
		int kept = rescue_take_kept(rescue);
		take_numbers(conn, kept, false);
		rescue_close(&kept);
	}
	conn_renewed(conn, rescue->kept_picture.cookie);
	conn->received = rescue->kept_picture.received;
	conn->flags |= rescue->kept_picture.flags & (CONN_REUSED | CONN_FAILED);
	if (conn->peer.any.sa_family == AF_UNIX) /* that one stays who it is */
		return;
	memcpy(&conn->peer, &rescue->kept_picture.peer, conn->peer_len);
	conn->peer_state = rescue->kept_picture.peer_state;
}

void rescue_put_answer_back(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	/* Its socket never saw the later ones; or part of another response has been given. */
	if (rescue->kept >= 0 && (conn->request_count > 1 || conn->flags & CONN_ANSWERING))
		rescue_drop_answer(rescue);
	rescue_bring_back(conn);
	rescue->phase = rescue->answered ? PHASE_GIVING : PHASE_FAILED;
	if (!rescue->answered)
		return;
	if (conn->flags & CONN_SHUT_DOWN) /* it has heard nothing of that, if it is alive */
		sys2(shutdown, rescue_dead_socket(conn), SHUT_WR);
}

/* The socket that the response held back comes from is about to lose the number. */
static int keep_answer(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->answered || rescue->kept >= 0)
		return 0;
	if (!rescue->placed) {
		int copy = (int)sys3(fcntl, conn->fd, F_DUPFD_CLOEXEC, 0);
		if (copy < 0)
			return copy;
		rescue_own(&rescue->dead, copy);
	}
	rescue_keep(rescue, rescue->dead);
	rescue->dead = -1;
	rescue->kept_picture = (struct rescue_picture){.cookie = conn->cookie,
						       .received = conn->received,
						       .flags = conn->flags,
						       .peer_state = conn->peer_state};
	if (conn->peer.any.sa_family != AF_UNIX)
		memcpy(&rescue->kept_picture.peer, &conn->peer, conn->peer_len);
	return 0;
}

/* It is at its number, or has to be put there again. */
static int install_revived(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->placed) {
		os_set_nonblocking(rescue->fresh, rescue->nonblocking);
		os_leave_watcher(conn->fd, rescue->fresh);
		int error = take_numbers(conn, rescue->fresh, false);
		if (error < 0)
			return error;
	}
	rescue_revived(conn);
	set_placed(rescue, false);
	rescue_close(&rescue->fresh);
	rescue_close(&rescue->dead);
	rescue_close(&rescue->timer);
	conn_renewed(conn, conn->cookie);
	conn->flags |= CONN_REVIVED;
	rescue_route_arrived(conn);
	return 0;
}

/*
 * Other threads may be inside a read or poll of a living socket, or wait for room in one whose
 * peer has only ended its stream: nothing else would wake them.
 */
static void wake_others(struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	bool is_alive = rescue->old == OLD_ALIVE || rescue->laid_aside;
	if (!is_alive && (!pollers_any(conn) || rescue->placed || rescue->answered))
		return;
	sys2(shutdown, rescue_dead_socket(conn), SHUT_RDWR);
	if (!conn->pollers)
		return;
	/* What comes in place of the watcher may have no room just now, and nothing to read. */
	if (rescue->placed)
		os_timer_set(rescue->timer, 0);
	pollers_are_out(conn, !rescue->placed);
}

/* The new socket has not got all of the numbers; `dead` was the old one. */
static void stay_out(struct conn *conn, uint64_t cookie, int dead)
{
	struct rescue *rescue = conn->rescue;
	/* Of a request that has failed no answer is to be read. */
	wire_disconnect(rescue->fresh);
	sys2(shutdown, rescue->fresh, SHUT_RDWR);
	rescue->astray = wire_cookie(conn->fd) == cookie;
	/* No other one is there to be put back: the program's next call is to tell. */
	if (rescue->astray && !rescue->placed)
		conn->cookie = cookie;
	if (rescue->placed && rescue->dead < 0) {
		rescue->dead = dead;
		rescue_take_kept(rescue);
	}
}

int rescue_install(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->revives)
		return install_revived(conn);
	uint64_t cookie = wire_cookie(rescue->fresh);
	if (!cookie)
		return -EBADF;
	int error = wire_finish_like(rescue_dead_socket(conn), rescue->fresh,
				     conn->peer.any.sa_family, &conn->options);
	if (!error && (rescue->placed || !rescue->nonblocking)) /* else it is as it was made */
		error = os_set_nonblocking(rescue->fresh, rescue->nonblocking);
	if (error < 0)
		return error;
	os_copy_owner(rescue_dead_socket(conn), rescue->fresh);
	bool kept = rescue->answered && rescue->kept < 0;
	if (!kept && !(rescue->old == OLD_DEAD && wire_seen_closed(&rescue->seen)))
		wire_no_linger(rescue_dead_socket(conn));
	if (rescue->placed)
		os_leave_watcher(conn->fd, rescue->fresh);
	wake_others(conn);
	rescue->old = OLD_DEAD;
	int dead = rescue->dead;
	error = keep_answer(conn);
	if (error == 0)
		error = take_numbers(conn, rescue->fresh, false);
	if (error < 0) {
		stay_out(conn, cookie, dead);
		return error;
	}
	/* Who waits for room has slept on, for a watcher never has any: the new socket has. */
	if (pollers_any(conn) && rescue->dead >= 0)
		sys2(shutdown, rescue->dead, SHUT_RDWR);
	set_placed(rescue, false);
	rescue->laid_aside = false;
	rescue_close(&rescue->fresh);
	rescue_close(&rescue->dead);
	rescue_close(&rescue->timer);
	rescue_greeted(conn);
	conn_renewed(conn, cookie);
	rescue_route_arrived(conn);
	return 0;
}

bool rescue_is_displaced(const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	if (!rescue->placed) /* a failure, or a response, may wait for the program long */
		return (rescue->phase >= PHASE_FAILED || rescue->kept >= 0) &&
		       wire_cookie(conn->fd) != conn->cookie;
	for (int i = 0; i < conn->alias_count; i++) {
		if (!os_is_watcher(conn->more->aliases[i], rescue->timer))
			return true;
	}
	return !os_is_watcher(conn->fd, rescue->timer);
}

void rescue_sweep(void)
{
	if (__builtin_expect(!rescue_any_placed() && !rescue_any_kept(), 1))
		return;
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || !__atomic_load_n(&conn->rescue, __ATOMIC_RELAXED))
			continue;
		if (!conn_lock(conn, (int)fd))
			continue;
		if (conn->rescue && rescue_is_displaced(conn))
			conn_end(conn, WHY_LOST);
		else
			conn_unlock(conn);
	}
}
