/* SPDX-License-Identifier: MIT */
/*
 * How a proxy is asked for a tunnel by HTTP (RFC 9110, section 9.3.6), as far as redial could ask
 * for the same again. Pure.
 */
#ifndef REDIAL_CONN_TUNNEL_H
#define REDIAL_CONN_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../http1/http1.h"

/* What the head of such a request begins with. */
#define TUNNEL_BEGINS "CONNECT "
enum { TUNNEL_BEGINS_LEN = sizeof(TUNNEL_BEGINS) - 1 };

/* What ends a head: CRLF CRLF. */
enum { TUNNEL_HEAD_END = 4 };

/* How much of that the bytes so far end with, byte being the next of them. */
uint8_t tunnel_head_end(uint8_t matched, char byte);

/*
 * May the request be made again, whose head lies here whole? Not with a body, nor what only servers
 * of one kind would read so; nor with credentials but those of Basic and Bearer: of other schemes
 * they belong to one connection (NTLM, Negotiate), or serve once (Digest).
 */
bool tunnel_may_be_repeated(const char *head, size_t len);

/* What a proxy answers. */
struct tunnel_answer {
	struct http1 message;
	uint8_t result;	 /* enum http1_result */
	uint8_t matched; /* tunnel_head_end of it */
};

void tunnel_answer_begin(struct tunnel_answer *answer);
void tunnel_answer_add(struct tunnel_answer *answer, char byte);

/* Has it opened the tunnel with the last byte that came, which was the head's last one? */
bool tunnel_is_open(const struct tunnel_answer *answer);

/* Whatever may come yet, it will not open it. */
bool tunnel_is_refused(const struct tunnel_answer *answer);

/* It has not, all of that answer has come, and the proxy may be asked again: for credentials, say.
 */
bool tunnel_may_be_asked_again(const struct tunnel_answer *answer);

#endif
