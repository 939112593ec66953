/* SPDX-License-Identifier: MIT */
#include "repeats.h"

#include "../os/mem.h"

enum {
	REQUESTS = 16,
	PEERS = 8,
	/* The kernel counts the time since a sending in ticks, of 10 ms at most (time(7)). */
	TICK_MS = 10,
};

/* A response with a listed status that the program was given. */
struct given {
	uint64_t request; /* 0: free */
	uint64_t answered;
	uint64_t seen_ms;
	uint64_t given_ms;
	uint32_t in_a_row; /* how often it has been sent again by now */
};

struct repeating {
	uint64_t peer;	  /* 0: free */
	uint64_t request; /* of the latest retry that was seen */
	uint64_t last_ms;
	uint64_t until_ms; /* until when everything at this peer is left to the program */
	bool told;
};

static struct {
	int taken;
	struct given given[REQUESTS];
	struct repeating peers[PEERS];
} known;

static bool take(void)
{
	return !__atomic_exchange_n(&known.taken, 1, __ATOMIC_ACQUIRE);
}

static void give_back(void)
{
	__atomic_store_n(&known.taken, 0, __ATOMIC_RELEASE);
}

/* What is known of it; if nothing is, NULL, or in its place what was not looked at for longest. */
static struct given *find_given(uint64_t request, bool make)
{
	struct given *oldest = known.given;
	for (int i = 0; i < REQUESTS; i++) {
		if (known.given[i].request == request)
			return &known.given[i];
		if (known.given[i].given_ms < oldest->given_ms)
			oldest = &known.given[i];
	}
	if (!make)
		return NULL;
	*oldest = (struct given){.request = request};
	return oldest;
}

static struct repeating *find_peer(uint64_t peer, bool make)
{
	struct repeating *oldest = known.peers;
	for (int i = 0; i < PEERS; i++) {
		if (known.peers[i].peer == peer)
			return &known.peers[i];
		if (known.peers[i].last_ms < oldest->last_ms)
			oldest = &known.peers[i];
	}
	if (!make)
		return NULL;
	*oldest = (struct repeating){.peer = peer};
	return oldest;
}

/* Was it sent because of the response that was given? Not if it was under way by then. */
static bool is_again(const struct given *given, const struct repeats_request *request)
{
	return request->sent_ms + TICK_MS >= given->given_ms &&
	       request->sent_ms < given->given_ms + REPEATS_AGAIN_MS;
}

static void believe(struct repeating *peer, const struct given *given,
		    const struct repeats_request *request)
{
	bool calm = given->answered == request->answered && given->in_a_row <= REPEATS_IN_A_ROW;
	bool soon = request->seen_ms < given->seen_ms + REPEATS_SOON_MS;
	bool another = peer->request && peer->request != request->request &&
		       request->seen_ms < peer->last_ms + REPEATS_PEER_MS;
	if (calm && (soon || another))
		peer->until_ms = request->seen_ms + REPEATS_PEER_MS;
	peer->request = request->request;
	peer->last_ms = request->seen_ms;
}

static bool ask(const struct repeats_request *request)
{
	struct given *given = find_given(request->request, false);
	struct repeating *peer = find_peer(request->peer, false);
	bool again = given && is_again(given, request);
	if (again) {
		given->in_a_row++;
		peer = find_peer(request->peer, true);
		believe(peer, given, request);
		again = given->in_a_row % (REPEATS_IN_A_ROW + 1) != 0;
	} else if (given && request->sent_ms >= given->given_ms) {
		given->in_a_row = 0;
	}
	return again || (peer && request->seen_ms < peer->until_ms);
}

bool repeats_ask(const struct repeats_request *request)
{
	if (!take())
		return false;
	bool answer = ask(request);
	give_back();
	return answer;
}

bool repeats_news(uint64_t number)
{
	if (!take())
		return false;
	struct repeating *peer = find_peer(number, false);
	bool news = peer && !peer->told;
	if (peer)
		peer->told = true;
	give_back();
	return news;
}

void repeats_given(const struct repeats_request *request, uint64_t now_ms)
{
	if (!take())
		return;
	struct given *given = find_given(request->request, true);
	given->answered = request->answered;
	given->seen_ms = request->seen_ms;
	given->given_ms = now_ms;
	give_back();
}

uint64_t repeats_number(uint64_t number, const void *bytes, uint64_t len)
{
	const unsigned char *at = bytes;
	for (uint64_t i = 0; i < len; i++)
		number = (number ^ at[i]) * UINT64_C(0x100000001b3);
	return number;
}
