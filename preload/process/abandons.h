/* SPDX-License-Identifier: MIT */
/*
 * A program may leave each of its rescues before the answer is there: it takes the EAGAIN of a
 * descriptor that was readable for the end, or waits by calls that we take for others. Then a
 * rescue does nothing but ask the server for what nobody reads. A process whose rescues keep ending
 * so has none any more, but for one a minute: an answer that is read brings them back.
 */
#ifndef REDIAL_PROCESS_ABANDONS_H
#define REDIAL_PROCESS_ABANDONS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ABANDONS_IN_A_ROW = 5,	   /* after so many without an answer between there are no more */
	ABANDONS_PAUSE_MS = 60000, /* then one may try, each time that so much has gone by */
};

/* The program has closed a connection whose rescue was under way. now_ms: of os_now_ms(). */
void abandons_note(uint64_t now_ms);

/* One has been answered. */
void abandons_end(void);

/* May one begin? */
bool abandons_allow(uint64_t now_ms);

/* Is it news that none may? True once, until abandons_end. */
bool abandons_are_news(void);

#endif
