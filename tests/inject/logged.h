/* SPDX-License-Identifier: MIT */
/* What redial has said of a run in its log. */
#ifndef REDIAL_INJECT_LOGGED_H
#define REDIAL_INJECT_LOGGED_H

#include <stdbool.h>

/* Has it told of an attempt in that run, and of nothing that came of it? */
bool logged_without_end(const char *folder, int run);

/* All of it, for who looks at one run alone. */
void logged_tell(const char *folder);

#endif
