/* SPDX-License-Identifier: MIT */
#include "heirs.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "../conn/table.h"
#include "../os/arena.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "inherit.h"
#include "place.h"
#include "rescue.h"
#include "room.h"

/* One number, or, number being -1, a descriptor of ours alone. */
struct heir {
	int number;
	int socket; /* what belongs there, or is to be closed */
	int timer;  /* that tells the watcher from other epoll sets */
	bool inheritable;
	uint64_t cookie; /* of the socket */
};

struct heirs {
	size_t len; /* of the mapping */
	uint32_t pid;
	uint32_t told; /* how many had been told when the notes were begun */
	uint32_t count, room;
	struct heir each[];
};

/*
 * The latest watchers to be placed, for a child that is made between the notes and them: mapped by
 * the first, in memory that a child has as its parent left it.
 */
enum { LATE = 128 }; /* a page's worth */
static struct heir *late;
static uint32_t told;

static struct heir heir_of(const struct conn *conn, int number)
{
	const struct rescue *rescue = conn->rescue;
	return (struct heir){
	    .number = number,
	    .socket = rescue->dead,
	    .timer = rescue->timer,
	    .inheritable = rescue_is_inheritable(conn, number),
	    .cookie = conn->cookie,
	};
}

/* NULL if there is no memory. */
static void *map(size_t len)
{
	long at = sys6(mmap, 0, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at < 0 && at > -4096 ? NULL : (void *)at;
}

static bool is_ready(void)
{
	struct heir *none = NULL;
	if (__atomic_load_n(&late, __ATOMIC_ACQUIRE))
		return true;
	void *at = map(LATE * sizeof(struct heir));
	if (at && !__atomic_compare_exchange_n(&late, &none, at, false, __ATOMIC_ACQ_REL,
					       __ATOMIC_ACQUIRE))
		sys2(munmap, at, LATE * sizeof(struct heir)); /* another thread was first */
	return at;
}

static void tell(const struct conn *conn, int number)
{
	uint32_t place = __atomic_fetch_add(&told, 1, __ATOMIC_RELAXED) % LATE;
	late[place] = heir_of(conn, number);
}

void rescue_tell_heirs(const struct conn *conn)
{
	if (!is_ready())
		return;
	tell(conn, conn->fd);
	for (int i = 0; i < conn->alias_count; i++)
		tell(conn, conn->more->aliases[i]);
}

static void note(struct heirs *heirs, struct heir heir)
{
	if (heirs->count < heirs->room)
		heirs->each[heirs->count++] = heir;
}

static void note_own(struct heirs *heirs, int fd, uint64_t cookie)
{
	if (fd >= 0)
		note(heirs, (struct heir){.number = -1, .socket = fd, .cookie = cookie});
}

static void note_rescue(struct heirs *heirs, const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	if (rescue->placed) {
		note(heirs, heir_of(conn, conn->fd));
		for (int i = 0; i < conn->alias_count; i++)
			note(heirs, heir_of(conn, conn->more->aliases[i]));
	}
	note_own(heirs, rescue->dead, conn->cookie);
	note_own(heirs, rescue->kept, rescue->kept_picture.cookie);
	if (rescue->fresh >= 0)
		note_own(heirs, rescue->fresh, wire_cookie(rescue->fresh));
}

static struct heirs *make(uint32_t rescues)
{
	enum { EACH = 1 + CONN_ALIASES_MAX + 3, MORE = 32 };
	uint32_t room = (rescues + MORE) * EACH;
	size_t len = sizeof(struct heirs) + room * sizeof(struct heir);
	struct heirs *heirs = map(len);
	if (!heirs)
		return NULL;
	*heirs = (struct heirs){.len = len, .pid = (uint32_t)sys0(getpid), .room = room};
	return heirs;
}

struct heirs *rescue_heirs_note(void)
{
	uint32_t rescues = rescue_count_placed() + rescue_any_kept();
	struct heirs *heirs = rescues && arena_is_ours() ? make(rescues) : NULL;
	if (!heirs)
		return NULL;
	heirs->told = __atomic_load_n(&told, __ATOMIC_ACQUIRE);
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || !__atomic_load_n(&conn->rescue, __ATOMIC_RELAXED) ||
		    !conn_lock(conn, (int)fd))
			continue;
		if (conn->rescue && conn->fd == (int)fd)
			note_rescue(heirs, conn);
		conn_unlock(conn);
	}
	return heirs;
}

/* Returns whether there was a watcher. */
static bool put_back(const struct heir *heir)
{
	if (heir->number < 0 || !os_is_watcher(heir->number, heir->timer))
		return false;
	if (wire_cookie(heir->socket) != heir->cookie ||
	    sys3(dup3, heir->socket, heir->number, heir->inheritable ? 0 : O_CLOEXEC) < 0)
		sys1(close, heir->number); /* no socket is better than one that is none */
	return true;
}

/* Its own copies: not what has got one of these numbers since they were noted. */
static void close_own(const struct heirs *heirs)
{
	for (uint32_t i = 0; i < heirs->count; i++) {
		const struct heir *own = &heirs->each[i];
		if (own->number < 0 && own->cookie && wire_cookie(own->socket) == own->cookie)
			sys1(close, own->socket);
	}
	rescue_forget_placed();
	rescue_forget_kept();
}

static void settle(const struct heir *heirs, uint32_t count, bool alone)
{
	int timer = -1;
	/* Numbers of one connection follow one another: its timer is needed until the last. */
	for (uint32_t i = 0; i < count; i++) {
		if (alone && timer >= 0 && timer != heirs[i].timer) {
			sys1(close, timer);
			timer = -1;
		}
		if (put_back(&heirs[i]))
			timer = heirs[i].timer;
	}
	if (alone && timer >= 0)
		sys1(close, timer);
}

void rescue_heirs_settle(const struct heirs *heirs, bool alone)
{
	uint32_t since = __atomic_load_n(&told, __ATOMIC_ACQUIRE) - heirs->told;
	settle(heirs->each, heirs->count, alone);
	for (uint32_t i = since < LATE ? LATE - since : 0; i < LATE; i++)
		put_back(&late[(heirs->told + since + i) % LATE]);
	if (alone)
		close_own(heirs);
}

bool rescue_heirs_are_elsewhere(const struct heirs *heirs)
{
	return heirs->pid != (uint32_t)sys0(getpid);
}

void rescue_heirs_free(struct heirs *heirs)
{
	if (heirs)
		sys2(munmap, heirs, heirs->len);
}
