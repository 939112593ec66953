/* SPDX-License-Identifier: MIT */
/*
 * What every process pays for as it starts lies together: each 64 KiB of a file that is touched
 * first is a page fault, which maps what lies around (mm/memory.c, fault_around_bytes), and each
 * page that is written is a copy.
 */
#ifndef REDIAL_OS_START_H
#define REDIAL_OS_START_H

/* Of a function: beside the constructor, at the beginning of the code. */
#define AT_START __attribute__((section(".text.startup")))

/*
 * Of a variable that is written then, or holds an address, which the loader writes: beside what
 * else it writes, in one page if that is large enough (layout.ld).
 */
#define SET_AT_START __attribute__((section(".data.start")))

/*
 * Of a variable that nearly every call reads and hardly any writes: in one line of the cache with
 * the others, and apart from what calls write, which would take it from other processors.
 */
#define READ_OFTEN __attribute__((section(".data.often")))

#endif
