/* SPDX-License-Identifier: MIT */
/* TLS, of which only the records can be seen: RFC 8446 section 5.1. */
#ifndef REDIAL_REHEARSE_SECURED_H
#define REDIAL_REHEARSE_SECURED_H

#include <stddef.h>

#include "seat.h"

/* Do these bytes begin a connection with TLS? If so the seat is one of it, or is left alone. */
bool secured_begins(struct seat *seat, const char *bytes, size_t len);

/* A write of these bytes. true: a fault was made. */
bool secured_writes(struct seat *seat, int fd, const char *bytes, size_t len);

/* Something was read. */
void secured_reads(struct seat *seat);

#endif
