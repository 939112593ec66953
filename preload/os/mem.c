/* SPDX-License-Identifier: MIT */
#include "mem.h"

#include "start.h"

#include <stdint.h>

/* Sixteen bytes at any address; may_alias because they are pieces of anything. */
typedef uint64_t block __attribute__((vector_size(16), aligned(1), may_alias));

AT_START void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	char *t = to;
	const char *f = from;
	if (len < sizeof(block)) {
		while (len--) {
			*t++ = *f++;
			__asm__("" : : : "memory"); /* or the compiler makes it a call of memcpy */
		}
		return to;
	}
	/* The last blocks may lap over those before. */
	const block *from_end = (const block *)(f + len);
	block *end = (block *)(t + len);
	const block last = from_end[-1];
	if (len >= 2 * sizeof(block)) {
		const block third = from_end[-2];
		if (len >= 4 * sizeof(block)) {
			const block first = from_end[-4], second = from_end[-3];
			for (; t < (char *)(end - 4); t += 4 * sizeof(block)) {
				const block *from_here = (const block *)f;
				block *to_here = (block *)t;
				to_here[0] = from_here[0];
				to_here[1] = from_here[1];
				to_here[2] = from_here[2];
				to_here[3] = from_here[3];
				f += 4 * sizeof(block);
			}
			end[-4] = first;
			end[-3] = second;
			end[-2] = third;
			end[-1] = last;
			return to;
		}
		((block *)t)[1] = ((const block *)f)[1];
		end[-2] = third;
	}
	*(block *)t = *(const block *)f;
	end[-1] = last;
	return to;
}

AT_START void *memmove(void *to, const void *from, size_t len)
{
	char *t = to;
	const char *f = from;
	if ((uintptr_t)t - (uintptr_t)f >= len && (uintptr_t)f - (uintptr_t)t >= len)
		return memcpy(to, from, len);
	for (size_t i = 0; i < len; i++) {
		size_t at = t < f ? i : len - 1 - i;
		t[at] = f[at];
		__asm__("" : : : "memory");
	}
	return to;
}

AT_START void *memset(void *to, int byte, size_t len)
{
	char *t = to;
	uint64_t word = UINT64_C(0x0101010101010101) * (unsigned char)byte;
	const block all = {word, word};
	while (len >= sizeof(block)) {
		*(block *)t = all;
		t += sizeof(block);
		len -= sizeof(block);
	}
	while (len--) {
		*t++ = (char)byte;
		__asm__("" : : : "memory");
	}
	return to;
}

AT_START int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a;
	const unsigned char *y = b;
	for (; len; len--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

AT_START size_t text_len(const char *text, size_t max)
{
	size_t len = 0;
	while (len < max && text[len])
		len++;
	return len;
}

AT_START bool text_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

AT_START const char *text_after(const char *text, const char *prefix)
{
	while (*prefix) {
		if (*text++ != *prefix++)
			return NULL;
	}
	return text;
}
