/* SPDX-License-Identifier: MIT */
/*
 * Authorization that serves once: OAuth 1.0 (RFC 5849 section 3.3) and DPoP (RFC 9449 section 11.1)
 * let a server refuse a request that it has seen before. A 401 then answers the sending again, not
 * the program.
 */
#ifndef REDIAL_RESCUE_TOKEN_H
#define REDIAL_RESCUE_TOKEN_H

#include <stdbool.h>

#include "../conn/conn.h"

/* Does the request that is to be sent again carry such, as the rule for it (single_use_auth) says?
 */
bool rescue_token_is_carried(const struct conn *conn);

/* Does one behind it? When that is refused, the first one's answer has been given. */
bool rescue_token_follows(const struct conn *conn);

/*
 * If this status, of a response that begins, says that it was used up: gives up, and the program
 * gets what it would have had bare. Else returns false.
 */
bool rescue_token_is_refused(struct conn *conn, int status);

#endif
