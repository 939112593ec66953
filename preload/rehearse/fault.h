/* SPDX-License-Identifier: MIT */
/* When a fault is made, and how. */
#ifndef REDIAL_REHEARSE_FAULT_H
#define REDIAL_REHEARSE_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "plan.h"
#include "seat.h"

enum { NO_FAULT = -1 };

/*
 * One more chance, for those kinds of the mask that are possible here, of the kinds in `asked`:
 * which fault is to be made now, or NO_FAULT. *turn is whose turn it was.
 */
int fault_choose(uint32_t asked, uint32_t possible, unsigned *turn);

/* It could not be made after all: the next chance has it. */
void fault_put_off(unsigned turn);

/* The mask of what may befall this request, whose whole head the len bytes hold. */
uint32_t fault_possible(const struct seat *seat, const char *head, size_t len);

/* Ends the connection, so that every look at it tells the truth. */
void fault_end(int fd);

/* Keeps all that comes in away from the socket, and no longer. false: it cannot be done. */
bool fault_deafen(int fd);
void fault_hear(int fd);

/* Is a part of an answer there already? */
bool fault_answered(int fd);

/* Connects fd to where nobody listens: a true refusal, blocking or not. 0 or a negative errno. */
int fault_refuse(int fd, int family);

/* A line in the rehearsal's log about the request of the seat. */
void fault_tell(enum fault fault, const struct seat *seat, int fd);

/*
 * The same about a connect or a look-up (fd -1); and whether the policy says what is to be done
 * about it, for of what it does not name redial has no line.
 */
void fault_tell_early(enum fault fault, int fd, const char *host, bool asked);

/* Does the policy retry connects to that port, or look-ups? */
bool fault_connect_is_asked(unsigned port);
bool fault_dns_is_asked(void);

/* Has one been told of just now? What redial does about it is no chance for another. */
bool fault_was_just(void);

#endif
