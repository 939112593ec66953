/* SPDX-License-Identifier: MIT */
/* Which memory of this process is taken to be readable. */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../preload/os/memory.h"

enum { PAGE = 4096 };

static const char constant[PAGE] = "constant";
static char variable[3 * PAGE] = "variable";
static char zero[3 * PAGE];

/* With a page on either side that keeps them apart from what the kernel would join them with. */
static char *pages(size_t count, int prot)
{
	char *at = mmap(NULL, (count + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(at != MAP_FAILED);
	CU_ASSERT_FATAL(!mprotect(at + PAGE, count * PAGE, prot));
	return at + PAGE;
}

/* As the hooks do. */
static void let_go(char *at, size_t len)
{
	munmap(at, len);
	memory_gone(at, len);
}

static void protect(char *at, size_t len, int prot)
{
	mprotect(at, len, prot);
	if (!(prot & PROT_READ))
		memory_gone(at, len);
}

static bool is_known_after(const void *at, size_t len, int asks)
{
	while (asks--) {
		if (memory_is_known(at, len))
			return true;
	}
	return false;
}

/* Loose memory is after 8 asks, what was asked for in vain before after many more. */
static bool gets_known(const void *at, size_t len)
{
	return is_known_after(at, len, 30);
}

static bool becomes_known(const void *at, size_t len)
{
	return is_known_after(at, len, 600);
}

static void what_every_program_has_is_known_when_it_is_first_asked_for(void)
{
	char here[100] = "";
	char *small = calloc(1, 100);
	memory_forget();
	CU_ASSERT(memory_is_known(here, sizeof(here)));
	CU_ASSERT(memory_is_known(small, 100));
	CU_ASSERT(memory_is_known(constant, sizeof(constant)));
	CU_ASSERT(memory_is_known(variable, sizeof(variable)));
	CU_ASSERT(memory_is_known(zero + PAGE, 1));
	free(small);
}

static void what_is_no_memory_is_never_known(void)
{
	static const uintptr_t places[] = {0, 1, 8, PAGE, 0x3ff000, 0x7ffffffff000, UINTPTR_MAX};
	char here = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		CU_ASSERT_FALSE(gets_known((const void *)places[i], 1));
		CU_ASSERT_FALSE(gets_known((const void *)places[i], SIZE_MAX));
	}
	CU_ASSERT(memory_is_known(&here, 1));
	CU_ASSERT_FALSE(gets_known(&here, SIZE_MAX));
	CU_ASSERT_FALSE(gets_known(&here, SIZE_MAX - (uintptr_t)&here));
	CU_ASSERT_FALSE(gets_known(&here, (size_t)1 << 40));
}

/* Without a system call, from now on. */
static bool is_settled(const char *at)
{
	size_t slot = (uintptr_t)at / PAGE % MEMORY_SLOTS;
	return memory_until[slot] > (uintptr_t)at &&
	       memory_until[slot] - (uintptr_t)at <= MEMORY_REACH;
}

static void anonymous_memory_is_known_once_it_was_handed_over_often(void)
{
	char *at = pages(3, PROT_READ | PROT_WRITE);
	CU_ASSERT(memory_is_known(at + PAGE, 10));
	CU_ASSERT_FALSE(is_settled(at + PAGE));
	munmap(at, 3 * PAGE); /* as in free, where no hook sees it */
	CU_ASSERT_FALSE(memory_is_known(at + PAGE, 10));
	memory_gone(at, 3 * PAGE);
	at = pages(3, PROT_READ | PROT_WRITE);
	for (int asks = 0; asks < 600 && !is_settled(at + PAGE); asks++)
		CU_ASSERT(memory_is_known(at + PAGE, 10));
	CU_ASSERT(is_settled(at + PAGE));
	CU_ASSERT(memory_is_known(at, 3 * PAGE));
	let_go(at, 3 * PAGE);
	CU_ASSERT_FALSE(gets_known(at + PAGE, 10));
	CU_ASSERT_FALSE(gets_known(at, 1));
}

static void known_memory_ends_where_it_does(void)
{
	char *at = pages(4, PROT_READ);
	protect(at + 2 * PAGE, 2 * PAGE, PROT_NONE);
	CU_ASSERT(becomes_known(at, 2 * PAGE));
	CU_ASSERT(memory_is_known(at + 2 * PAGE - 1, 1));
	CU_ASSERT_FALSE(gets_known(at + 2 * PAGE - 1, 2));
	CU_ASSERT_FALSE(gets_known(at, 2 * PAGE + 1));
	CU_ASSERT_FALSE(gets_known(at + 2 * PAGE, 1));
	let_go(at, 4 * PAGE);
}

static void hole_leaves_what_is_around_it(void)
{
	char *at = pages(5, PROT_READ);
	CU_ASSERT(becomes_known(at, 5 * PAGE));
	protect(at + 2 * PAGE, PAGE, PROT_NONE);
	CU_ASSERT(memory_is_known(at, 2 * PAGE));
	CU_ASSERT_FALSE(gets_known(at + 2 * PAGE, 1));
	CU_ASSERT_FALSE(gets_known(at, 2 * PAGE + 1));
	CU_ASSERT(memory_is_known(at + 3 * PAGE, 2 * PAGE));
	protect(at + 2 * PAGE, PAGE, PROT_READ);
	CU_ASSERT(becomes_known(at, 5 * PAGE));
	let_go(at, 5 * PAGE);
}

static void page_is_not_taken_for_another_on_the_same_slot(void)
{
	enum { PERIOD = MEMORY_SLOTS << MEMORY_PAGE_LOG2 };
	char *at = pages(4 * MEMORY_SLOTS, PROT_READ);
	CU_ASSERT(becomes_known(at, 4 * PERIOD));
	/* Each of these fills the slot, which says how far the memory goes. */
	CU_ASSERT(memory_is_known(at + 2 * PERIOD, 1));
	let_go(at, PERIOD);
	let_go(at + 3 * PERIOD, PERIOD);
	CU_ASSERT(memory_is_known(at + 2 * PERIOD, 1));
	CU_ASSERT(memory_is_known(at + PERIOD, 2 * PERIOD));
	CU_ASSERT(memory_is_known(at + 2 * PERIOD, PERIOD));
	for (size_t len = 1; len <= PERIOD; len *= 2) {
		CU_ASSERT_FALSE(memory_is_known(at, len));
		CU_ASSERT_FALSE(memory_is_known(at + 3 * PERIOD, len));
		CU_ASSERT_FALSE(memory_is_known(at + PERIOD - 1, len + 1));
		CU_ASSERT_FALSE(memory_is_known(at + 3 * PERIOD - len, len + 1));
		CU_ASSERT(memory_is_known(at + 3 * PERIOD - len, len));
	}
	let_go(at + PERIOD, 2 * PERIOD);
}

static void heap_is_known_as_far_as_it_goes_at_the_time(void)
{
	enum { MORE = 64 * PAGE };
	char *first = sbrk(PAGE);
	CU_ASSERT_FATAL(first != (void *)-1);
	CU_ASSERT(becomes_known(first, PAGE));
	char *top = sbrk(MORE);
	CU_ASSERT_FATAL(top != (void *)-1);
	CU_ASSERT(memory_is_known(top, MORE));
	CU_ASSERT(memory_is_known(top + MORE - 10, 10));
	CU_ASSERT_FATAL(sbrk(-MORE) != (void *)-1);
	CU_ASSERT_FALSE(gets_known(top + MORE - 10, 10));
	CU_ASSERT_FALSE(gets_known(top + PAGE, 10));
	CU_ASSERT(memory_is_known(first, PAGE));
	sbrk(-PAGE);
}

static void protected_page_of_the_heap_is_not_known(void)
{
	char *block = aligned_alloc(PAGE, 5 * PAGE);
	CU_ASSERT_FATAL(block != NULL);
	CU_ASSERT(becomes_known(block, 5 * PAGE));
	protect(block + 2 * PAGE, PAGE, PROT_NONE);
	CU_ASSERT_FALSE(gets_known(block + 2 * PAGE, 1));
	CU_ASSERT_FALSE(gets_known(block, 5 * PAGE));
	CU_ASSERT(becomes_known(block, 2 * PAGE));
	CU_ASSERT(becomes_known(block + 3 * PAGE, 2 * PAGE));
	protect(block + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	CU_ASSERT(becomes_known(block + 2 * PAGE, 1));
	free(block);
}

static void file_is_never_known(void)
{
	int file = memfd_create("test", MFD_CLOEXEC);
	CU_ASSERT_FATAL(file >= 0 && ftruncate(file, 2 * PAGE) == 0);
	char *shared = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	char *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	private[0] = 1;
	CU_ASSERT_FALSE(gets_known(shared, 1));
	CU_ASSERT_FALSE(gets_known(private, 1));
	let_go(shared, 2 * PAGE);
	let_go(private, 2 * PAGE);
	close(file);
}

static void file_in_the_place_of_known_memory_is_not(void)
{
	int file = memfd_create("test", MFD_CLOEXEC);
	char *at = pages(1, PROT_READ);
	CU_ASSERT_FATAL(file >= 0 && ftruncate(file, PAGE) == 0);
	CU_ASSERT(becomes_known(at, PAGE));
	CU_ASSERT(mmap(at, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) == at);
	memory_gone(at, PAGE);
	CU_ASSERT_FALSE(gets_known(at, 1));
	let_go(at, PAGE);
	close(file);
}

static void more_ranges_than_there_is_room_for_are_learnt_again(void)
{
	enum { COUNT = 100 };
	char *at = pages(2 * COUNT, PROT_NONE);
	for (int i = 0; i < COUNT; i++)
		protect(at + 2 * i * PAGE, PAGE, PROT_READ);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COUNT; i++) {
			bool known = false;
			for (int asks = 0; asks < 40000 && !known; asks++)
				known = memory_is_known(at + 2 * i * PAGE, PAGE);
			CU_ASSERT(known);
			CU_ASSERT_FALSE(memory_is_known(at + 2 * i * PAGE, PAGE + 1));
		}
	}
	let_go(at, 2 * COUNT * PAGE);
}

static char *shared_page;
static int over;

static void *ask_again_and_again(void *arg)
{
	char here[10];
	(void)arg;
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		memory_is_known(shared_page, 10);
		memory_is_known(here, sizeof(here));
		memory_is_known(variable + PAGE, 10);
	}
	return NULL;
}

/* What one thread has let go of no other one brings back. */
static void what_has_gone_stays_unknown_whoever_asks_meanwhile(void)
{
	enum { THREADS = 3, ROUNDS = 300 };
	pthread_t threads[THREADS];
	shared_page = pages(1, PROT_READ);
	over = 0;
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, ask_again_and_again, NULL);
	int wrong = 0;
	for (int i = 0; i < ROUNDS; i++) {
		for (int asks = 0; asks < 20; asks++)
			memory_is_known(shared_page, 10);
		protect(shared_page, PAGE, PROT_NONE);
		wrong += memory_is_known(shared_page, 10);
		protect(shared_page, PAGE, PROT_READ);
	}
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	runner_expect_long("known though it had gone", 0, wrong);
	let_go(shared_page, PAGE);
}

static const struct runner_test tests[] = {
    TEST(what_every_program_has_is_known_when_it_is_first_asked_for),
    TEST(what_is_no_memory_is_never_known),
    TEST(anonymous_memory_is_known_once_it_was_handed_over_often),
    TEST(known_memory_ends_where_it_does),
    TEST(hole_leaves_what_is_around_it),
    TEST(page_is_not_taken_for_another_on_the_same_slot),
    TEST(heap_is_known_as_far_as_it_goes_at_the_time),
    TEST(protected_page_of_the_heap_is_not_known),
    TEST(file_is_never_known),
    TEST(file_in_the_place_of_known_memory_is_not),
    TEST(more_ranges_than_there_is_room_for_are_learnt_again),
    TEST(what_has_gone_stays_unknown_whoever_asks_meanwhile),
    TEST_END,
};

void suite_memory(void)
{
	runner_suite("memory", tests);
}
