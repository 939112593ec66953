/* SPDX-License-Identifier: MIT */
/*
 * Ends a call to OpenSSL in which a rescue has begun, without a word of an error to what carries
 * its bytes: rust-openssl's keeps the last one, and tells the program of it when nothing is wrong
 * any more.
 */
#ifndef REDIAL_TLS_SPOIL_H
#define REDIAL_TLS_SPOIL_H

#include <stddef.h>

struct conn;

/*
 * Of tls_carrier: writes the header of a record that no version allows. Returns its length, or 0 if
 * it is not to be used: OpenSSL's own transports keep nothing. Called with the lock, within the
 * library's call.
 */
size_t tls_spoil(const struct conn *conn, char *bytes, size_t room);

#endif
