/* SPDX-License-Identifier: MIT */
#include "copy.h"

#include <errno.h>
#include <stdint.h>

#include "mem.h"
#include "memory.h"
#include "probe.h"
#include "sys.h"

enum {
	PAGE = 4096, /* or a part of one */
	BATCH = 16,  /* pieces for one call: more are seldom */
	GRND_NONBLOCK_ = 1,
	DRAW_MAX = 256, /* of random bytes that come at once (getrandom(2)) */
};

/* Not there (qemu, or a kernel without CROSS_MEMORY_ATTACH), or forbidden by a filter. */
static bool refused;

static bool is_refusal(long error)
{
	return error == -ENOSYS || error == -EPERM || error == -EACCES;
}

/* The first bytes of the page's part in [at, end). */
static size_t part(uintptr_t at, size_t len)
{
	size_t left = PAGE - at % PAGE;
	return len < left ? len : left;
}

/*
 * Page by page. It may be gone again when we read it: there is nothing better where the copying
 * calls are not to be had.
 */
static size_t read_slowly(char *to, const char *from, size_t len)
{
	size_t done = 0;
	while (done < len) {
		size_t piece = part((uintptr_t)from + done, len - done);
		if (!probe_page((uintptr_t)from + done))
			break;
		memcpy(to + done, from + done, piece);
		done += piece;
	}
	return done;
}

/* getrandom fills what it is given: then so can we. */
static size_t write_slowly(char *to, const char *from, size_t len)
{
	size_t done = 0;
	while (done < len) {
		size_t piece = part((uintptr_t)to + done, len - done);
		piece = piece < DRAW_MAX ? piece : DRAW_MAX;
		if (sys3(getrandom, to + done, piece, GRND_NONBLOCK_) != (long)piece)
			break;
		memcpy(to + done, from + done, piece);
		done += piece;
	}
	return done;
}

/* One call, of so many bytes at most. */
static size_t transfer(char *ours, const struct iovec *theirs, int count, size_t len, bool in)
{
	struct iovec own = {ours, len};
	if (!__atomic_load_n(&refused, __ATOMIC_RELAXED)) {
		long self = sys0(getpid);
		long moved = in ? sys6(process_vm_readv, self, &own, 1, theirs, count, 0)
				: sys6(process_vm_writev, self, &own, 1, theirs, count, 0);
		if (!is_refusal(moved))
			return moved > 0 ? (size_t)moved : 0;
		__atomic_store_n(&refused, true, __ATOMIC_RELAXED);
	}
	size_t done = 0;
	for (int i = 0; i < count; i++) {
		size_t piece = theirs[i].iov_len;
		size_t moved = in ? read_slowly(ours + done, theirs[i].iov_base, piece)
				  : write_slowly(theirs[i].iov_base, ours + done, piece);
		done += moved;
		if (moved < piece)
			break;
	}
	return done;
}

/* The next pieces of the program's, from *at on, behind *skip bytes: together at most len. */
static size_t take_batch(struct iovec batch[BATCH], int *filled, const struct iovec *iov, int count,
			 int *at, size_t *skip, size_t len)
{
	size_t sum = 0;
	*filled = 0;
	for (; *at < count && *filled < BATCH && sum < len; (*at)++) {
		const struct iovec *piece = &iov[*at];
		if (*skip >= piece->iov_len) {
			*skip -= piece->iov_len;
			continue;
		}
		size_t rest = piece->iov_len - *skip;
		size_t part_len = rest < len - sum ? rest : len - sum;
		batch[(*filled)++] = (struct iovec){(char *)piece->iov_base + *skip, part_len};
		sum += part_len;
		*skip = 0;
	}
	return sum;
}

static size_t copy(char *ours, size_t len, const struct iovec *iov, int count, size_t skip, bool in)
{
	struct iovec batch[BATCH];
	size_t done = 0;
	int at = 0, filled;
	while (done < len) {
		size_t sum = take_batch(batch, &filled, iov, count, &at, &skip, len - done);
		size_t moved = sum ? transfer(ours + done, batch, filled, sum, in) : 0;
		done += moved;
		if (!sum || moved < sum)
			break;
	}
	return done;
}

size_t copy_gather(void *to, size_t room, const struct iovec *iov, int count, size_t skip)
{
	return copy(to, room, iov, count, skip, true);
}

size_t copy_scatter(const struct iovec *iov, int count, const void *from, size_t len)
{
	return copy((char *)from, len, iov, count, 0, false);
}

bool copy_in(void *to, const void *from, size_t len)
{
	const struct iovec piece = {(void *)from, len};
	if (!memory_is_known(from, len))
		return copy_gather(to, len, &piece, 1, 0) == len;
	memcpy(to, from, len);
	return true;
}

bool copy_out(void *to, const void *from, size_t len)
{
	const struct iovec piece = {to, len};
	return !len || copy_scatter(&piece, 1, from, len) == len;
}

bool copy_can_write(void *at)
{
	enum { PAGES = 64, PAGE_LOG2 = MEMORY_PAGE_LOG2 };
	static uintptr_t written[PAGES];
	char now;
	uintptr_t page = (uintptr_t)at >> PAGE_LOG2;
	uintptr_t known = page << PAGE_LOG2 |
			  (__atomic_load_n(&memory_generation, __ATOMIC_RELAXED) & (PAGE - 1));
	/* The stacks of threads lie so that the low bits of their pages are the same. */
	uintptr_t *slot = &written[(page ^ page >> 6 ^ page >> 12) % PAGES];
	if (__atomic_load_n(slot, __ATOMIC_RELAXED) == known)
		return true;
	if (!copy_in(&now, at, 1) || !copy_out(at, &now, 1))
		return false;
	__atomic_store_n(slot, known, __ATOMIC_RELAXED);
	return true;
}

bool copy_can_read(const void *at, size_t len)
{
	char scratch[2048];
	if (!len || memory_is_known(at, len))
		return true;
	for (size_t done = 0; done < len; done += sizeof(scratch)) {
		size_t left = len - done < sizeof(scratch) ? len - done : sizeof(scratch);
		if (!copy_in(scratch, (const char *)at + done, left))
			return false;
	}
	return true;
}
