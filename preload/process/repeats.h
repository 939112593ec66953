/* SPDX-License-Identifier: MIT */
/*
 * Does the program send a request again by itself, once it has been given a status that is listed?
 * Four tries of its own with three of redial's in each would be twelve. What is known of it is the
 * process's own: libraries retry where they asked. Nothing is remembered, or looked at, but at a
 * response with a listed status.
 *
 * The same request that is sent within REPEATS_AGAIN_MS after such a response to it was given to
 * the program is taken for its retry: it is left alone, REPEATS_IN_A_ROW times at most, for what
 * goes on longer is a poll. Whether one or the other, the response is what the program would have
 * had bare, and soon asks for again. That the program retries whatever it asks of a peer is
 * believed for REPEATS_PEER_MS after it was last seen: by a retry sooner than any poll would come,
 * or of another request than the one before, and nothing else answered there meanwhile, as the peer
 * would answer requests that only happen to be alike.
 *
 * All times are os_now_ms(). Async-signal-safe: what one thread is at, another goes without.
 */
#ifndef REDIAL_PROCESS_REPEATS_H
#define REDIAL_PROCESS_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	REPEATS_AGAIN_MS = 10000,
	REPEATS_SOON_MS = 900, /* from answer to answer: checks come each second at most */
	REPEATS_PEER_MS = 60000,
	REPEATS_IN_A_ROW = 10,
};

/* A request of the program's to which a response with a listed status has come. */
struct repeats_request {
	uint64_t peer;	   /* a number that stands for it, never 0 */
	uint64_t request;  /* the same of what was asked of it */
	uint64_t answered; /* responses from the peer so far that are no failures */
	uint64_t sent_ms;  /* when the program sent it */
	uint64_t seen_ms;  /* when its first response came */
};

/*
 * The first response to such a request has just come: is it to be the program's, because that
 * repeats requests by itself?
 */
bool repeats_ask(const struct repeats_request *request);

/* It is: has nobody been told so of this peer yet? Who asks tells. */
bool repeats_news(uint64_t peer);

/* The program is given the response, whatever was tried before. */
void repeats_given(const struct repeats_request *request, uint64_t now_ms);

/* Carries a number that stands for bytes on over more of them (FNV-1a); starts at REPEATS_START. */
#define REPEATS_START UINT64_C(0xcbf29ce484222325)
uint64_t repeats_number(uint64_t number, const void *bytes, uint64_t len);

#endif
