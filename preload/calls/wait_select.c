/* SPDX-License-Identifier: MIT */
#include "wait_select.h"

#include <limits.h>

#include "../conn/table.h"
#include "../connect/dial.h"
#include "../os/arena.h"
#include "../os/copy.h"
#include "../os/fdsize.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/room.h"
#include "wait.h"

/* More rescues than that wait their turn: the next call goes on with them. */
enum { RESCUES_MAX = 32, WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

typedef unsigned long word;

/* A placeholder that the program waits on. */
struct placed {
	int fd;
	bool takes; /* what the program waits to write */
	bool dials; /* nothing is placed: the program waits for a connect of its own */
};

struct wait {
	const struct wait_sets *sets;
	size_t size;			     /* bytes of one set */
	word *readable, *writable, *special; /* the kernel's, which may be longer than an fd_set */
	struct placed placed[RESCUES_MAX];
	int count;
	bool takes; /* some rescue takes bytes: nothing is to be waited for */
};

static bool has(const fd_set *set, int fd)
{
	const word *words = (const word *)(const void *)set;
	return set && words[fd / WORD_BITS] >> fd % WORD_BITS & 1;
}

static void put(word *words, int fd, bool is)
{
	word bit = (word)1 << fd % WORD_BITS;
	words[fd / WORD_BITS] = is ? words[fd / WORD_BITS] | bit : words[fd / WORD_BITS] & ~bit;
}

static void look_at(struct wait *wait, int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || wait->count == RESCUES_MAX || !conn_lock(conn, fd))
		return;
	if (conn->busy && conn->rescue->placed) {
		rescue_room_hush(conn, true);
		bool takes = has(wait->sets->writable, fd) && !conn->rescue->full;
		wait->placed[wait->count++] = (struct placed){fd, takes, false};
		wait->takes |= takes;
	} else if (has(wait->sets->writable, fd) && dial_is_awaited(conn)) {
		wait->placed[wait->count++] = (struct placed){fd, false, true};
	}
	conn_unlock(conn);
}

static void find_placed(struct wait *wait)
{
	const struct wait_sets *sets = wait->sets;
	int top = (int)__atomic_load_n(&table.top, __ATOMIC_RELAXED);
	int end = sets->len < top ? sets->len : top;
	wait->count = 0;
	wait->takes = false;
	for (int fd = 0; fd < end; fd++) {
		if (has(sets->readable, fd) || has(sets->writable, fd))
			look_at(wait, fd);
	}
}

static void copy_set(word *to, const fd_set *from, size_t size)
{
	if (from)
		memcpy(to, from, size);
	else
		memset(to, 0, size);
}

/* All that comes of a watcher is that it is readable; what is writable has taken its number. */
static void prepare(struct wait *wait)
{
	find_placed(wait);
	copy_set(wait->readable, wait->sets->readable, wait->size);
	copy_set(wait->writable, wait->sets->writable, wait->size);
	copy_set(wait->special, wait->sets->special, wait->size);
	for (int i = 0; i < wait->count; i++) {
		if (wait->placed[i].dials)
			continue;
		put(wait->readable, wait->placed[i].fd, true);
	}
}

static bool is_set(const word *words, int fd)
{
	return words[fd / WORD_BITS] >> fd % WORD_BITS & 1;
}

/* The same of a connect that has come to something: nothing, if it is tried again. */
static int told_of_dial(struct wait *wait, int fd)
{
	struct conn *conn = table_find(fd);
	int bits = is_set(wait->readable, fd) + is_set(wait->writable, fd);
	if (!bits || !conn || call_await_dial(conn, fd) != AWAITED_NOTHING)
		return 0;
	put(wait->readable, fd, false);
	put(wait->writable, fd, false);
	return -bits;
}

/* What the program sees of one placeholder; returns how many bits more than the kernel said. */
static int told(struct wait *wait, const struct placed *placed)
{
	const struct wait_sets *sets = wait->sets;
	if (placed->dials)
		return told_of_dial(wait, placed->fd);
	struct conn *conn = table_find(placed->fd);
	int bits = is_set(wait->readable, placed->fd) + is_set(wait->writable, placed->fd);
	enum awaited awaited = bits && conn ? call_await_step(conn, placed->fd) : AWAITED_NOTHING;
	bool failed = awaited == AWAITED_READABLE || awaited == AWAITED_FAILED;
	bool readable = failed && has(sets->readable, placed->fd);
	bool writable = has(sets->writable, placed->fd) && (placed->takes || failed);
	put(wait->readable, placed->fd, readable);
	put(wait->writable, placed->fd, writable);
	return readable + writable - bits;
}

static int select_copies(const struct wait *wait, const struct timespec *timeout,
			 const sigset_t *mask)
{
	return real.pselect(wait->sets->len, (fd_set *)(void *)wait->readable,
			    (fd_set *)(void *)wait->writable, (fd_set *)(void *)wait->special,
			    timeout, mask);
}

static int run(struct wait *wait, const struct timespec *timeout, const sigset_t *mask)
{
	static const struct timespec now = {0, 0};
	struct wait_limit limit = {.timeout = timeout};
	const struct timespec *left = wait_limit_left(&limit, 0);
	for (;;) {
		prepare(wait);
		int ready = select_copies(wait, wait->takes ? &now : left, mask);
		if (ready < 0)
			return ready;
		int count = ready;
		if (!ready) { /* the kernel has cleared all */
			memset(wait->readable, 0, wait->size);
			memset(wait->writable, 0, wait->size);
			memset(wait->special, 0, wait->size);
		}
		for (int i = 0; i < wait->count; i++)
			count += told(wait, &wait->placed[i]);
		if (count || !ready)
			return count;
		left = wait_limit_left(&limit, 0);
	}
}

static void give_back(const struct wait *wait)
{
	const struct wait_sets *sets = wait->sets;
	if (sets->readable)
		memcpy(sets->readable, wait->readable, wait->size);
	if (sets->writable)
		memcpy(sets->writable, wait->writable, wait->size);
	if (sets->special)
		memcpy(sets->special, wait->special, wait->size);
}

static bool can_be_read(const struct wait_sets *sets, size_t size)
{
	return (!sets->readable || copy_can_read(sets->readable, size)) &&
	       (!sets->writable || copy_can_read(sets->writable, size)) &&
	       (!sets->special || copy_can_read(sets->special, size));
}

static size_t bytes_of(int len)
{
	return (size_t)(len + WORD_BITS - 1) / WORD_BITS * sizeof(word);
}

/*
 * Leaves of the sets what the kernel would look at, where not all that len says is there. false: it
 * could not read that either, and says so.
 */
static bool make_readable(struct wait_sets *sets)
{
	if (can_be_read(sets, bytes_of(sets->len)))
		return true;
	int size = os_fd_size();
	if (size >= sets->len)
		return false;
	sets->len = size;
	return can_be_read(sets, bytes_of(size));
}

int call_wait_select(const struct wait_sets *all, const struct timespec *timeout,
		     const sigset_t *mask)
{
	struct wait_sets sets = *all;
	struct wait wait = {.sets = &sets};
	word few[3 * FD_SETSIZE / WORD_BITS]; /* most programs have no larger sets */
	bool readable = make_readable(&sets), usual = sets.len <= FD_SETSIZE;
	word *memory = !readable ? NULL : usual ? few : arena_alloc(3 * bytes_of(sets.len));
	if (!memory)
		return real.pselect(all->len, all->readable, all->writable, all->special, timeout,
				    mask);
	wait.size = bytes_of(sets.len);
	wait.readable = memory;
	wait.writable = memory + wait.size / sizeof(word);
	wait.special = wait.writable + wait.size / sizeof(word);
	int count = run(&wait, timeout, mask);
	if (count >= 0)
		give_back(&wait);
	int kept = get_errno();
	for (int i = 0; i < wait.count; i++) {
		if (!wait.placed[i].dials)
			call_await_no_more(wait.placed[i].fd);
	}
	arena_free(usual ? NULL : memory, 3 * wait.size);
	set_errno(kept);
	return count;
}

bool call_wait_dials(const struct wait_sets *sets)
{
	struct wait wait = {.sets = sets};
	wait.size = (size_t)(sets->len + WORD_BITS - 1) / WORD_BITS * sizeof(word);
	if (!can_be_read(sets, wait.size))
		return false;
	find_placed(&wait);
	return wait.count != 0;
}
