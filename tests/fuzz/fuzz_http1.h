/* SPDX-License-Identifier: MIT */
#ifndef REDIAL_FUZZ_HTTP1_H
#define REDIAL_FUZZ_HTTP1_H

#include <stddef.h>
#include <stdint.h>

/* Feeds so many mutated messages; returns how many read differently in pieces than whole. */
long fuzz_http1_run(uint64_t seed, long count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
