/* SPDX-License-Identifier: MIT */
/* A line for everything that happens, when a run is made again to be read. */
#ifndef SCHEDULE_TRACE_H
#define SCHEDULE_TRACE_H

#include <stdint.h>

#include "world.h"

#define trace(...)                                                                                 \
	do {                                                                                       \
		if (__builtin_expect(world.tracing, 0))                                            \
			trace_line(__VA_ARGS__);                                                   \
	} while (0)

void trace_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes as they can be read, the first few of them; in one of a few static buffers. */
const char *trace_bytes(const void *bytes, size_t len);

const char *trace_result(long result);

#endif
