/* SPDX-License-Identifier: MIT */
/*
 * mallocs PORT PATH COUNT: a program that itself allocates nothing makes COUNT exchanges on one
 * connection. Prints how often malloc and its kin were called meanwhile, by whomever: ours come
 * first in the order of symbols, before libc's.
 */
#include <stdalign.h>

#include "bench.h"

static alignas(16) char pool[8 << 20];
static size_t used;
static unsigned calls;

static void *take(size_t size)
{
	size_t at = __atomic_fetch_add(&used, (size + 31) & ~(size_t)15, __ATOMIC_RELAXED);

	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (at + size + 16 > sizeof(pool))
		return NULL;
	memcpy(pool + at, &size, sizeof(size));
	return pool + at + 16;
}

void *malloc(size_t size)
{
	return take(size);
}

void free(void *memory)
{
	if (memory)
		__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}

/* Never given out twice, so it is still zero. */
void *calloc(size_t count, size_t size)
{
	return take(count * size);
}

void *realloc(void *memory, size_t size)
{
	void *moved = take(size);
	size_t had = 0;

	if (memory)
		memcpy(&had, (char *)memory - 16, sizeof(had));
	if (moved && had)
		memcpy(moved, memory, had < size ? had : size);
	return moved;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	struct message request;
	unsigned before;
	int count, fd;

	if (argc != 4)
		return 2;
	addr = loopback(argv[1]);
	request = make_request("GET", argv[2]);
	count = atoi(argv[3]);
	before = calls;
	fd = dial(&addr);
	for (int i = 0; i < count; i++) {
		if (exchange(fd, &request) < 0)
			die("exchange");
	}
	close(fd);
	printf("%u\n", calls - before);
	return 0;
}
