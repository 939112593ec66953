/* SPDX-License-Identifier: MIT */
#include "state.h"

_Static_assert(sizeof(struct state_peer) % 64 == 0 && offsetof(struct state_peer, gate) == 64,
	       "peers' counters share a cache line");
_Static_assert(sizeof(struct policy_budget) % 4 == 0 && sizeof(struct policy_breaker) % 4 == 0,
	       "policies are of words");

/* How many entries peers may have of their own. */
enum { OWN = STATE_PEERS - 1 };

void state_init(struct state *state, uint64_t now_ms)
{
	static const char magic[] = STATE_MAGIC;

	for (size_t i = 0; i < sizeof(state->head.magic); i++)
		state->head.magic[i] = magic[i];
	state->head.version = STATE_VERSION;
	state->head.size = sizeof(*state);
	state->budget.seen_ms = now_ms;
}

bool state_ok(const struct state_head *head)
{
	static const char magic[] = STATE_MAGIC;

	for (size_t i = 0; i < sizeof(head->magic); i++)
		if (head->magic[i] != magic[i])
			return false;
	return head->version == STATE_VERSION && head->size == sizeof(struct state);
}

/* FNV-1a, whose low bits are then mixed with the high ones: few peers, and alike. */
uint64_t state_key(unsigned family, const void *address, size_t len, unsigned port)
{
	const unsigned char head[4] = {(unsigned char)family, (unsigned char)(family >> 8),
				       (unsigned char)port, (unsigned char)(port >> 8)};
	const unsigned char *bytes = address;
	uint64_t key = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(head); i++)
		key = (key ^ head[i]) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < len; i++)
		key = (key ^ bytes[i]) * UINT64_C(0x100000001b3);
	key ^= key >> 32;
	return key ? key : 1;
}

/* A new entry's answers count from when somebody looked last: it had none then. */
static void begin(struct state *state, struct state_peer *peer)
{
	uint64_t seen_ms = __atomic_load_n(&state->budget.seen_ms, __ATOMIC_RELAXED);

	__atomic_store_n(&peer->window.seen_ms, seen_ms, __ATOMIC_RELAXED);
}

struct state_peer *state_peer(struct state *state, uint64_t key)
{
	for (unsigned i = 0; key && i < OWN; i++) {
		struct state_peer *peer = &state->peers[(key + i) % OWN];
		uint64_t holder = __atomic_load_n(&peer->key, __ATOMIC_RELAXED);

		if (!holder && __atomic_compare_exchange_n(&peer->key, &holder, key, false,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			begin(state, peer);
			return peer;
		}
		if (holder == key)
			return peer;
	}
	return &state->peers[OWN];
}

/* Several may do so at once: they write the same. */
static void put_name(struct state_peer *peer, const struct state_address *address)
{
	const char *bytes = address->bytes;

	for (size_t i = 0; i < STATE_NAME_MAX && i < address->len; i++)
		__atomic_store_n(&peer->name[i], bytes[i], __ATOMIC_RELAXED);
	__atomic_store_n(&peer->name_len, (uint16_t)address->len, __ATOMIC_RELAXED);
	__atomic_store_n(&peer->port, (uint16_t)address->port, __ATOMIC_RELAXED);
	__atomic_store_n(&peer->family, (uint16_t)address->family, __ATOMIC_RELEASE);
}

struct state_peer *state_peer_at(struct state *state, const struct state_address *address)
{
	struct state_peer *peer = &state->peers[OWN];

	if (!address->family)
		return peer;
	peer = state_peer(state,
			  state_key(address->family, address->bytes, address->len, address->port));
	if (peer != &state->peers[OWN] && !__atomic_load_n(&peer->family, __ATOMIC_RELAXED))
		put_name(peer, address);
	return peer;
}

static void copy_words(uint32_t *to, const uint32_t *from, size_t size)
{
	for (size_t i = 0; i < size / sizeof(*to); i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
}

void state_settle(struct state *state, const struct policy *policy)
{
	if (__atomic_load_n(&state->settled, __ATOMIC_RELAXED))
		return;
	copy_words((uint32_t *)&state->budget_settings, (const uint32_t *)&policy->budget,
		   sizeof(policy->budget));
	copy_words((uint32_t *)&state->breaker_settings, (const uint32_t *)&policy->breaker,
		   sizeof(policy->breaker));
	__atomic_store_n(&state->settled, 1, __ATOMIC_RELEASE);
}

uint64_t state_requests(const struct state *state)
{
	uint64_t repeated = __atomic_load_n(&state->repeated, __ATOMIC_RELAXED);
	uint64_t sum = 0;

	for (int i = 0; i < STATE_PEERS; i++) {
		sum += __atomic_load_n(&state->peers[i].answered, __ATOMIC_RELAXED);
		sum += __atomic_load_n(&state->peers[i].failed, __ATOMIC_RELAXED);
	}
	return sum > repeated ? sum - repeated : 0;
}
