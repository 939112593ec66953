/* SPDX-License-Identifier: MIT */
#include "resolved.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "../os/clock.h"
#include "../os/mem.h"
#include "../os/pause.h"
#include "../os/sys.h"

enum {
	SETS = 64,
	/* A failure older than this says nothing any more: then the program had better be told. */
	MARK_MS = 10000,
};

struct set {
	uint64_t name; /* a number for it: hash_of */
	uint64_t asked_ms;
	uint32_t count; /* 0: none here */
	struct resolved_address addresses[RESOLVED_ADDRESSES_MAX];
	uint16_t failed_port[RESOLVED_ADDRESSES_MAX]; /* as in the address, in network order */
	uint64_t failed_ms[RESOLVED_ADDRESSES_MAX];   /* when that was; 0 if never */
};

/* Mapped when it is first needed: many processes never do, and a static one costs each its room. */
struct memory {
	uintptr_t lock; /* sys_self() of the thread inside, or 0 */
	bool forgotten; /* some answer, or a part of one, is not here any more */
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

static bool to_address(int family, const void *bytes, struct resolved_address *to)
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

static bool address_of(const struct sockaddr *addr, struct resolved_address *to, uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
	*port = in->sin_port; /* sin6_port lies at the same place */
	return to_address(addr->sa_family,
			  addr->sa_family == AF_INET ? (const void *)&in->sin_addr
						     : (const void *)&in6->sin6_addr,
			  to);
}

/* Host of RFC 9110 section 7.2: the port is none of the name. Letters count in either case. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	size_t len = 0;
	while (name[len] && name[len] != ':')
		len++;
	if (len && name[len - 1] == '.') /* the root's own dot says nothing */
		len--;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];
		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(0x100000001b3);
	}
	return hash;
}

/* As a Host has it: with a port or without, and IPv6 in brackets. */
static bool is_host_address(const char *host)
{
	size_t digits = 0;
	while ((host[digits] >= '0' && host[digits] <= '9') || host[digits] == '.')
		digits++;
	return *host == '[' || (digits && (!host[digits] || host[digits] == ':'));
}

/* An address that is written out stands for itself, however long ago it was asked for. */
static bool is_written_out(const char *name)
{
	for (size_t i = 0; name[i]; i++) {
		if (name[i] == ':')
			return true;
	}
	return is_host_address(name);
}

static int find(const struct set *set, const struct resolved_address *address)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (memcmp(&set->addresses[i], address, sizeof(*address)) == 0)
			return (int)i;
	}
	return -1;
}

/* Returns false if there is no room. */
static bool add(struct set *set, const struct resolved_address *address)
{
	if (find(set, address) >= 0)
		return true;
	if (set->count == RESOLVED_ADDRESSES_MAX)
		return false;
	set->addresses[set->count++] = *address;
	return true;
}

static bool same(const struct set *a, const struct set *b)
{
	if (a->count != b->count || a->name != b->name)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (find(b, &a->addresses[i]) < 0)
			return false;
	}
	return true;
}

/*
 * Who looks a name up again begins at its first address again: old failures are void. What the name
 * led to before is kept as well: a connection may be from there.
 */
static void remember(struct set *set, bool whole)
{
	if (!set->count)
		return;
	struct memory *m = get_memory(true);
	set->asked_ms = os_now_ms();
	if (!m || !enter(m))
		return;
	struct set *place = m->sets;
	for (struct set *at = m->sets; at < m->sets + SETS; at++) {
		if (same(at, set)) {
			place = at;
			break;
		}
		if (at->asked_ms < place->asked_ms)
			place = at;
	}
	if ((place->count && !same(place, set)) || !whole)
		m->forgotten = true;
	*place = *set;
	leave(m);
}

void resolved_note(const char *name, const struct addrinfo *answers)
{
	struct set set = {0};
	struct resolved_address address;
	uint16_t port;
	bool whole = true;
	if (is_written_out(name))
		return;
	set.name = hash_of(name);
	for (const struct addrinfo *one = answers; one; one = one->ai_next) {
		if (one->ai_addr && address_of(one->ai_addr, &address, &port))
			whole &= add(&set, &address);
	}
	remember(&set, whole);
}

void resolved_note_host(const char *name, const struct hostent *answer)
{
	struct set set = {0};
	struct resolved_address address;
	bool whole = true;
	if (is_written_out(name))
		return;
	set.name = hash_of(name);
	for (char **one = answer->h_addr_list; one && *one; one++) {
		if (to_address(answer->h_addrtype, *one, &address))
			whole &= add(&set, &address);
	}
	remember(&set, whole);
}

/* The latest answer with this name, or with any if that is NULL, that holds the address. */
static const struct set *latest(const struct memory *m, const struct resolved_address *address,
				const uint64_t *name)
{
	const struct set *found = NULL;
	for (const struct set *at = m->sets; at < m->sets + SETS; at++) {
		bool newer = !found || at->asked_ms > found->asked_ms;
		if (newer && (!name || at->name == *name) && find(at, address) >= 0)
			found = at;
	}
	return found;
}

/* When the name was last asked for, of those that lead to the address, for which that is longest
 * ago.
 */
static uint64_t least_asked(const struct memory *m, const struct resolved_address *address)
{
	uint64_t least_ms = UINT64_MAX;
	for (const struct set *at = m->sets; at < m->sets + SETS; at++) {
		if (find(at, address) < 0)
			continue;
		const struct set *set = latest(m, address, &at->name);
		if (set->asked_ms < least_ms)
			least_ms = set->asked_ms;
	}
	return least_ms;
}

/* The answer that a connection to the address is from; NULL if that is not sure. */
static const struct set *origin(const struct memory *m, const struct resolved_address *address,
				uint64_t host)
{
	const struct set *found = latest(m, address, &host);
	if (found || m->forgotten)
		return found;
	found = latest(m, address, NULL);
	for (const struct set *at = m->sets; found && at < m->sets + SETS; at++) {
		if (at->name != found->name && find(at, address) >= 0)
			return NULL;
	}
	return found;
}

uint64_t resolved_age_ms(const struct sockaddr *addr, const char *host, uint64_t now_ms)
{
	struct resolved_address address;
	uint16_t port;
	struct memory *m = get_memory(false);
	if (!m || !address_of(addr, &address, &port))
		return 0;
	if (!enter(m))
		return UINT64_MAX;
	const struct set *set = origin(m, &address, hash_of(host));
	uint64_t asked_ms = set ? set->asked_ms : least_asked(m, &address);
	bool unknown = !set && m->forgotten;
	leave(m);
	if (unknown)
		return UINT64_MAX;
	/* Within the same millisecond it was one. */
	return asked_ms == UINT64_MAX ? 0 : asked_ms < now_ms ? now_ms - asked_ms : 1;
}

uint32_t resolved_others(const struct sockaddr *addr, const char *host,
			 struct resolved_address *others)
{
	struct resolved_address address;
	uint16_t port;
	uint32_t count = 0;
	struct memory *m = get_memory(false);
	if (!*host || is_host_address(host) || !m || !address_of(addr, &address, &port) ||
	    !enter(m))
		return 0;
	const struct set *set = origin(m, &address, hash_of(host));
	for (uint32_t i = 0; set && i < set->count; i++) {
		if (memcmp(&set->addresses[i], &address, sizeof(address)) != 0)
			others[count++] = set->addresses[i];
	}
	leave(m);
	return count;
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
	struct resolved_address address;
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
	struct resolved_address address;
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
