/* SPDX-License-Identifier: MIT */
/*
 * The calls on the socket of a session whose bytes the program carries itself (tls/memory.h): while
 * a rescue has the connection they take it on, with the session, of which this thread is made sure
 * (tls_memory_enter). Both are called with the lock and leave without.
 */
#ifndef REDIAL_CALLS_SECURED_MEMORY_H
#define REDIAL_CALLS_SECURED_MEMORY_H

#include "reading.h"
#include "sending.h"

/* A read goes on with it as far as it may. */
enum attended secured_drive(struct reading *r);

/* A write has begun it: its bytes are in the copy, and the program's reads go on with it. */
enum sent secured_set_out(struct sending *s);

#endif
