/* SPDX-License-Identifier: MIT */
/* Memory that goes while it is being asked for, or while somebody else looks something up. */
#include "unit.h"

#include <stddef.h>
#include <sys/mman.h>

/* A copy of the code of its own, in which something happens in the middle. */
#define memory_until	  race_until
#define memory_break	  race_break
#define memory_heap_top	  race_heap_top
#define memory_recent	  race_recent
#define memory_generation race_generation
#define memory_watched	  race_watched
#define memory_ask	  race_ask
#define memory_gone	  race_gone
#define memory_forget	  race_forget
#define region_find	  race_find
#include "../../preload/os/memory.c"
#undef region_find

void region_find(struct region_search *search, uintptr_t at, uintptr_t own_stack);

static char pages[3 * PAGE] __attribute__((aligned(PAGE)));
static void (*meanwhile)(void);

void race_find(struct region_search *search, uintptr_t at, uintptr_t own_stack)
{
	void (*run)(void) = meanwhile;
	meanwhile = NULL;
	region_find(search, at, own_stack);
	if (run)
		run();
}

static void protect_first(void)
{
	mprotect(pages, PAGE, PROT_NONE);
	race_gone(pages, PAGE);
}

static void restore(void)
{
	mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
	race_forget();
}

static void what_goes_while_it_is_asked_for_stays_unknown(void)
{
	CU_ASSERT(memory_is_known(pages, sizeof(pages)));
	race_forget();
	meanwhile = protect_first;
	CU_ASSERT_FALSE(memory_is_known(pages, sizeof(pages)));
	CU_ASSERT_FALSE(memory_is_known(pages, 1));
	restore();
	CU_ASSERT(memory_is_known(pages, sizeof(pages)));
}

/* As a handler does that has interrupted the thread inside. */
static void what_goes_while_nobody_can_note_it_makes_all_unknown(void)
{
	CU_ASSERT(memory_is_known(pages, sizeof(pages)));
	CU_ASSERT(memory_is_known(pages + PAGE, 1));
	CU_ASSERT(enter(0));
	CU_ASSERT_FALSE(race_ask(pages + 2 * PAGE, 1));
	protect_first();
	CU_ASSERT_FALSE(memory_is_known(pages, 1));
	leave();
	CU_ASSERT_FALSE(memory_is_known(pages, 1));
	CU_ASSERT_FALSE(memory_is_known(pages, PAGE + 1));
	restore();
	CU_ASSERT(memory_is_known(pages, sizeof(pages)));
}

static void what_was_known_of_a_place_is_void_once_anything_goes(void)
{
	CU_ASSERT(memory_is_known(pages, 1));
	memory_recent = (uintptr_t)pages;
	race_gone(pages + PAGE, 1);
	runner_expect_long("recent", MEMORY_NOWHERE, (long)memory_recent);
	CU_ASSERT_FALSE(memory_until[(uintptr_t)pages / PAGE % MEMORY_SLOTS] > (uintptr_t)pages &&
			memory_until[(uintptr_t)pages / PAGE % MEMORY_SLOTS] <
			    (uintptr_t)pages + MEMORY_REACH);
	CU_ASSERT(memory_is_known(pages, PAGE));
	CU_ASSERT(memory_is_known(pages + 2 * PAGE, PAGE));
	restore();
}

static const struct runner_test tests[] = {
    TEST(what_goes_while_it_is_asked_for_stays_unknown),
    TEST(what_goes_while_nobody_can_note_it_makes_all_unknown),
    TEST(what_was_known_of_a_place_is_void_once_anything_goes),
    TEST_END,
};

void suite_memory_race(void)
{
	runner_suite("memory_race", tests);
}
