/* SPDX-License-Identifier: MIT */
#include "alone.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../preload/os/sys.h"
#include "unit.h"

struct alone alone;

static void run_once(void (**handler)(void))
{
	void (*run)(void) = __atomic_exchange_n(handler, NULL, __ATOMIC_SEQ_CST);
	if (run)
		run();
}

static void exchange_comes(void)
{
	if (__atomic_load_n(&alone.interrupt_exchange, __ATOMIC_SEQ_CST) && alone.exchanges-- == 0)
		run_once(&alone.interrupt_exchange);
}

static long alone_call(long number, long a, long b, long c, long d, long e, long f)
{
	if (number == SYS_mmap) {
		__atomic_add_fetch(&alone.mappings, 1, __ATOMIC_SEQ_CST);
		if ((size_t)b > alone.longest)
			return -ENOMEM;
	}
	if (number == SYS_madvise) {
		__atomic_add_fetch(&alone.advices, 1, __ATOMIC_SEQ_CST);
		run_once(&alone.interrupt);
		if (alone.advice_error)
			return -alone.advice_error;
	}
	long result = sys_call(number, a, b, c, d, e, f);
	if (result >= 0 && number != SYS_madvise)
		__atomic_add_fetch(&alone.mapped,
				   number == SYS_mmap	  ? b
				   : number == SYS_munmap ? -b
							  : 0,
				   __ATOMIC_SEQ_CST);
	return result;
}

#define sys_call(...) alone_call(__VA_ARGS__)
#define __atomic_compare_exchange_n(...)                                                           \
	(exchange_comes(), __atomic_compare_exchange_n(__VA_ARGS__))
#include "../../preload/os/arena.c"
#include "../../preload/conn/table.c"
#undef __atomic_compare_exchange_n
#undef sys_call

void alone_begin(void)
{
	for (int i = 0; i < CHUNKS_MAX && chunks[i]; i++)
		munmap(base_of(chunks[i]), (size_t)1 << (chunks[i] & LOG2_MASK));
	memset(chunks, 0, sizeof(chunks));
	arena = NULL;
	memset(pauses, 0, sizeof(pauses));
	table = (struct table){NULL, 0, 0, 0};
	alone = (struct alone){.longest = SIZE_MAX};
}

long alone_known(void)
{
	long sum = 0;
	for (int i = 0; i < CHUNKS_MAX && chunks[i]; i++)
		sum += 1L << (chunks[i] & LOG2_MASK);
	return sum;
}

void alone_in_child(void (*run)(void))
{
	int status = -1;
	pid_t child = fork();
	if (child == 0) {
		unsigned before = CU_get_number_of_failures();
		run();
		_exit(CU_get_number_of_failures() != before);
	}
	waitpid(child, &status, 0);
	runner_expect_long("how the child ended", 0, status);
}

void alone_in_threads(int count, void *(*run)(void *number))
{
	pthread_t threads[count];
	for (intptr_t i = 0; i < count; i++)
		CU_ASSERT_FATAL(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

char **objects;

void alone_begin_with(size_t count)
{
	alone_begin();
	free(objects);
	objects = calloc(count, sizeof(*objects));
	CU_ASSERT_PTR_NOT_NULL_FATAL(objects);
}

char *alone_take_one(int class)
{
	return class == CONN	   ? arena_take_conn()
	       : class == EXCHANGE ? arena_take_exchange()
				   : arena_take(class);
}

void alone_give(char *object, int class)
{
	if (class == CONN)
		arena_give_conn(object);
	else if (class == EXCHANGE)
		arena_give_exchange(object);
	else
		arena_give(object, class);
}

size_t alone_usable(int class)
{
	return class == CONN	   ? ARENA_CONN
	       : class == EXCHANGE ? ARENA_EXCHANGE
				   : arena_usable(class);
}

void alone_fill(char *object, int class, int byte)
{
	memset(object + ARENAS, byte, alone_usable(class) - ARENAS);
}

long alone_take(size_t first, size_t count, int class)
{
	long taken = 0;
	for (size_t i = first; i < first + count; i++)
		taken += (objects[i] = alone_take_one(class)) != NULL;
	return taken;
}

void expect_mapped_at_most(long limit)
{
	runner_expect_long("mapped and known", alone.mapped, alone_known());
	if (alone.mapped > limit)
		runner_expect_long("mapped, at most", limit, alone.mapped);
}

static int by_address(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	return (x > y) - (x < y);
}

int expect_apart(size_t count, size_t len)
{
	qsort(objects, count, sizeof(*objects), by_address);
	for (size_t i = 0; i < count; i++) {
		bool apart = i == 0 || objects[i] >= objects[i - 1] + len;
		if (!objects[i] || !apart || (uintptr_t)objects[i] % 32)
			return runner_expect_long("an object by itself, one of", 0, (long)i);
	}
	return 1;
}
