/* SPDX-License-Identifier: MIT */
/* Random numbers for the waits between attempts, which must differ between processes. */
#ifndef REDIAL_OS_JITTER_H
#define REDIAL_OS_JITTER_H

#include <stdint.h>

/* 32 bits that nobody need guess; salt: whatever tells this call from another one. */
uint32_t jitter_bits(uint64_t salt);

#endif
