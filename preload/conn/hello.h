/* SPDX-License-Identifier: MIT */
/*
 * What a TLS client says before its server has said anything: the first flight of a handshake. It
 * is held as a request is, until the first byte of the server ends redial's part in the connection.
 * Nothing of the program's own is in it, so it may be said again to a server that has gone without
 * a word. All functions are called with the connection locked.
 */
#ifndef REDIAL_CONN_HELLO_H
#define REDIAL_CONN_HELLO_H

#include "conn.h"

/* conn_request.method of a first flight; no set of methods has it. */
enum { CONN_HELLO = METHOD_COUNT };

/* Is a first flight all that went over the connection? */
static inline bool conn_is_hello(const struct conn *conn)
{
	return conn->request_count == 1 && conn->exchange->requests[0].method == CONN_HELLO;
}

/*
 * conn_record_piece for bytes that are not HTTP: records them if they begin a first flight, or go
 * on with one, and the policy asks for that. false if not: forget the connection.
 */
__attribute__((noinline)) bool conn_record_hello(struct conn *conn, const char *bytes, size_t len);

/* Of what a TLS client has sent first. */
enum hello {
	HELLO_PART,  /* more of a handshake record is to come */
	HELLO_WHOLE, /* handshake records, the first of which begins with a ClientHello */
	HELLO_NOT,   /* something else, or something else as well: early data */
};
enum hello conn_look_at_hello(const char *bytes, size_t len);

#endif
