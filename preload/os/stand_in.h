/* SPDX-License-Identifier: MIT */
/* What stands in for a hooked call that this libc does not have, though it has been exported now.
 */
#ifndef REDIAL_STAND_IN_H
#define REDIAL_STAND_IN_H

#include <stdbool.h>

enum { STAND_IN_NAME_MAX = 40 };

/*
 * The name of the call that does the same, if there can be one: that without the 64 of systems on
 * which off_t was narrower, or fork for _Fork. musl 1.2.4 knows the former by no other way.
 */
bool stand_in_name(const char *name, char plain[STAND_IN_NAME_MAX]);

/* A function of ours that does it by a system call; NULL if there is none. */
void *stand_in(const char *name);

#endif
