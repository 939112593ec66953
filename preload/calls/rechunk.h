/* SPDX-License-Identifier: MIT */
/* A body in chunks goes on with an answer that is not in chunks (rescue/resume.h). */
#ifndef REDIAL_CALLS_RECHUNK_H
#define REDIAL_CALLS_RECHUNK_H

#include "reading.h"

/*
 * conn->rescue->framing: gives the program what comes, in the frames that it expects, as much as
 * there is room for; or begins anew if that has broken off as well. Called with the lock, leaves
 * without.
 */
enum attended rechunk_give(struct reading *r);

#endif
