/* SPDX-License-Identifier: MIT */
/* What /proc/self/maps says of a piece of memory. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../preload/os/region.h"

static const char text[] =
    "555555554000-555555558000 r--p 00000000 08:01 1234   /usr/bin/program\n"
    "555555558000-555555570000 r-xp 00004000 08:01 1234   /usr/bin/program\n"
    "555555570000-555555578000 r--p 0001c000 08:01 1234   /usr/bin/program\n"
    "555555578000-55555557a000 rw-p 00024000 08:01 1234   /usr/bin/program\n"
    "55555557a000-55555557b000 rw-p 00000000 00:00 0 \n"
    "55555559c000-5555555bd000 rw-p 00000000 00:00 0      [heap]\n"
    "7fff00000000-7fff00021000 rw-p 00000000 00:00 0 \n"
    "7fff00021000-7fff04000000 ---p 00000000 00:00 0 \n"
    "7fff10001000-7fff10003000 rw-p 00000000 00:00 0 \n"
    "7fff10003000-7fff10004000 ---p 00000000 00:00 0 \n"
    "7fff10004000-7fff10804000 rw-p 00000000 00:00 0 \n"
    "7fff20000000-7fff20004000 r--p 00000000 08:01 777    /srv/data file\n"
    "7fff20004000-7fff20008000 rw-p 00004000 08:01 777    /srv/data file\n"
    "7fff20008000-7fff20009000 rw-p 00000000 00:00 0 \n"
    "7fff20010000-7fff20014000 r--s 00000000 08:01 778    /usr/lib/mapped.so\n"
    "7fff20014000-7fff20018000 r-xp 00004000 08:01 779    /usr/lib/libone.so\n"
    "7fff20018000-7fff2001c000 r--p 00008000 08:01 779    /usr/lib/libone.so\n"
    "7fff2001c000-7fff20020000 r--p 00000000 08:02 779    /usr/lib/of another device\n"
    "7fff20030000-7fff20034000 rw-p 00000000 00:01 55     /memfd:code (deleted)\n"
    "7fff20034000-7fff20038000 r-xp 00000000 00:01 55     /memfd:code (deleted)\n"
    "7fff20040000-7fff20044000 rw-s 00000000 00:01 56     /dev/zero (deleted)\n"
    "7fff20050000-7fff20054000 rw-p 00000000 00:00 0      [anon:named]\n"
    "7fff20060000-7fff20062000 r-xp 00000000 00:00 0      [vdso]\n"
    "7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0      [stack]\n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n";

/* The caller runs on the thread's stack at 7fff10004000. */
enum { OWN_STACK = 0x10800000 };
static const uintptr_t own_stack = 0x7fff00000000 + OWN_STACK;

static const struct {
	const char *what;
	uintptr_t at;
	enum region_kind kind;
	uintptr_t start, end;
} cases[] = {
    {"nothing, at its very start", 0, REGION_NONE, 0, 0},
    {"the program's first page", 0x555555554000, REGION_PLAIN, 0x555555554000, 0x555555558000},
    {"its constants", 0x555555571234, REGION_PLAIN, 0x555555570000, 0x555555578000},
    {"its data", 0x555555579fff, REGION_PLAIN, 0x555555578000, 0x55555557a000},
    {"what is behind its data", 0x55555557a000, REGION_PLAIN, 0x55555557a000, 0x55555557b000},
    {"a hole", 0x55555557b000, REGION_NONE, 0, 0},
    {"the heap", 0x55555559c010, REGION_HEAP, 0x55555559c000, 0x5555555bd000},
    {"an arena of malloc's", 0x7fff00000010, REGION_PLAIN, 0x7fff00000000, 0x7fff00021000},
    {"what it has not used yet", 0x7fff00021000, REGION_NONE, 0x7fff00021000, 0x7fff04000000},
    {"anonymous memory", 0x7fff10002fff, REGION_LOOSE, 0x7fff10001000, 0x7fff10003000},
    {"a guard page", 0x7fff10003000, REGION_NONE, 0x7fff10003000, 0x7fff10004000},
    {"the stack of this thread", 0x7fff10004000, REGION_PLAIN, 0x7fff10004000, 0x7fff10804000},
    {"a file", 0x7fff20000000, REGION_FILE, 0x7fff20000000, 0x7fff20004000},
    {"a private copy of a file", 0x7fff20004000, REGION_FILE, 0x7fff20004000, 0x7fff20008000},
    {"what is behind a file", 0x7fff20008000, REGION_LOOSE, 0x7fff20008000, 0x7fff20009000},
    {"a library as a file", 0x7fff20010000, REGION_FILE, 0x7fff20010000, 0x7fff20014000},
    {"a library", 0x7fff20018000, REGION_PLAIN, 0x7fff20018000, 0x7fff2001c000},
    {"a file of the same inode", 0x7fff2001c000, REGION_FILE, 0x7fff2001c000, 0x7fff20020000},
    {"code that is written", 0x7fff20030000, REGION_FILE, 0x7fff20030000, 0x7fff20034000},
    {"shared anonymous memory", 0x7fff20040000, REGION_FILE, 0x7fff20040000, 0x7fff20044000},
    {"memory with a name", 0x7fff20050000, REGION_LOOSE, 0x7fff20050000, 0x7fff20054000},
    {"the kernel's own", 0x7fff20060000, REGION_NONE, 0x7fff20060000, 0x7fff20062000},
    {"the main stack", 0x7fffffffe000, REGION_STACK, 0x7ffffffde000, 0x7ffffffff000},
    {"nothing, past the stack", 0x7ffffffff000, REGION_NONE, 0, 0},
};

static void search(struct region_search *found, uintptr_t at, size_t step)
{
	size_t len = strlen(text);
	region_begin(found, at, own_stack);
	for (size_t done = 0; done < len; done += step) {
		if (region_feed(found, text + done, len - done < step ? len - done : step))
			return;
	}
	region_end(found);
}

static void kind_of_memory_is_told_by_its_line_and_those_around(void)
{
	static const size_t steps[] = {1, 7, 100, sizeof(text)};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			struct region_search found;
			search(&found, cases[i].at, steps[j]);
			int good =
			    runner_expect_long(cases[i].what, cases[i].kind, found.found.kind);
			if (cases[i].kind != REGION_NONE) {
				good &= runner_expect_long(cases[i].what, (long)cases[i].start,
							   (long)found.found.start);
				good &= runner_expect_long(cases[i].what, (long)cases[i].end,
							   (long)found.found.end);
			}
			if (!good)
				return;
		}
	}
}

static void heap_and_stack_are_noted_on_the_way(void)
{
	struct region_search found;
	search(&found, 0x7fffffffe000, sizeof(text));
	runner_expect_long("heap", 0x55555559c000, (long)found.heap.start);
	runner_expect_long("stack", 0x7ffffffff000, (long)found.stack.end);
	search(&found, 0x7fff10002fff, sizeof(text));
	runner_expect_long("a stack that is further on", REGION_NONE, found.stack.kind);
	search(&found, 0x555555554000, sizeof(text));
	runner_expect_long("a heap that is further on", REGION_NONE, found.heap.kind);
}

static void line_of_any_length_is_read(void)
{
	struct region_search found;
	char line[1024];
	region_begin(&found, 0x2000, own_stack);
	snprintf(line, sizeof(line),
		 "1000-3000 r-xp 00000000 08:01 9 /%0*d\n3000-4000 rw-p 0 0:0 0\n", 900, 0);
	CU_ASSERT(region_feed(&found, line, strlen(line)));
	runner_expect_long("kind", REGION_PLAIN, found.found.kind);
	region_begin(&found, 0x2000, own_stack);
	CU_ASSERT_FALSE(region_feed(&found, "\n\nx\n-\n1000\n1000-\n", 16));
	region_end(&found);
	runner_expect_long("kind", REGION_NONE, found.found.kind);
}

static void this_process_is_read_as_it_is(void)
{
	struct region_search found;
	char here = 0;
	region_find(&found, (uintptr_t)&here, (uintptr_t)&here);
	runner_expect_long("stack", REGION_STACK, found.found.kind);
	region_find(&found, (uintptr_t)text, (uintptr_t)&here);
	runner_expect_long("constants", REGION_PLAIN, found.found.kind);
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, memfd_create("x", MFD_CLOEXEC), 0);
	region_find(&found, (uintptr_t)page, (uintptr_t)&here);
	runner_expect_long("a file", REGION_FILE, found.found.kind);
	munmap(page, 4096);
}

static const struct runner_test tests[] = {
    TEST(kind_of_memory_is_told_by_its_line_and_those_around),
    TEST(heap_and_stack_are_noted_on_the_way),
    TEST(line_of_any_length_is_read),
    TEST(this_process_is_read_as_it_is),
    TEST_END,
};

void suite_region(void)
{
	runner_suite("region", tests);
}
