/* SPDX-License-Identifier: MIT */
/* What the lines of a log add up to, in bounded memory however many there are. */
#ifndef REDIAL_REPORT_TALLY_H
#define REDIAL_REPORT_TALLY_H

#include "../../policy/decide.h"
#include "busy.h"
#include "entry.h"
#include "quantile.h"

enum {
	TALLY_ROWS_MAX = 1000,  /* hosts and methods that are told apart; the rest are `others` */
	TALLY_SLOTS = 2048,
	TALLY_PEERS_MAX = 256,
	TALLY_NAME_MAX = 128,
	TALLY_CAUSES = CAUSE_COUNT + 1,   /* the last one: any that we do not know */
	TALLY_REASONS = REASON_COUNT + 1,
};

/* The name under which hosts and peers go that are too many. */
#define TALLY_OTHERS "(others)"

/* What befell the requests of one method to one host. */
struct tally_row {
	char host[TALLY_NAME_MAX]; /* as the request names it, in small letters; else the peer */
	char method[16];
	uint64_t of_host; /* tally_touched() of all rows of that host, once sorted */
	uint64_t attempts; /* resends and redials */
	uint64_t recovered;
	uint64_t exhausted;
	uint64_t abandoned;
	uint64_t refused;
	uint64_t causes[TALLY_CAUSES];      /* of attempts and refusals */
	uint64_t refusals[TALLY_REASONS];   /* of refused */
	uint64_t exhaustions[TALLY_REASONS]; /* of exhausted */
	struct quantile added;              /* milliseconds that rescues took, however they ended */
};

struct tally_peer {
	char peer[TALLY_NAME_MAX];
	uint64_t opened, half_opened, closed;
};

struct tally {
	uint64_t lines;   /* read */
	uint64_t events;  /* of them redial's, and counted */
	uint64_t damaged; /* of them redial's, but not understood */
	uint64_t outside; /* of them redial's, but not between --since and --until */
	uint64_t dropped; /* that redial could not deliver */
	uint64_t rehearsed; /* failures that a rehearsal made */
	uint64_t resumed;   /* responses that broke off, and went on */
	uint64_t own;       /* refused, since the program tries again by itself */
	uint64_t invalid; /* policies */
	char invalid_file[256], invalid_line[16], invalid_error[256]; /* the last of them */
	bool timed;       /* any event has a time: */
	int64_t first_ms, last_ms;
	bool has_others;
	size_t row_count, peer_count;
	struct tally_row *slots[TALLY_SLOTS]; /* by hash */
	struct tally_row *rows[TALLY_ROWS_MAX + 1]; /* once sorted `others` too, if they are used */
	struct tally_row others;
	struct tally_peer peers[TALLY_PEERS_MAX + 1]; /* the last one: all others, if it is used */
	struct busy busy;
};

/* A new one; ends the program if there is no memory. Freed with the program. */
struct tally *tally_new(void);

/* Adds an entry to it. */
void tally_add(struct tally *tally, const struct entry *entry);

/* Once all is added: sorts hosts, methods and peers, those with the most trouble first. */
void tally_sort(struct tally *tally);

/* How many requests the row is about: rescues that have ended, however they did, and refusals. */
uint64_t tally_touched(const struct tally_row *row);

/* "reset", "method"; "other" for the last one. */
const char *tally_cause_name(int cause);
const char *tally_reason_name(int reason);

#endif
