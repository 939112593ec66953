/* SPDX-License-Identifier: MIT */
/*
 * What is between a connection's bytes and its socket (wire/carrier.h), if anything is, has its
 * turn on the fresh socket. Called with the connection locked.
 */
#ifndef REDIAL_RESCUE_SECURE_H
#define REDIAL_RESCUE_SECURE_H

#include "../conn/conn.h"
#include "../wire/carrier.h"

/* Goes on with that before any of the bytes is sent. */
enum wire_secured rescue_secure(struct conn *conn);

/*
 * Sends more of conn->held to `to`, as far as `end`. Returns how far that has got, or a negative
 * errno.
 */
long rescue_send_some(struct conn *conn, int to, uint32_t end);

/* Up to `room` bytes of what is answered on the fresh socket, as wire_peek or (takes) wire_receive.
 */
long rescue_hear_some(struct conn *conn, char *bytes, size_t room, bool takes);

#endif
