/* SPDX-License-Identifier: MIT */
/* Copying from and to memory that may not be there, with the calls for that and without. */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../preload/os/copy.h"
#include "../../preload/os/sys.h"

/* The same code where the kernel has no such calls. */
static long poor_call(long number, long a, long b, long c, long d, long e, long f)
{
	bool has = number != SYS_process_vm_readv && number != SYS_process_vm_writev;
	return has ? sys_call(number, a, b, c, d, e, f) : -ENOSYS;
}

#define sys_call(...)  poor_call(__VA_ARGS__)
#define copy_gather    poor_gather
#define copy_scatter   poor_scatter
#define copy_in	       poor_in
#define copy_out       poor_out
#define copy_can_read  poor_can_read
#define copy_can_write poor_can_write
#define REDIAL_COPY_POOR
static size_t poor_gather(void *to, size_t room, const struct iovec *iov, int count, size_t skip);
static size_t poor_scatter(const struct iovec *iov, int count, const void *from, size_t len);
static bool poor_in(void *to, const void *from, size_t len);
static bool poor_out(void *to, const void *from, size_t len);
static bool poor_can_read(const void *at, size_t len);
static bool poor_can_write(void *at) __attribute__((unused));
#include "../../preload/os/copy.c"
#undef sys_call
#undef copy_gather
#undef copy_scatter
#undef copy_in
#undef copy_out
#undef copy_can_read
#undef copy_can_write

static const struct ways {
	const char *name;
	size_t (*gather)(void *to, size_t room, const struct iovec *iov, int count, size_t skip);
	size_t (*scatter)(const struct iovec *iov, int count, const void *from, size_t len);
	bool (*in)(void *to, const void *from, size_t len);
	bool (*out)(void *to, const void *from, size_t len);
	bool (*can_read)(const void *at, size_t len);
} ways[] = {
    {"kernel", copy_gather, copy_scatter, copy_in, copy_out, copy_can_read},
    {"poor kernel", poor_gather, poor_scatter, poor_in, poor_out, poor_can_read},
};

enum { SIZE = 4096 };

/* Two good pages, full of letters, and a bad one behind them. */
static char *make_pages(int prot)
{
	char *at = mmap(NULL, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(at != MAP_FAILED);
	for (int i = 0; i < 2 * SIZE; i++)
		at[i] = (char)('a' + i % 23);
	mprotect(at, 2 * SIZE, prot);
	mprotect(at + 2 * SIZE, SIZE, PROT_NONE);
	return at;
}

/* As the hook does. */
static void let_go(char *at)
{
	munmap(at, 3 * SIZE);
	memory_gone(at, 3 * SIZE);
}

static void bytes_are_gathered_as_far_as_they_can_be_read(void)
{
	char *at = make_pages(PROT_READ);
	char to[3 * SIZE];
	for (size_t i = 0; i < 2; i++) {
		const struct iovec pieces[] = {
		    {NULL, 0}, {at + 5, 10}, {at + SIZE - 3, 6}, {at + 2 * SIZE - 7, 20}, {at, 5}};
		runner_expect_long(ways[i].name, 23, (long)ways[i].gather(to, 100, pieces, 5, 0));
		CU_ASSERT(memcmp(to, at + 5, 10) == 0);
		CU_ASSERT(memcmp(to + 10, at + SIZE - 3, 6) == 0);
		CU_ASSERT(memcmp(to + 16, at + 2 * SIZE - 7, 7) == 0);
		runner_expect_long(ways[i].name, 12, (long)ways[i].gather(to, 12, pieces, 5, 0));
		runner_expect_long(ways[i].name, 9, (long)ways[i].gather(to, 100, pieces, 5, 14));
		CU_ASSERT(memcmp(to, at + SIZE + 1, 2) == 0);
		runner_expect_long(ways[i].name, 0, (long)ways[i].gather(to, 100, pieces, 5, 23));
		runner_expect_long(ways[i].name, 0, (long)ways[i].gather(to, 100, pieces, 5, 41));
	}
	let_go(at);
}

static void many_pieces_are_gathered_in_order(void)
{
	enum { COUNT = 100 };
	char *at = make_pages(PROT_READ);
	struct iovec pieces[COUNT];
	char to[3 * COUNT], wanted[3 * COUNT];
	for (int i = 0; i < COUNT; i++) {
		pieces[i] = (struct iovec){at + 7 * i, 3};
		memcpy(wanted + 3 * i, at + 7 * i, 3);
	}
	for (size_t i = 0; i < 2; i++) {
		size_t got = ways[i].gather(to, sizeof(to), pieces, COUNT, 0);
		runner_expect_long(ways[i].name, sizeof(to), (long)got);
		CU_ASSERT(memcmp(to, wanted, sizeof(to)) == 0);
		got = ways[i].gather(to, 50, pieces, COUNT, 100);
		runner_expect_long(ways[i].name, 50, (long)got);
		CU_ASSERT(memcmp(to, wanted + 100, 50) == 0);
	}
	let_go(at);
}

static void bytes_are_put_only_where_they_may_be(void)
{
	char *at = make_pages(PROT_READ | PROT_WRITE), *fixed = make_pages(PROT_READ);
	char from[600];
	memset(from, 'X', sizeof(from));
	for (size_t i = 0; i < 2; i++) {
		const struct iovec pieces[] = {{at + 10, 3}, {at + SIZE - 200, 500}, {fixed, 1}};
		memset(at, '.', 2 * SIZE);
		runner_expect_long(ways[i].name, 400, (long)ways[i].scatter(pieces, 2, from, 400));
		CU_ASSERT(at[9] == '.' && at[10] == 'X' && at[12] == 'X' && at[13] == '.');
		CU_ASSERT(at[SIZE - 201] == '.' && at[SIZE - 200] == 'X');
		CU_ASSERT(at[SIZE + 196] == 'X' && at[SIZE + 197] == '.');
		runner_expect_long(ways[i].name, 503, (long)ways[i].scatter(pieces, 3, from, 504));
		CU_ASSERT(ways[i].out(at, from, 5));
		CU_ASSERT(ways[i].out(NULL, from, 0));
		CU_ASSERT_FALSE(ways[i].out(fixed + 8, from, 5));
		CU_ASSERT_FALSE(ways[i].out(at + 2 * SIZE - 4, from, 5));
		CU_ASSERT_FALSE(ways[i].out(NULL, from, 1));
		CU_ASSERT(fixed[8] == 'a' + 8);
	}
	let_go(at);
	let_go(fixed);
}

static void what_cannot_be_read_is_told(void)
{
	char *at = make_pages(PROT_READ);
	char here[] = "here", to[SIZE];
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT(ways[i].in(to, here, sizeof(here)) && strcmp(to, here) == 0);
		CU_ASSERT(ways[i].in(to, at + 2 * SIZE - 5, 5));
		CU_ASSERT_FALSE(ways[i].in(to, at + 2 * SIZE - 5, 6));
		CU_ASSERT_FALSE(ways[i].in(to, NULL, 1));
		CU_ASSERT_FALSE(ways[i].in(to, (const void *)-1, 1));
		CU_ASSERT(ways[i].can_read(at, 2 * SIZE));
		CU_ASSERT_FALSE(ways[i].can_read(at, 2 * SIZE + 1));
		CU_ASSERT(ways[i].can_read(NULL, 0));
	}
	let_go(at);
}

/* Where a load would be answered by SIGBUS. */
static void file_that_was_cut_short_is_read_up_to_there(void)
{
	int file = memfd_create("test", MFD_CLOEXEC);
	char to[3 * SIZE];
	CU_ASSERT_FATAL(file >= 0 && ftruncate(file, 3 * SIZE) == 0);
	char *at = mmap(NULL, 3 * SIZE, PROT_READ, MAP_SHARED, file, 0);
	CU_ASSERT_FATAL(at != MAP_FAILED && at[2 * SIZE] == 0);
	CU_ASSERT_FATAL(ftruncate(file, SIZE) == 0);
	for (size_t i = 0; i < 2; i++) {
		const struct iovec piece = {at, 3 * SIZE};
		runner_expect_long(ways[i].name, SIZE,
				   (long)ways[i].gather(to, sizeof(to), &piece, 1, 0));
		CU_ASSERT_FALSE(ways[i].in(to, at + SIZE, 1));
	}
	let_go(at);
	close(file);
}

static const struct runner_test tests[] = {
    TEST(bytes_are_gathered_as_far_as_they_can_be_read), TEST(many_pieces_are_gathered_in_order),
    TEST(bytes_are_put_only_where_they_may_be),		 TEST(what_cannot_be_read_is_told),
    TEST(file_that_was_cut_short_is_read_up_to_there),	 TEST_END,
};

void suite_copy(void)
{
	runner_suite("copy", tests);
}
