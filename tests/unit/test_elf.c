/* SPDX-License-Identifier: MIT */
/* The reader of ELF files of redial doctor: both classes and byte orders, and damaged files. */
#include "unit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../scripts/doctor/elf_file.h"
#include "../../scripts/doctor/find.h"
#include "../../scripts/doctor/libraries.h"

enum { ROOM = 1024, PAGE = 4096 };

/* A file in the making, in one class and byte order. */
struct maker {
	unsigned char data[ROOM];
	bool wide, big;
	size_t at;
};

static void put(struct maker *maker, uint64_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		maker->data[maker->at + (maker->big ? bytes - 1 - i : i)] = number >> (8 * i);
	maker->at += bytes;
}

static void put_word(struct maker *maker, uint64_t number)
{
	put(maker, number, maker->wide ? 8 : 4);
}

static void put_segment(struct maker *maker, uint32_t type, uint64_t offset, uint64_t address,
			uint64_t len)
{
	put(maker, type, 4);
	if (maker->wide)
		put(maker, 4, 4);
	put_word(maker, offset);
	put_word(maker, address);
	put_word(maker, address);
	put_word(maker, len);
	put_word(maker, len);
	if (!maker->wide)
		put(maker, 4, 4);
	put_word(maker, 8);
}

static void put_dynamic(struct maker *maker, uint64_t tag, uint64_t value)
{
	put_word(maker, tag);
	put_word(maker, value);
}

static void put_symbol(struct maker *maker, uint32_t name, uint16_t section)
{
	put(maker, name, 4);
	if (maker->wide) {
		put(maker, 0x12, 2);
		put(maker, section, 2);
		put(maker, 0, 8);
		put(maker, 0, 8);
	} else {
		put(maker, 0, 8);
		put(maker, 0x12, 2);
		put(maker, section, 2);
	}
}

enum { INTERP = 300, STRINGS = 320, DYNAMIC = 400, HASH = 600, SYMBOLS = 640, BASE = 0x10000 };
static const char strings[] = "\0libone.so\0libtwo.so\0/opt/x\0connect\0dlopen";

/* A program that needs libone.so and libtwo.so, defines connect and asks for dlopen. */
static void make(struct maker *maker, bool wide, bool big, bool gnu_hash)
{
	memset(maker, 0, sizeof(*maker));
	maker->wide = wide;
	maker->big = big;
	memcpy(maker->data, ELFMAG, SELFMAG);
	maker->data[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	maker->data[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	maker->at = EI_NIDENT;
	put(maker, ET_DYN, 2);
	put(maker, 243, 2);
	put(maker, 1, 4);
	put_word(maker, 0);
	put_word(maker, wide ? 64 : 52);
	put_word(maker, 0);
	put(maker, 0, 4);
	put(maker, wide ? 64 : 52, 2);
	put(maker, wide ? 56 : 32, 2);
	put(maker, 3, 2);
	maker->at = wide ? 64 : 52;
	put_segment(maker, PT_LOAD, 0, BASE, ROOM);
	put_segment(maker, PT_INTERP, INTERP, BASE + INTERP, 8);
	put_segment(maker, PT_DYNAMIC, DYNAMIC, BASE + DYNAMIC, 200);
	memcpy(maker->data + INTERP, "/lib/ld", 8);
	memcpy(maker->data + STRINGS, strings, sizeof(strings));
	maker->at = DYNAMIC;
	put_dynamic(maker, DT_NEEDED, 1);
	put_dynamic(maker, DT_NEEDED, 11);
	put_dynamic(maker, DT_RUNPATH, 21);
	put_dynamic(maker, DT_STRTAB, BASE + STRINGS);
	put_dynamic(maker, DT_STRSZ, sizeof(strings));
	put_dynamic(maker, DT_SYMTAB, BASE + SYMBOLS);
	put_dynamic(maker, gnu_hash ? DT_GNU_HASH : DT_HASH, BASE + HASH);
	put_dynamic(maker, DT_NULL, 0);
	maker->at = HASH;
	put(maker, 1, 4); /* one bucket */
	put(maker, gnu_hash ? 2 : 3,
	    4); /* the first symbol that is hashed, or how many there are */
	if (gnu_hash) {
		put(maker, 1, 4); /* one word of the filter */
		put(maker, 0, 4);
		put_word(maker, 0);
		put(maker, 2, 4); /* the bucket's first symbol */
		put(maker, 1, 4); /* ends its chain */
	}
	maker->at = SYMBOLS;
	put_symbol(maker, 0, 0);
	put_symbol(maker, 36, SHN_UNDEF);
	put_symbol(maker, 28, 7);
}

static bool add_text(void *context, const char *text)
{
	snprintf((char *)context + strlen(context), 200 - strlen(context), "%s ", text);
	return true;
}

static bool add_symbol(void *context, const char *name, bool defined)
{
	add_text(context, defined ? "has" : "asks");
	return add_text(context, name);
}

static void expect_read(struct maker *maker)
{
	char needed[200] = "", folders[200] = "", symbols[200] = "";
	struct elf_file file;

	CU_ASSERT_FATAL(elf_open(&file, maker->data, ROOM));
	CU_ASSERT_EQUAL(file.wide, maker->wide);
	CU_ASSERT_EQUAL(file.big, maker->big);
	runner_expect_long("type", ET_DYN, file.type);
	runner_expect_long("machine", 243, file.machine);
	runner_expect_text("loader", "/lib/ld", file.loader);
	elf_dynamic_texts(&file, DT_NEEDED, add_text, needed);
	runner_expect_text("needed", "libone.so libtwo.so ", needed);
	elf_dynamic_texts(&file, DT_RUNPATH, add_text, folders);
	runner_expect_text("folders", "/opt/x ", folders);
	elf_dynamic_symbols(&file, add_symbol, symbols);
	runner_expect_text("symbols", "asks dlopen has connect ", symbols);
}

static void both_classes_and_byte_orders_are_read(void)
{
	struct maker maker;

	for (int i = 0; i < 8; i++) {
		make(&maker, i & 1, i & 2, i & 4);
		expect_read(&maker);
	}
}

static void a_machine_is_class_order_and_number(void)
{
	struct maker maker[3];
	struct elf_file file[3];

	make(&maker[0], true, false, false);
	make(&maker[1], false, false, false);
	make(&maker[2], true, true, false);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_FATAL(elf_open(&file[i], maker[i].data, ROOM));
	CU_ASSERT(elf_same_machine(&file[0], &file[0]));
	CU_ASSERT_FALSE(elf_same_machine(&file[0], &file[1]));
	CU_ASSERT_FALSE(elf_same_machine(&file[0], &file[2]));
	runner_expect_text("name", "riscv64", elf_machine_name(&file[0]));
	runner_expect_text("name", "machine 243", elf_machine_name(&file[2]));
}

static bool count_symbol(void *context, const char *name, bool defined)
{
	(void)defined;
	*(size_t *)context += strlen(name);
	return true;
}

static bool count_text(void *context, const char *text)
{
	return count_symbol(context, text, true);
}

/* Touches all that can be asked of a file. */
static void read_all(const void *data, size_t size)
{
	struct elf_file file;
	size_t len = 0;
	char name[PATH_MAX];

	find_interpreter(data, size, name);
	libraries_cached(data, size, "libc.so.6", 1000000);
	if (!elf_open(&file, data, size))
		return;
	if (file.loader)
		len = strlen(file.loader);
	if (elf_section(&file, ".redial.version", &len))
		len++;
	elf_has_note(&file, "GNU");
	elf_dynamic_texts(&file, DT_NEEDED, count_text, &len);
	elf_dynamic_symbols(&file, count_symbol, &len);
	elf_static_symbols(&file, count_symbol, &len);
	elf_needed_versions(&file, count_text, &len);
	elf_defined_versions(&file, count_text, &len);
}

/* A copy that ends where memory does: a byte more that is read ends the test program. */
static unsigned char *at_the_end(const void *data, size_t size)
{
	size_t pages = (size + PAGE - 1) / PAGE * PAGE + PAGE;
	unsigned char *map =
	    mmap(NULL, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CU_ASSERT_FATAL(map != MAP_FAILED);
	mprotect(map + pages - PAGE, PAGE, PROT_NONE);
	return memcpy(map + pages - PAGE - size, data, size);
}

static void drop(unsigned char *data, size_t size)
{
	size_t pages = (size + PAGE - 1) / PAGE * PAGE + PAGE;

	munmap(data + size - (pages - PAGE), pages);
}

static void a_file_cut_short_is_read_as_far_as_it_goes(void)
{
	struct maker maker;

	for (int i = 0; i < 8; i++) {
		make(&maker, i & 1, i & 2, i & 4);
		for (size_t len = 0; len < ROOM; len++) {
			unsigned char *copy = at_the_end(maker.data, len);

			read_all(copy, len);
			drop(copy, len);
		}
	}
}

static uint32_t next_number(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The same changes in each run. */
static void read_damaged(const void *data, size_t size, int rounds)
{
	unsigned char *copy = at_the_end(data, size);
	uint32_t state = 2463534242;

	for (int round = 0; round < rounds; round++) {
		/* Half of them where the headers are. */
		size_t reach = round % 2 && size > 512 ? 512 : size;

		for (uint32_t n = 1 + next_number(&state) % 8; n; n--)
			copy[next_number(&state) % reach] = round % 3 ? next_number(&state) : 0xff;
		memcpy(copy, data, round % 2 ? 6 : 0);
		read_all(copy, size);
		if (round % 8 == 7)
			memcpy(copy, data, size);
	}
	drop(copy, size);
}

static void damaged_files_are_read_without_harm(void)
{
	struct mapped library, cache;
	struct maker maker;

	for (int i = 0; i < 8; i++) {
		make(&maker, i & 1, i & 2, i & 4);
		read_damaged(maker.data, ROOM, 2000);
	}
	CU_ASSERT_FATAL(find_map("/proc/self/exe", &library));
	read_damaged(library.data, library.size, 4000);
	find_unmap(&library);
	if (find_map("/etc/ld.so.cache", &cache)) {
		read_damaged(cache.data, cache.size, 500);
		find_unmap(&cache);
	}
}

static void the_loaders_cache_is_read_in_both_forms(void)
{
	static unsigned char cache[16 + 2 * 12 + 48 + 2 * 24 + 40];
	const size_t old = 16 + 2 * 12, new_len = sizeof(cache) - old;
	const uint32_t two = 2, key = 48 + 2 * 24, one = key + 10, other = key + 20;
	unsigned char *base = cache + old;

	memcpy(cache, "ld.so-1.7.0", 11);
	memcpy(cache + 12, &two, 4);
	memcpy(base, "glibc-ld.so.cache1.1", 20);
	memcpy(base + 20, &two, 4);
	memcpy(base + 48 + 4, &key, 4);
	memcpy(base + 48 + 8, &one, 4);
	memcpy(base + 72 + 4, &key, 4);
	memcpy(base + 72 + 8, &other, 4);
	strcpy((char *)base + key, "libx.so.1");
	strcpy((char *)base + one, "/32/x");
	strcpy((char *)base + other, "/64/x");
	runner_expect_text("first", "/32/x",
			   libraries_cached(cache, sizeof(cache), "libx.so.1", 0));
	runner_expect_text("second", "/64/x",
			   libraries_cached(cache, sizeof(cache), "libx.so.1", 1));
	CU_ASSERT_PTR_NULL(libraries_cached(cache, sizeof(cache), "libx.so.1", 2));
	CU_ASSERT_PTR_NULL(libraries_cached(cache, sizeof(cache), "libx.so", 0));
	runner_expect_text("alone", "/64/x", libraries_cached(base, new_len, "libx.so.1", 1));
	CU_ASSERT_PTR_NULL(libraries_cached(base, 47, "libx.so.1", 0));
}

static void the_first_line_of_a_script_names_its_interpreter(void)
{
	static const struct {
		const char *line, *name;
	} lines[] = {
	    {"#!/bin/sh\n", "/bin/sh"},
	    {"#! /bin/sh -e\n", "/bin/sh"},
	    {"#!/usr/bin/env python3\nx", "python3"},
	    {"#!/usr/bin/env -S node --x\n", "node"},
	    {"#!/usr/bin/env -Snode --x\n", "node"},
	    {"#!/usr/bin/env -u A B=1 ruby\n", "ruby"},
	    {"#!/usr/bin/env\n", "/usr/bin/env"},
	    {"#!/bin/cut", "/bin/cut"},
	    {"#!\n", NULL},
	    {"#! ", NULL},
	    {"/bin/sh\n", NULL},
	    {"", NULL},
	};
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		bool found = find_interpreter(lines[i].line, strlen(lines[i].line), name);

		runner_expect_text(lines[i].line, lines[i].name ? lines[i].name : "",
				   found ? name : "");
	}
}

void suite_elf(void)
{
	static const struct runner_test tests[] = {
	    TEST(both_classes_and_byte_orders_are_read),
	    TEST(a_machine_is_class_order_and_number),
	    TEST(a_file_cut_short_is_read_as_far_as_it_goes),
	    TEST(damaged_files_are_read_without_harm),
	    TEST(the_loaders_cache_is_read_in_both_forms),
	    TEST(the_first_line_of_a_script_names_its_interpreter),
	    TEST_END};

	runner_suite("elf", tests);
}
