/* SPDX-License-Identifier: MIT */
/* What libconfig would take in silence, though it is not what the file's author meant. */
#ifndef REDIAL_LOAD_SCAN_H
#define REDIAL_LOAD_SCAN_H

#include <stddef.h>

#include "load.h"

/*
 * Looks through the len bytes of text, text[len] being NUL. Returns 0, or -1 with *error filled
 * if there is nothing in it, a NUL byte, a comment or text that is never closed, an @include, or a
 * whole number beyond 31 bits.
 */
int load_scan(const char *text, size_t len, struct load_error *error);

#endif
