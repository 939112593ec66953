/* SPDX-License-Identifier: MIT */
#include "resolved.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "../os/clock.h"
#include "../os/mem.h"
#include "../os/pause.h"
#include "../os/sys.h"

enum {
	SETS = 16,
	ADDRESSES_MAX = 8, /* of one answer; the rest of a longer one is not looked at */
	/* A failure older than this says nothing any more: then the program had better be told. */
	MARK_MS = 10000,
};

struct address {
	uint8_t bytes[16]; /* of IPv6; an IPv4 address in its mapped form (RFC 4291) */
};

struct set {
	uint32_t count; /* 0: none here */
	struct address addresses[ADDRESSES_MAX];
	uint16_t failed_port[ADDRESSES_MAX]; /* as in the address, in network order */
	uint64_t failed_ms[ADDRESSES_MAX];   /* when that was; 0 if never */
};

/* Mapped when it is first needed: most processes never do, and a static one costs each its room. */
struct memory {
	uintptr_t lock; /* sys_self() of the thread inside, or 0 */
	uint32_t next;	/* the set that is the oldest */
	struct set sets[SETS];
};

static struct memory *memory;

static struct memory *get_memory(bool make)
{
	static struct pause pause;
	struct memory *known = __atomic_load_n(&memory, __ATOMIC_ACQUIRE);
	if (known || !make || !pause_is_over(&pause))
		return known;
	long at = sys6(mmap, 0, sizeof(*known), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	bool given = at >= 0 || at <= -4096;
	pause_note(&pause, given);
	if (!given)
		return NULL;
	if (__atomic_compare_exchange_n(&memory, &known, (struct memory *)at, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return (struct memory *)at;
	sys2(munmap, at, sizeof(*known)); /* another thread was first */
	return known;
}

/* Held for some hundred instructions, and never while anything is called that could block. */
static bool enter(struct memory *m)
{
	enum { YIELDS = 50 };
	uintptr_t self = sys_self();
	for (int i = 0; i < YIELDS; i++) {
		uintptr_t owner = 0;
		if (__atomic_compare_exchange_n(&m->lock, &owner, self, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		if (owner == self) /* a signal handler that has interrupted us */
			return false;
		sys0(sched_yield);
	}
	return false;
}

static void leave(struct memory *m)
{
	__atomic_store_n(&m->lock, 0, __ATOMIC_RELEASE);
}

static bool to_address(int family, const void *bytes, struct address *to)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (family == AF_INET6) {
		memcpy(to->bytes, bytes, sizeof(to->bytes));
		return true;
	}
	if (family != AF_INET)
		return false;
	memcpy(to->bytes, mapped, sizeof(mapped));
	memcpy(to->bytes + sizeof(mapped), bytes, 4);
	return true;
}

static bool address_of(const struct sockaddr *addr, struct address *to, uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
	*port = in->sin_port; /* sin6_port lies at the same place */
	return to_address(addr->sa_family,
			  addr->sa_family == AF_INET ? (const void *)&in->sin_addr
						     : (const void *)&in6->sin6_addr,
			  to);
}

static int find(const struct set *set, const struct address *address)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (memcmp(&set->addresses[i], address, sizeof(*address)) == 0)
			return (int)i;
	}
	return -1;
}

static void add(struct set *set, const struct address *address)
{
	if (set->count < ADDRESSES_MAX && find(set, address) < 0)
		set->addresses[set->count++] = *address;
}

static bool same(const struct set *a, const struct set *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (find(b, &a->addresses[i]) < 0)
			return false;
	}
	return true;
}

/* Who looks a name up again begins at its first address again: old failures are void. */
static void remember(const struct set *set)
{
	if (set->count < 2)
		return;
	struct memory *m = get_memory(true);
	if (!m || !enter(m))
		return;
	uint32_t place = 0;
	while (place < SETS && !same(&m->sets[place], set))
		place++;
	if (place == SETS)
		place = m->next++ % SETS;
	m->sets[place] = *set;
	leave(m);
}

void resolved_note(const struct addrinfo *answers)
{
	struct set set = {0};
	struct address address;
	uint16_t port;
	for (const struct addrinfo *one = answers; one; one = one->ai_next) {
		if (one->ai_addr && address_of(one->ai_addr, &address, &port))
			add(&set, &address);
	}
	remember(&set);
}

void resolved_note_host(const struct hostent *answer)
{
	struct set set = {0};
	struct address address;
	for (char **one = answer->h_addr_list; one && *one; one++) {
		if (to_address(answer->h_addrtype, *one, &address))
			add(&set, &address);
	}
	remember(&set);
}

static bool has_another(const struct set *set, int but, uint16_t port, uint64_t now_ms)
{
	for (int i = 0; i < (int)set->count; i++) {
		bool failed = set->failed_ms[i] && set->failed_port[i] == port &&
			      now_ms - set->failed_ms[i] < MARK_MS;
		if (i != but && !failed)
			return true;
	}
	return false;
}

bool resolved_has_alternative(const struct sockaddr *addr)
{
	struct address address;
	uint16_t port;
	struct memory *m = get_memory(false);
	if (!m || !address_of(addr, &address, &port))
		return false;
	uint64_t now_ms = os_now_ms();
	if (!enter(m))
		return true;
	bool found = false;
	for (uint32_t i = 0; i < SETS && !found; i++) {
		int at = find(&m->sets[i], &address);
		found = at >= 0 && has_another(&m->sets[i], at, port, now_ms);
	}
	leave(m);
	return found;
}

static void mark(const struct sockaddr *addr, bool failed)
{
	struct address address;
	uint16_t port;
	struct memory *m = get_memory(false);
	if (!m || !address_of(addr, &address, &port))
		return;
	uint64_t now_ms = failed ? os_now_ms() : 0;
	if (!enter(m))
		return;
	for (uint32_t i = 0; i < SETS; i++) {
		int at = find(&m->sets[i], &address);
		if (at < 0)
			continue;
		m->sets[i].failed_ms[at] = now_ms;
		m->sets[i].failed_port[at] = port;
	}
	leave(m);
}

void resolved_failed(const struct sockaddr *addr)
{
	mark(addr, true);
}

void resolved_worked(const struct sockaddr *addr)
{
	mark(addr, false);
}
