/* SPDX-License-Identifier: MIT */
/*
 * What goes over a connection to a proxy before its first request: SOCKS 5 (RFC 1928, without
 * authentication or by RFC 1929) and 4, or CONNECT (tunnel.h), one proxy behind the other if need
 * be. Whoever sends it, the program or another preload in its name, a redial says the same to the
 * same proxy. Pure, but for greeting_make and what follows it.
 */
#ifndef REDIAL_CONN_GREETING_H
#define REDIAL_CONN_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tunnel.h"

struct iovec;

enum { GREETING_TURNS_MAX = 8, GREETING_REPLY_MIN = 5 };

/* What is sent in one turn, and so which reply is to come. */
enum greeting_kind {
	GREETING_SOCKS4,
	GREETING_METHOD,
	GREETING_PASSWORD,
	GREETING_REQUEST,
	GREETING_TUNNEL,
};

struct greeting_turn {
	uint16_t len; /* of what is sent */
	uint8_t kind;
};

/* How much of the reply to a turn has come. */
struct greeting_reply {
	uint16_t got;
	char start[GREETING_REPLY_MIN];
	struct tunnel_answer answer; /* of GREETING_TUNNEL */
};

struct greeting {
	uint32_t received; /* bytes of all replies */
	uint16_t len;	   /* of all that is sent */
	uint16_t room;	   /* for them */
	uint8_t turns;
	bool complete;	 /* the reply to the last turn has come */
	bool negotiated; /* SOCKS 5: the method is agreed on, the request not yet answered */
	uint8_t matched; /* CONNECT: tunnel_head_end of what is sent */
	struct greeting_reply reply;
	struct greeting_turn turn[GREETING_TURNS_MAX];
	char bytes[];
};

/* Has the last proxy said that it leads on from here? */
bool greeting_is_over(const struct greeting *greeting);

/* Bytes that are sent, which must be readable. false: they are no greeting, or none we could say.
 */
bool greeting_sent(struct greeting *greeting, const struct iovec *iov, int count, size_t len);

/* Bytes that were read. false: they are not what a proxy says that goes along. */
bool greeting_received(struct greeting *greeting, const struct iovec *iov, int count, size_t len);

/* How long the reply is as far as that is known, so that no byte behind it is read; 0: it is no. */
size_t greeting_reply_len(enum greeting_kind kind, const struct greeting_reply *reply);

/* Adds one byte. */
void greeting_reply_add(enum greeting_kind kind, struct greeting_reply *reply, char byte);

/* One with some room, or with more than it had (its old place is given back); NULL: no memory, or
 * more than any has. */
struct greeting *greeting_make(void);
struct greeting *greeting_widen(struct greeting *greeting);

/* Gives its memory back; NULL is fine. */
void greeting_drop(struct greeting *greeting);

#endif
