/* SPDX-License-Identifier: MIT */
/*
 * What the processes of one launch know together: how much was asked and answered, what they have
 * sent again, and how each peer does. Plain data of fixed size without pointers, in memory that
 * they share. No locks: a process may be killed anywhere in these functions and leaves all the
 * others going; and whatever another process has scribbled over it, all of them return.
 */
#ifndef REDIAL_STATE_H
#define REDIAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "process.h"
#include "switchboard.h"
#include "window.h"

/* Goes up whenever struct state changes shape. */
#define STATE_VERSION 8

#define STATE_MAGIC "\177REDIALS"

/* The highest byte of all keys under which launches have their memory: svipc(7). */
#define STATE_KEYS 0x52000000u

enum { STATE_PEERS = 64, STATE_NAME_MAX = 34 };

/*
 * Whose state it is, and where it lies. The launch's file is this alone; the state itself, which
 * begins with the same, is in a System V segment: a file that is mapped can be cut off, which ends
 * whoever touches it then, and a segment cannot.
 */
struct state_head {
	/* Up to root_space in every version at the same place: readers tell whose another one is.
	 */
	char magic[8]; /* STATE_MAGIC */
	uint32_t version;
	uint32_t size;	     /* of the state, in bytes */
	uint32_t root_pid;   /* the process that the launch began with; 0: no launch */
	uint32_t key;	     /* of the segment; 0: in none */
	uint64_t root_start; /* its start, in ticks since boot, as /proc/PID/stat tells it */
	uint64_t root_space; /* the inode of the PID namespace in which it has that number */
	uint64_t nonce;	     /* that no other launch has */
	uint64_t space;	     /* the inode of the IPC namespace of the segment; 0: not known */
	int32_t id;	     /* of the segment, in there */
	uint32_t unused;
};

struct state_peer {
	/* On a cache line of their own: every answer of every process counts here. */
	uint64_t key;	   /* state_key(); 0: nobody's, or the one that several peers share */
	uint64_t answered; /* complete responses */
	uint64_t failed;   /* failed attempts */
	/* Who it is, for readers; family 0: not told yet. */
	uint16_t family;
	uint16_t port;	   /* in network byte order */
	uint16_t name_len; /* of the whole, which `name` may hold the start of */
	char name[STATE_NAME_MAX];
	/* The breaker's, see breaker.c. */
	uint64_t gate __attribute__((aligned(64)));
	struct window window; /* its requests are answers, its events failures */
} __attribute__((aligned(64)));

struct state {
	struct state_head head;
	uint64_t repeated;		 /* failed attempts whose requests were sent again */
	uint64_t events[PROCESS_EVENTS]; /* of all processes, those that are gone included */
	uint64_t told; /* when in a folder, and how often in that second: preload/log/told.c */
	/* Of the policy that the first process to count here has; 0: none has come. For readers. */
	uint32_t settled;
	struct policy_budget budget_settings;
	struct policy_breaker breaker_settings;
	/* Its requests are answers and failures of all peers, its events resends. */
	struct window budget __attribute__((aligned(64)));
	struct state_peer peers[STATE_PEERS]; /* the last one is for those that find no room */
	struct process processes[PROCESS_ENTRIES];
	/* Of a launch's memory only: nobody could reach that of a process. */
	struct switchboard board __attribute__((aligned(64)));
};

/* How long a process's own one is. */
#define STATE_OWN_LEN offsetof(struct state, board)

/* Who a peer is. */
struct state_address {
	unsigned family;   /* 0: nobody */
	unsigned port;	   /* in network byte order; 0 for a local socket */
	const void *bytes; /* of the address, or of a local socket's name */
	size_t len;
};

/*
 * Makes a state of size sizeof(struct state), all zero before, one that state_ok accepts; it touches
 * nothing past STATE_OWN_LEN. now_ms: of CLOCK_MONOTONIC, from which on it counts. Of the header's other members none is set.
 */
void state_init(struct state *state, uint64_t now_ms);

/* Is it that of a state of this version? */
bool state_ok(const struct state_head *head);

/*
 * A number that stands for a peer, never 0: of its address family, the bytes of its address and
 * its port (0 for a local socket).
 */
uint64_t state_key(unsigned family, const void *address, size_t len, unsigned port);

/* The entry of the peer at this address, which it notes there; the shared one for nobody. */
struct state_peer *state_peer_at(struct state *state, const struct state_address *address);

/*
 * The peer's entry, which is its own for as long as the state lives; when all are taken, or for a
 * key of 0, the shared last one, whose breaker never opens. Never NULL.
 */
struct state_peer *state_peer(struct state *state, uint64_t key);

/* A complete response came from the peer. */
static inline void state_answered(struct state_peer *peer)
{
	__atomic_fetch_add(&peer->answered, 1, __ATOMIC_RELAXED);
}

/*
 * A request is sent again whose last attempt has been counted as failed: it is one request all the
 * same, and the next attempt's outcome will count.
 */
static inline void state_repeated(struct state *state)
{
	__atomic_fetch_add(&state->repeated, 1, __ATOMIC_RELAXED);
}

/* Notes what policy the processes have, if none has. */
void state_settle(struct state *state, const struct policy *policy);

/* Counts an event of any process. */
static inline void state_count(struct state *state, enum process_event event)
{
	__atomic_fetch_add(&state->events[event], 1, __ATOMIC_RELAXED);
}

/* How many requests of all processes were answered or have failed since the state was made. */
uint64_t state_requests(const struct state *state);

#endif
