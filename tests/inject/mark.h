/* SPDX-License-Identifier: MIT */
/* How the client tells the tracer where its calls are to be counted from, and to: getpgid(MARK). */
#ifndef REDIAL_INJECT_MARK_H
#define REDIAL_INJECT_MARK_H

enum { MARK = 0x7ed1a1 };

#endif
