/* SPDX-License-Identifier: MIT */
#include "object.h"

#include <errno.h>

#include "../os/mem.h"
#include "../os/sys.h"

#if defined(__x86_64__)
enum { SLOT_JUMP = 7, SLOT_GLOBAL = 6, SLOT_WORD = 1 }; /* R_X86_64_* */
#else
enum { SLOT_JUMP = 1026, SLOT_GLOBAL = 1025, SLOT_WORD = 257 }; /* R_AARCH64_* */
#endif

enum { PROTECT_READ = 1, PROTECT_WRITE = 2 };

/* glibc has relocated the addresses in a dynamic section, musl has not. */
static uintptr_t address_of(const struct tls_object *object, const ElfW(Dyn) * entry)
{
	uintptr_t address = entry->d_un.d_ptr;
	return address < object->base ? address + object->base : address;
}

static void read_segments(struct tls_object *object, const struct dl_phdr_info *info)
{
	object->low = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t start = object->base + part->p_vaddr;
		if (part->p_type == PT_DYNAMIC) {
			object->dynamic = (const void *)start;
		} else if (part->p_type == PT_GNU_RELRO) {
			object->relro = start;
			object->relro_len = part->p_memsz;
		} else if (part->p_type == PT_LOAD) {
			object->low = start < object->low ? start : object->low;
			if (start + part->p_memsz > object->high)
				object->high = start + part->p_memsz;
		}
	}
}

bool tls_object_read(struct tls_object *object, const struct dl_phdr_info *info)
{
	size_t jump_len = 0, len = 0;
	const ElfW(Dyn) *soname = NULL;
	*object = (struct tls_object){.base = info->dlpi_addr, .soname = ""};
	read_segments(object, info);
	if (!object->dynamic)
		return false;
	for (const ElfW(Dyn) *at = object->dynamic; at->d_tag != DT_NULL; at++) {
		const void *there = (const void *)address_of(object, at);
		if (at->d_tag == DT_STRTAB)
			object->strings = there;
		else if (at->d_tag == DT_SYMTAB)
			object->symbols = there;
		else if (at->d_tag == DT_GNU_HASH)
			object->hash = there;
		else if (at->d_tag == DT_JMPREL)
			object->slots[0] = there;
		else if (at->d_tag == DT_RELA)
			object->slots[1] = there;
		else if (at->d_tag == DT_PLTRELSZ)
			jump_len = at->d_un.d_val;
		else if (at->d_tag == DT_RELASZ)
			len = at->d_un.d_val;
		else if (at->d_tag == DT_SONAME)
			soname = at;
	}
	object->slot_count[0] = object->slots[0] ? jump_len / sizeof(ElfW(Rela)) : 0;
	object->slot_count[1] = object->slots[1] ? len / sizeof(ElfW(Rela)) : 0;
	if (!object->strings || !object->symbols)
		return false;
	if (soname)
		object->soname = object->strings + soname->d_un.d_val;
	return true;
}

const char *tls_object_needs(const struct tls_object *object, size_t at)
{
	for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_NEEDED && at-- == 0)
			return object->strings + entry->d_un.d_val;
	}
	return NULL;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;
	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return hash;
}

/* The table: buckets, where the symbols begin, a Bloom filter and its shift; then all of them. */
uintptr_t tls_object_symbol(const struct tls_object *object, const char *name)
{
	const uint32_t *table = object->hash;
	if (!table || !table[0])
		return 0;
	const uint32_t first = table[1], bloom = table[2];
	const uint32_t *buckets = table + 4 + bloom * (sizeof(ElfW(Addr)) / sizeof(*table));
	const uint32_t *chain = buckets + table[0];
	uint32_t hash = hash_of(name);
	uint32_t at = buckets[hash % table[0]];
	if (at < first)
		return 0;
	for (;; at++) {
		uint32_t other = chain[at - first];
		const ElfW(Sym) *symbol = &object->symbols[at];
		if ((other | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
		    text_equal(object->strings + symbol->st_name, name))
			return object->base + symbol->st_value;
		if (other & 1)
			return 0;
	}
}

/*
 * Pages are of 4 KiB, elsewhere of 16 or 64, which only the kernel knows: EINVAL says that they are
 * larger (mprotect(2)). After any other error larger ones would reach into what lies beside.
 */
#ifdef __x86_64__
enum { PAGE_MAX = 4096 };
#else
enum { PAGE_MAX = 65536 };
#endif

static bool protect(const struct tls_object *object, int protection)
{
	long error = -EINVAL;
	for (uintptr_t page = 4096; page <= PAGE_MAX && error == -EINVAL; page *= 4) {
		uintptr_t from = object->relro & ~(page - 1);
		uintptr_t to = (object->relro + object->relro_len) & ~(page - 1);
		error = to > from ? sys3(mprotect, from, to - from, protection) : 0;
	}
	return error == 0;
}

void tls_object_put(const struct tls_object *object, uintptr_t *slot, uintptr_t value)
{
	uintptr_t at = (uintptr_t)slot;
	bool guarded = at >= object->relro && at < object->relro + object->relro_len;
	if (guarded && !protect(object, PROTECT_READ | PROTECT_WRITE))
		return;
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
	if (guarded)
		protect(object, PROTECT_READ);
}

void tls_object_slots(const struct tls_object *object, tls_visit *visit, void *context)
{
	for (int table = 0; table < 2; table++) {
		for (size_t i = 0; i < object->slot_count[table]; i++) {
			const ElfW(Rela) *slot = &object->slots[table][i];
			uint32_t type = (uint32_t)slot->r_info;
			if (type != SLOT_JUMP && type != SLOT_GLOBAL && type != SLOT_WORD)
				continue;
			const ElfW(Sym) *symbol = &object->symbols[slot->r_info >> 32];
			uintptr_t *at = (uintptr_t *)(object->base + slot->r_offset);
			uintptr_t value = __atomic_load_n(at, __ATOMIC_RELAXED);
			uintptr_t other =
			    visit(context, object, object->strings + symbol->st_name, value);
			if (other != value)
				tls_object_put(object, at, other);
		}
	}
}
