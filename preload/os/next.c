/* SPDX-License-Identifier: MIT */
#include "next.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
#include "start.h"

/* Every glibc and musl has it. */
#pragma weak dl_iterate_phdr

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

/* What is read of each when something is looked up in it, and not before. */
struct seen {
	uintptr_t base;
	const ElfW(Dyn) * dynamic;
};

enum { SEEN_MAX = 64 };

SET_AT_START static struct seen behind[SEEN_MAX], kernels;
SET_AT_START static uint32_t seen_count;
SET_AT_START static bool complete; /* the last one is libc */

struct tables {
	uintptr_t base;
	const char *strings;
	const ElfW(Sym) * symbols;
	const uint32_t *hash; /* DT_GNU_HASH */
	const uint16_t *versions;
};

/* glibc has relocated the addresses in a dynamic section, musl has not, nor glibc the kernel's. */
AT_START static const void *address_of(const struct seen *seen, const ElfW(Dyn) * entry)
{
	uintptr_t address = entry->d_un.d_ptr;
	return (const void *)(address < seen->base ? address + seen->base : address);
}

AT_START static bool read_tables(const struct seen *seen, struct tables *tables)
{
	*tables = (struct tables){.base = seen->base};
	for (const ElfW(Dyn) *at = seen->dynamic; at && at->d_tag != DT_NULL; at++) {
		if (at->d_tag == DT_STRTAB)
			tables->strings = address_of(seen, at);
		else if (at->d_tag == DT_SYMTAB)
			tables->symbols = address_of(seen, at);
		else if (at->d_tag == DT_GNU_HASH)
			tables->hash = address_of(seen, at);
		else if (at->d_tag == DT_VERSYM)
			tables->versions = address_of(seen, at);
	}
	return tables->strings && tables->symbols && tables->hash && tables->hash[0];
}

AT_START static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;
	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return hash;
}

/* May it be there, as its Bloom filter says? */
AT_START static bool may_have(const uint32_t *table, uint32_t hash)
{
	enum { BITS = 8 * sizeof(ElfW(Addr)) };
	const ElfW(Addr) *bloom = (const ElfW(Addr) *)(const void *)(table + 4);
	ElfW(Addr) word = bloom[(hash / BITS) % table[2]];
	return word >> hash % BITS & word >> (hash >> table[3]) % BITS & 1;
}

/* Is it the version that a program gets which asks for none? */
AT_START static bool is_newest(const struct tables *tables, uint32_t at)
{
	enum { HIDDEN = 0x8000 };
	return !tables->versions || !(tables->versions[at] & HIDDEN);
}

/* The table: buckets, where the symbols begin, a Bloom filter and its shift; then all of them. */
AT_START static const ElfW(Sym) *
    find_symbol(const struct tables *tables, const char *name, uint32_t hash)
{
	const uint32_t *table = tables->hash;
	const uint32_t first = table[1];
	if (!may_have(table, hash))
		return NULL;
	const uint32_t *buckets = table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof(*table));
	const uint32_t *chain = buckets + table[0];
	uint32_t at = buckets[hash % table[0]];
	if (at < first)
		return NULL;
	for (;; at++) {
		uint32_t other = chain[at - first];
		const ElfW(Sym) *symbol = &tables->symbols[at];
		if ((other | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
		    is_newest(tables, at) && text_equal(tables->strings + symbol->st_name, name))
			return symbol;
		if (other & 1)
			return NULL;
	}
}

/* What has to be called to know the address (STT_GNU_IFUNC) is left to the loader. */
AT_START static void *function(const struct tables *tables, const ElfW(Sym) * symbol)
{
	bool plain = (symbol->st_info & 0xf) == STT_FUNC && symbol->st_shndx != SHN_ABS;
	return plain ? (void *)(tables->base + symbol->st_value) : NULL;
}

AT_START static bool is_libc(const struct seen *seen)
{
	static const char start[] = "__libc_start_main";
	struct tables tables;
	return read_tables(seen, &tables) && find_symbol(&tables, start, hash_of(start));
}

AT_START static const void *dynamic_of(const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			return (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	}
	return NULL;
}

/* In the order in which the loader searches them. */
AT_START static int see(struct dl_phdr_info *info, size_t size, void *context)
{
	bool *passed = context; /* this library */
	struct seen seen = {info->dlpi_addr, dynamic_of(info)};
	(void)size;
	if (seen.dynamic == _DYNAMIC) {
		*passed = true;
		return 0;
	}
	if (!*passed) {
		if (info->dlpi_name && text_after(info->dlpi_name, "linux-vdso"))
			kernels = seen;
		return 0;
	}
	struct tables tables;
	if (seen_count == SEEN_MAX || !read_tables(&seen, &tables))
		return 1;
	behind[seen_count++] = seen;
	complete = is_libc(&seen);
	return complete;
}

AT_START bool next_see(void)
{
	bool passed = false;
	if (dl_iterate_phdr && !complete) {
		seen_count = 0;
		dl_iterate_phdr(see, &passed);
	}
	return complete;
}

AT_START static void *find_in(const struct seen *seen, const char *name, uint32_t hash, bool *found)
{
	struct tables tables;
	const ElfW(Sym) *symbol =
	    read_tables(seen, &tables) ? find_symbol(&tables, name, hash) : NULL;
	*found = symbol;
	return symbol ? function(&tables, symbol) : NULL;
}

AT_START void *next_find(const char *name)
{
	uint32_t hash = hash_of(name);
	bool found = false;
	void *function = NULL;
	for (uint32_t i = 0; complete && i < seen_count && !found; i++)
		function = find_in(&behind[i], name, hash, &found);
	return function;
}

void *next_find_libcs(const char *name)
{
	bool found;
	return complete ? find_in(&behind[seen_count - 1], name, hash_of(name), &found) : NULL;
}

void *next_find_kernels(const char *name)
{
	bool found;
	return kernels.dynamic ? find_in(&kernels, name, hash_of(name), &found) : NULL;
}
