/* SPDX-License-Identifier: MIT */
/* The calls that a simulated program makes: libc's as they are bare, and the preload's. */
#ifndef SCHEDULE_LIBC_H
#define SCHEDULE_LIBC_H

#include "../../preload/os/real.h"

/* sim_send and so on, and preload_send and so on, of each hooked call. */
#define X(result, name, parameters, ...)                                                           \
	result sim_##name parameters;                                                              \
	result preload_##name parameters;
#include "../../preload/hooks/symbols.def"
#undef X

#endif
