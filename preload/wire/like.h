/* SPDX-License-Identifier: MIT */
/* A socket like another one: the options that it has, and the address that it is bound to. */
#ifndef REDIAL_WIRE_LIKE_H
#define REDIAL_WIRE_LIKE_H

#include <errno.h>
#include <stdbool.h>

#include "notes.h"

/* What the two below return where an option that the old socket has cannot be set. */
#define WIRE_UNLIKE (-ENOPROTOOPT)

/*
 * A new, non-blocking, close-on-exec stream socket of this family, that of `like`, with those of
 * its options that come before connect, bound to the same local address if `bound`. Returns the
 * descriptor, or a negative errno.
 */
int wire_socket_like(int like, int family, bool bound, const struct wire_notes *notes);

/*
 * Gives it the others, which can wait until the request is out and the peer at work on it. Returns
 * 0 or a negative errno.
 */
int wire_finish_like(int like, int fd, int family, const struct wire_notes *notes);

/*
 * Sets one more of a socket that is connecting already, or has been; or only if it is one that
 * cannot wait for the above. Return 0 or a negative errno.
 */
int wire_set(int fd, const struct wire_note *note);
int wire_set_early(int fd, const struct wire_note *note);

#endif
