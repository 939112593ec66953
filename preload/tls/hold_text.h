/* SPDX-License-Identifier: MIT */
/*
 * calls/hold.h for a connection that TLS goes over, whose plaintext its library tells. Other than a
 * socket, a session cannot be taken up again once it has gone on to another connection: what is
 * held back is a response as a whole, or none. Knows no library. Functions are called with the
 * connection locked, and leave it so.
 */
#ifndef REDIAL_TLS_HOLD_TEXT_H
#define REDIAL_TLS_HOLD_TEXT_H

#include "../conn/conn.h"

enum { HOLD_TEXT_LINE = 12 }; /* "HTTP/1.1 503" */

/* What a read from the library has given, or shown (peeked: it will be read once more). */
struct hold_text {
	const char *bytes;
	size_t len;
	bool peeked;
	char line[HOLD_TEXT_LINE]; /* its first bytes, and where those are few what comes behind */
	size_t line_len;
};

static inline bool hold_text_is_408(const char *bytes, size_t len)
{
	return len >= HOLD_TEXT_LINE && __builtin_memcmp(bytes + 8, " 408", 4) == 0;
}

/* Is it worth a look? Not most of the time. */
static inline bool hold_text_is_due(const struct conn *conn, const char *bytes, size_t len)
{
	return conn->care & (uint8_t)~CARE_SECURED || hold_text_is_408(bytes, len);
}

/*
 * true: it is not for the program, at least not yet: what was not peeked at is kept. Then a rescue
 * has begun (conn.busy), or something is held back (CARE_HOLDING).
 */
bool hold_text_look(struct conn *conn, const struct hold_text *text);

/* CARE_HOLDING: is more to be read before the program gets any of it? Then there is room for it. */
bool hold_text_wants(struct conn *conn);

/*
 * So many bytes more were read. false: nothing is held back any more, they are the program's.
 * hold_text_end: there will be no more; orderly: which the server has said (close_notify).
 * hold_text_is_over: there are none for now; has that been so for too long?
 */
bool hold_text_add(struct conn *conn, const char *bytes, size_t len);
void hold_text_end(struct conn *conn, bool orderly);
bool hold_text_is_over(struct conn *conn);

enum { HOLD_TEXT_PIECE = 4096 }; /* no more at once */

/*
 * Gives the program what is held back, which it asks for `len` bytes of; peeks: it will read them
 * once more. Returns how many, and leaves without the lock.
 */
size_t hold_text_give(struct conn *conn, void *buf, size_t len, bool peeks);

/* How many bytes there are to give. */
size_t hold_text_left(const struct conn *conn);

/* How long to wait for more at most, in milliseconds. */
uint64_t hold_text_patience_ms(const struct conn *conn);

#endif
