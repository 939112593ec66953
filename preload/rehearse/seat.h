/* SPDX-License-Identifier: MIT */
/*
 * What a rehearsal knows of a descriptor: a seat for each number. Who finds one taken waits for a
 * moment, and else lets it be: nobody is ever blocked, and in doubt no fault is made.
 */
#ifndef REDIAL_REHEARSE_SEAT_H
#define REDIAL_REHEARSE_SEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../http1/http1.h"

enum seat_state {
	SEAT_EMPTY, /* no connection of ours, or none that can be followed */
	SEAT_NEW,   /* connected, and not a byte written */
	SEAT_HTTP,
	SEAT_SECURED,
};

struct seat {
	uint32_t taken;
	uint32_t state;	   /* enum seat_state */
	uint32_t answers;  /* whole ones on this connection, since the last fault */
	uint16_t port;	   /* of the peer */
	bool writing;	   /* part of a request is out */
	bool waiting;	   /* for the answer to a request that is out */
	bool blind;	   /* what comes in is of an answer of which part has passed us by */
	bool wrote;	   /* SEAT_SECURED: the last record went out, none has come in since */
	uint8_t planned;   /* 1 + enum fault of this request once it is out; 0: none */
	uint8_t due;	   /* 1 + the turn that planned it */
	uint8_t told;	   /* 1 + enum fault that the next read is told of; 0: none */
	uint64_t received; /* by the kernel, when the request was written */
	uint64_t cookie;   /* of the socket that this is true of */
	struct http1 request, answer;
	char method[16], host[128], path[128]; /* of the request, for the log */
};

/* Makes room for all of them. false: there is none. */
bool seat_open(void);

/*
 * The seat of fd, taken for the caller; NULL if it is empty, another thread's for now, or in a
 * child that shares our memory. To be given back by seat_leave.
 */
struct seat *seat_take(int fd);
void seat_leave(struct seat *seat);

/* A connection to a peer with that port begins at fd. */
void seat_begin(int fd, uint16_t port);

/* Whatever was at fd is so no more. */
void seat_end(int fd);

/* How many bytes the socket has received (TCP_INFO); 0: none, or it cannot be told. */
uint64_t seat_received(int fd);

/* An identity that no other socket has; 0: it is no socket. */
uint64_t seat_cookie(int fd);

#endif
