/* SPDX-License-Identifier: MIT */
/* The few memory and text helpers that the library needs and may not take from a libc. */
#ifndef REDIAL_OS_MEM_H
#define REDIAL_OS_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* As in C; ours, because compilers emit calls to them and a libc's are not ours to reference. */
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);

/* The length of text, at most max. */
size_t text_len(const char *text, size_t max);

bool text_equal(const char *a, const char *b);

/* If text starts with prefix, what follows it; else NULL. */
const char *text_after(const char *text, const char *prefix);

#endif
