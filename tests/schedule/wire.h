/* SPDX-License-Identifier: MIT */
/* A connection as the kernel and the server have it, and what the server does on it. */
#ifndef SCHEDULE_WIRE_H
#define SCHEDULE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "world.h"

enum { SEGMENTS_MAX = 24 };

/* A piece of what the server sends: an answer, or what nobody has asked for (request NULL). */
struct segment {
	struct request *request;
	uint32_t from, to;
	bool whole; /* it is one, once all of it has been sent */
};

enum serving {
	SERVES_DIALING,	  /* until next_ns, then it is up, or refused */
	SERVES_READING,	  /* a request, or waits for one */
	SERVES_ANSWERING, /* the next piece at next_ns */
	SERVES_NOTHING,	  /* reads, and is silent */
	SERVES_ENDED,	  /* the server has closed it */
};

/* What the program's side has sent on it so far, told apart (judge_sent.c). */
struct sent {
	struct request *now; /* of which at bytes are out; NULL: a request line begins in line */
	uint32_t at;
	struct bytes line;
	uint32_t inserted; /* headers of the preload's that are behind the request line, a mask */
	struct request *last;
	uint32_t whole; /* requests that are out to their end */
	struct request *requests[SEGMENTS_MAX];
	uint32_t ends[SEGMENTS_MAX]; /* where in up */
	uint32_t head_end;	     /* of the one that is coming in; 0: not there yet */
};

struct wire {
	uint32_t id;
	int server;
	struct object *socket;	 /* the program's end; NULL once that is gone */
	struct link *link;	 /* whose requests it carries; NULL: none yet */
	struct bytes up;	 /* taken by the kernel from the program */
	uint32_t up_read;	 /* by the server */
	bool up_ended, up_reset; /* by the program's side */
	struct bytes down;	 /* all that the server means to send */
	uint32_t down_sent, down_read;
	struct segment segments[SEGMENTS_MAX];
	uint32_t segment_count;
	struct sent sent;
	enum serving serving;
	uint64_t next_ns;
	uint64_t idle_end_ns; /* when the server closes it, idle; NEVER */
	uint64_t stalled_ns;  /* it reads nothing until then; NEVER: no more */
	uint64_t reset_ns;    /* its answer to bytes that nobody takes; NEVER */
	uint32_t answered;    /* requests of sent.requests */
	uint32_t pieces;      /* that are left of an answer */
	int refusal;	      /* what the dialing comes to: an errno */
	int end;	      /* enum end: how it closes it at idle_end_ns, or after the answer */
	bool ends_after;
	bool own; /* dialed by the program's own connect */
	bool was_up;
	bool gone;   /* the server has ended it, or refused it, before the program's side did */
	bool let_go; /* the preload has closed it, for one that is the link's instead */
	bool half;   /* the server has closed its direction only */
	bool early;  /* it has been decided what comes of the request that is coming in */
};

enum end { END_FIN, END_RESET, END_HALF, END_408 };

struct wire *wire_dial(int server, struct object *socket, bool waits);

/* The program's side. */
void wire_sent(struct wire *wire);
void wire_closed(struct wire *wire, bool reset);
void wire_shut(struct wire *wire);

/* The server's turn: can it do anything now, when at the latest, and do it. */
bool wire_is_ready(const struct wire *wire);
uint64_t wire_when(const struct wire *wire);
void wire_act(struct wire *wire);

/* Is it the server that keeps the program waiting, by its own choice? */
bool wire_is_silent(const struct wire *wire);

/* Servers that are silent end their connections. true: there were such. */
bool wire_end_silent(void);

/* What the kernel tells the program's end (network.c). */
void wire_up(struct wire *wire);
void wire_refuse(struct wire *wire, int error);
void wire_fin(struct wire *wire);
void wire_reset(struct wire *wire);
void wire_deliver(struct wire *wire, uint32_t len);

/* Adds an answer to what the server means to send (answer.c). Returns its segment. */
struct segment *answer_make(struct wire *wire, struct request *request);
struct segment *answer_bad(struct wire *wire, struct request *request);
struct segment *answer_408(struct wire *wire);
struct segment *answer_early(struct wire *wire, struct request *request);

#endif
