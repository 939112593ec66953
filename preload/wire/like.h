/* SPDX-License-Identifier: MIT */
/* A socket like another one: the options that it has, and the address that it is bound to. */
#ifndef REDIAL_WIRE_LIKE_H
#define REDIAL_WIRE_LIKE_H

#include <stdbool.h>

/*
 * A new, non-blocking, close-on-exec stream socket of this family, that of `like`, with those of
 * the options set on it that a handshake depends on, bound to the same local address if `bound`.
 * Returns the descriptor, or a negative errno.
 */
int wire_socket_like(int like, int family, bool bound);

/* Copies the other options: can wait until the request is out and the peer at work on it. */
void wire_copy_options(int from, int to);

#endif
