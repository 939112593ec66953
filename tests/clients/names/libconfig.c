/* SPDX-License-Identifier: MIT */
/*
 * To be linked into a program: functions of its own that bear names of libconfig's, as lighttpd has
 * some, and with -DOWN_MALLOC an allocator of its own as well.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void config_init(void)
{
	abort();
}

void config_setting_get_elem(void)
{
	abort();
}

void strbuf_append(void)
{
	abort();
}

#ifdef OWN_MALLOC
static _Alignas(16) char heap[1 << 24];
static size_t used;

void *malloc(size_t size)
{
	size_t *at = (size_t *)(heap + used);
	size_t needed = (size + 31) & ~(size_t)15;
	if (needed > sizeof(heap) - used)
		return NULL;
	used += needed;
	*at = size;
	return at + 2;
}

void free(void *memory)
{
	if (memory && ((char *)memory < heap || (char *)memory >= heap + sizeof(heap)))
		abort();
}

void *calloc(size_t count, size_t size)
{
	return malloc(count * size); /* none of it is ever given out again */
}

void *realloc(void *memory, size_t size)
{
	void *larger = malloc(size);
	size_t had = memory ? ((size_t *)memory)[-2] : 0;
	if (larger && had)
		memcpy(larger, memory, had < size ? had : size);
	return larger;
}
#endif
