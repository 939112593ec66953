/* SPDX-License-Identifier: MIT */
/*
 * The usual read and the usual write on a connection that TLS goes over: a quick call of its
 * session's (tls/quick.h) makes them. All else is read.c's and write.c's.
 */
#ifndef REDIAL_CALLS_SECURED_PIECE_H
#define REDIAL_CALLS_SECURED_PIECE_H

#include "read.h"
#include "write.h"

/* As call_read_piece, call_recv_piece, call_write_piece and call_send_piece. */
__attribute__((noinline)) ssize_t secured_read_piece(struct conn *conn, int fd, void *buf,
						     size_t len, read_function *real_read);
__attribute__((noinline)) ssize_t secured_recv_piece(struct conn *conn, int fd, void *buf,
						     size_t len, int flags,
						     read_function *real_recv);
__attribute__((noinline)) ssize_t secured_write_piece(struct conn *conn, int fd, const void *bytes,
						      size_t len, write_function *plain_write);
__attribute__((noinline)) ssize_t secured_send_piece(struct conn *conn, int fd, const void *bytes,
						     size_t len, int flags,
						     write_function *plain_send);

#endif
