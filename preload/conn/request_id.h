/* SPDX-License-Identifier: MIT */
/* add_request_id: where a request's id goes, and what it is. */
#ifndef REDIAL_CONN_REQUEST_ID_H
#define REDIAL_CONN_REQUEST_ID_H

#include "conn.h"

enum { REQUEST_ID_DIGITS = 32, REQUEST_ID_MAX = POLICY_HEADER_MAX + REQUEST_ID_DIGITS + 4 };

/*
 * Pure: how long the request line is that the bytes begin with, its CRLF included, if they hold a
 * whole head; else 0. *head_len is the head's length.
 */
size_t request_id_place(const char *bytes, size_t len, size_t *head_len);

/* 32 hexadecimal digits that no other request of this host's processes has. */
void request_id_make(uint64_t cookie, char digits[REQUEST_ID_DIGITS]);

/*
 * Where the request that begins with these bytes, on a connection that has no other half written,
 * is to have an id; 0 for nowhere: its rule wants none, its head is not all here, or has one.
 */
size_t request_id_wanted_at(const struct conn *conn, const char *bytes, size_t len);

/* The header, its line's end included. Returns its length. */
size_t request_id_header(uint64_t cookie, char header[REQUEST_ID_MAX]);

#endif
