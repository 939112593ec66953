/* SPDX-License-Identifier: MIT */
#include "wait_select.h"

#include <errno.h>
#include <limits.h>

#include "../conn/pollers.h"
#include "../conn/table.h"
#include "../connect/dial.h"
#include "../os/arena.h"
#include "../os/copy.h"
#include "../os/fdsize.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../rescue/held.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/room.h"
#include "secured_wait.h"
#include "wait.h"

/* More rescues than that wait their turn: the next call goes on with them. */
enum { RESCUES_MAX = 32, WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

typedef unsigned long word;

/* A placeholder that the program waits on. */
struct placed {
	int fd;
	bool takes; /* what the program waits to write */
	bool dials; /* nothing is placed: the program waits for a connect of its own */
	bool owed;  /* nor there: it has something to read of which the kernel does not know */
};

struct wait {
	struct wait_sets asked; /* what the program waits for: a copy of its own sets */
	size_t size;		/* bytes of one set */
	word *readable, *writable, *special; /* the kernel's, which may be longer than an fd_set */
	struct placed placed[RESCUES_MAX];
	int count;
	struct pollers polled;
	bool is_now; /* some takes bytes, or is owed: nothing is to be waited for */
	const struct timespec *timeout; /* the program's */
	bool lets_go;			/* nothing is waited for at all: secured_wait.h */
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

static void look_whether_it_lets_go(struct wait *wait, int fd)
{
	wait->lets_go |= secured_lets_go(fd, wait->timeout);
}

static void look_at(struct wait *wait, int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || wait->count == RESCUES_MAX || !pollers_lock(&wait->polled, conn, fd))
		return;
	if (conn->busy && conn->rescue->placed) {
		rescue_room_hush(conn, true);
		bool takes = has(wait->asked.writable, fd) && !conn->rescue->full;
		wait->placed[wait->count++] = (struct placed){.fd = fd, .takes = takes};
		wait->is_now |= takes;
	} else if (has(wait->asked.readable, fd) && held_is_owed(conn)) {
		wait->placed[wait->count++] = (struct placed){.fd = fd, .owed = true};
		wait->is_now = true;
	} else if (has(wait->asked.writable, fd) && dial_is_awaited(conn)) {
		wait->placed[wait->count++] = (struct placed){.fd = fd, .dials = true};
		pollers_enter(&wait->polled, conn, true);
	}
	conn_unlock(conn);
}

/* Behind the last one that there is a connection for. */
static int end_of(const struct wait_sets *sets)
{
	int top = (int)__atomic_load_n(&table.top, __ATOMIC_RELAXED);
	return sets->len < top ? sets->len : top;
}

static size_t size_of(int len)
{
	return ((size_t)len + WORD_BITS - 1) / WORD_BITS * sizeof(word);
}

static void look_at_all(struct wait *wait, void (*look)(struct wait *wait, int fd))
{
	const struct wait_sets *sets = &wait->asked;
	int end = end_of(sets);
	for (int fd = 0; fd < end; fd++) {
		if (has(sets->readable, fd) || has(sets->writable, fd))
			look(wait, fd);
	}
}

static void find_placed(struct wait *wait)
{
	look_at_all(wait, look_whether_it_lets_go);
	for (int tries = 0; tries < POLLERS_TRIES; tries++) {
		pollers_leave(&wait->polled);
		wait->polled.again = false;
		wait->count = 0;
		wait->is_now = false;
		look_at_all(wait, look_at);
		if (!wait->polled.again)
			break;
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
	copy_set(wait->readable, wait->asked.readable, wait->size);
	copy_set(wait->writable, wait->asked.writable, wait->size);
	copy_set(wait->special, wait->asked.special, wait->size);
	for (int i = 0; i < wait->count; i++) {
		if (!wait->placed[i].dials)
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
	const struct wait_sets *sets = &wait->asked;
	if (placed->dials)
		return told_of_dial(wait, placed->fd);
	if (placed->owed) {
		int more = !is_set(wait->readable, placed->fd);
		put(wait->readable, placed->fd, true);
		return more;
	}
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

/* The program's own call; timeout stays as it is. */
static int select_next(const struct wait_sets *sets, const struct timespec *timeout,
		       const sigset_t *mask)
{
	if (!sets->plain)
		return real.pselect(sets->len, sets->readable, sets->writable, sets->special,
				    timeout, mask);
	struct timeval left = {0, 0};
	if (timeout)
		left = (struct timeval){timeout->tv_sec, timeout->tv_nsec / 1000};
	return real.select(sets->len, sets->readable, sets->writable, sets->special,
			   timeout ? &left : NULL);
}

static int select_copies(const struct wait *wait, const struct timespec *timeout,
			 const sigset_t *mask)
{
	const struct wait_sets copies = {
	    .len = wait->asked.len,
	    .readable = (fd_set *)(void *)wait->readable,
	    .writable = (fd_set *)(void *)wait->writable,
	    .special = (fd_set *)(void *)wait->special,
	    .plain = wait->asked.plain,
	};
	return select_next(&copies, timeout, mask);
}

static int run(struct wait *wait, const struct timespec *timeout, const sigset_t *mask)
{
	static const struct timespec now = {0, 0};
	struct wait_limit limit = {.timeout = timeout};
	const struct timespec *left = wait_limit_left(&limit, 0);
	for (;;) {
		prepare(wait);
		if (wait->lets_go) {
			copy_set(wait->readable, NULL, wait->size);
			copy_set(wait->writable, NULL, wait->size);
			copy_set(wait->special, NULL, wait->size);
			pollers_leave(&wait->polled);
			return 0;
		}
		int ready = select_copies(wait, wait->is_now ? &now : left, mask);
		pollers_leave(&wait->polled);
		if (ready < 0)
			return ready;
		int count = ready;
		for (int i = 0; i < wait->count; i++)
			count += told(wait, &wait->placed[i]);
		if (count || !ready)
			return count;
		left = wait_limit_left(&limit, 0);
	}
}

static bool tell(const struct wait *wait, const struct wait_sets *sets)
{
	size_t size = wait->size;
	return (!sets->readable || copy_out(sets->readable, wait->readable, size)) &&
	       (!sets->writable || copy_out(sets->writable, wait->writable, size)) &&
	       (!sets->special || copy_out(sets->special, wait->special, size));
}

static fd_set *take_copy(word *to, const fd_set *from, size_t size, bool *good)
{
	if (from && *good)
		*good = copy_in(to, from, size);
	return from ? (fd_set *)(void *)to : NULL;
}

/* Takes the sets over into memory, which has room for six. false: they cannot be read. */
static bool take_over(struct wait *wait, const struct wait_sets *sets, int len, word *memory)
{
	size_t words = wait->size / sizeof(word);
	word *asked = memory + 3 * words;
	bool good = true;
	wait->readable = memory;
	wait->writable = memory + words;
	wait->special = memory + 2 * words;
	wait->asked.len = len;
	wait->asked.plain = sets->plain;
	wait->asked.readable = take_copy(asked, sets->readable, wait->size, &good);
	wait->asked.writable = take_copy(asked + words, sets->writable, wait->size, &good);
	wait->asked.special = take_copy(asked + 2 * words, sets->special, wait->size, &good);
	return good;
}

static int wait_for(struct wait *wait, const struct wait_sets *sets, const struct timespec *timeout,
		    const sigset_t *mask)
{
	int count = run(wait, timeout, mask);
	if (count >= 0 && !tell(wait, sets)) {
		count = -1;
		set_errno(EFAULT);
	}
	int kept = get_errno();
	for (int i = 0; i < wait->count; i++) {
		if (!wait->placed[i].dials)
			call_await_no_more(wait->placed[i].fd);
	}
	set_errno(kept);
	return count;
}

/*
 * What the kernel would look at: there may be no more of a set than that, or something else, which
 * is not to be written.
 */
static int looked_at(int len)
{
	int size = len > (int)WORD_BITS ? os_fd_size() : len; /* as small is no table */
	return len < size ? len : size;
}

int call_wait_select(const struct wait_sets *sets, const struct timespec *timeout,
		     const sigset_t *mask)
{
	enum { SETS = 6 };
	word few[SETS * FD_SETSIZE / WORD_BITS];
	int len = looked_at(sets->len);
	struct wait wait = {.size = size_of(len), .timeout = timeout};
	size_t room = SETS * wait.size;
	word *memory = room <= sizeof(few) ? few : arena_alloc(room);
	int count = memory && take_over(&wait, sets, len, memory)
			? wait_for(&wait, sets, timeout, mask)
			: select_next(sets, timeout, mask);
	if (memory && memory != few) {
		int kept = get_errno();
		arena_free(memory, room);
		set_errno(kept);
	}
	return count;
}

static bool can_be_read(const fd_set *set, size_t size)
{
	return !set || copy_can_read(set, size);
}

bool call_wait_dials(const struct wait_sets *sets)
{
	struct wait wait = {.asked = *sets};
	size_t size = size_of(end_of(sets));
	if (!can_be_read(sets->readable, size) || !can_be_read(sets->writable, size))
		return false;
	find_placed(&wait);
	pollers_leave(&wait.polled);
	return wait.count != 0;
}
