/* SPDX-License-Identifier: MIT */
#include "state.h"

_Static_assert(sizeof(struct state_peer) % 64 == 0 && offsetof(struct state_peer, gate) == 64,
	       "peers' counters share a cache line");

/* How many entries peers may have of their own. */
enum { OWN = STATE_PEERS - 1 };

void state_init(struct state *state, uint64_t now_ms)
{
	static const char magic[] = STATE_MAGIC;

	for (size_t i = 0; i < sizeof(state->magic); i++)
		state->magic[i] = magic[i];
	state->version = STATE_VERSION;
	state->size = sizeof(*state);
	state->budget.seen_ms = now_ms;
}

bool state_ok(const struct state *state)
{
	static const char magic[] = STATE_MAGIC;

	for (size_t i = 0; i < sizeof(state->magic); i++)
		if (state->magic[i] != magic[i])
			return false;
	return state->version == STATE_VERSION && state->size == sizeof(*state);
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
