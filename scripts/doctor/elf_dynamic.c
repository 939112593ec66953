/* SPDX-License-Identifier: MIT */
/* What the loader reads of an ELF file: its dynamic section, symbols and versions. */
#include "elf_file.h"

#include <elf.h>
#include <string.h>

/* More of anything than a true file has: what bounds the way through a damaged one. */
enum { ENTRIES_MAX = 4096, SYMBOLS_MAX = 4 << 20, NAME_MAX_LEN = 256 };

#define FIELD(file, kind, name)                                                                    \
	((file)->wide ? offsetof(Elf64_##kind, name) : offsetof(Elf32_##kind, name))
#define SIZE_OF(file, kind) ((file)->wide ? sizeof(Elf64_##kind) : sizeof(Elf32_##kind))

/* The dynamic entry number `index`; false behind the last one. */
static bool entry_at(const struct elf_file *file, uint32_t index, uint64_t *tag, uint64_t *value)
{
	uint64_t size = SIZE_OF(file, Dyn), at = index * size;

	if (index >= ENTRIES_MAX || at >= file->dynamic_len || file->dynamic_len - at < size)
		return false;
	*tag = elf_word(file, file->dynamic + at);
	*value = elf_word(file, file->dynamic + at + size / 2);
	return *tag != DT_NULL;
}

bool elf_dynamic(const struct elf_file *file, uint64_t tag, uint64_t *value)
{
	uint64_t found;

	for (uint32_t i = 0; entry_at(file, i, &found, value); i++)
		if (found == tag)
			return true;
	return false;
}

static const char *dynamic_string(const struct elf_file *file, uint64_t index)
{
	if (index >= file->strings_len)
		return NULL;
	return elf_string(file, file->strings + index, file->strings + file->strings_len);
}

void elf_dynamic_texts(const struct elf_file *file, uint64_t tag, elf_text *each, void *context)
{
	uint64_t found, value;

	for (uint32_t i = 0; entry_at(file, i, &found, &value); i++) {
		const char *text = found == tag ? dynamic_string(file, value) : NULL;

		if (text && !each(context, text))
			return;
	}
}

/* The name of the symbol that a relocation is for: the upper part of r_info. */
static bool is_for(const struct elf_file *file, uint64_t relocation, const char *name)
{
	uint64_t info = elf_word(file, relocation + (file->wide ? 8 : 4)), symbols;
	uint64_t index = file->wide ? info >> 32 : info >> 8;
	const char *found;

	if (!index || !elf_dynamic(file, DT_SYMTAB, &symbols))
		return false;
	symbols = elf_offset_of(file, symbols);
	if (symbols >= file->size)
		return false;
	found = dynamic_string(file, elf_number(file, symbols + index * SIZE_OF(file, Sym), 4));
	return found && strcmp(found, name) == 0;
}

/* In the relocations of one table, of RELA entries as x86_64 and aarch64 have them. */
static uint64_t word_in(const struct elf_file *file, uint64_t table, uint64_t size,
			const char *name)
{
	uint64_t at, len;

	if (!elf_dynamic(file, table, &at) || !elf_dynamic(file, size, &len))
		return 0;
	at = elf_offset_of(file, at);
	for (uint64_t i = 0;
	     at < file->size && i < len && len - i >= SIZE_OF(file, Rela) && i < file->size - at;
	     i += SIZE_OF(file, Rela))
		if (is_for(file, at + i, name))
			return elf_word(file, at + i);
	return 0;
}

uint64_t elf_word_of(const struct elf_file *file, const char *name)
{
	uint64_t word = word_in(file, DT_JMPREL, DT_PLTRELSZ, name);

	return word ? word : word_in(file, DT_RELA, DT_RELASZ, name);
}

/* DT_HASH says how many symbols there are. */
static uint64_t count_by_hash(const struct elf_file *file)
{
	uint64_t address, at;

	if (!elf_dynamic(file, DT_HASH, &address))
		return 0;
	at = elf_offset_of(file, address);
	return at < file->size ? elf_number(file, at + 4, 4) : 0;
}

/*
 * DT_GNU_HASH does not: the last symbol is the end of the chain that begins last. The undefined
 * ones come before all chains; of a file that defines none only the section headers know how many.
 */
static uint64_t count_by_gnu_hash(const struct elf_file *file)
{
	uint64_t address, at, buckets, first, chains, last = 0;

	if (!elf_dynamic(file, DT_GNU_HASH, &address))
		return 0;
	at = elf_offset_of(file, address);
	if (at >= file->size)
		return 0;
	buckets = elf_number(file, at, 4);
	first = elf_number(file, at + 4, 4);
	at += 16 + elf_number(file, at + 8, 4) * (file->wide ? 8 : 4);
	chains = at + buckets * 4;
	for (uint64_t i = 0; i < buckets && i < SYMBOLS_MAX && at + i * 4 < file->size; i++) {
		uint64_t start = elf_number(file, at + i * 4, 4);

		if (start > last)
			last = start;
	}
	if (last < first)
		return first;
	while (last - first < SYMBOLS_MAX && chains + (last - first) * 4 < file->size &&
	       !(elf_number(file, chains + (last - first) * 4, 4) & 1))
		last++;
	return last + 1;
}

static void symbols_in(const struct elf_file *file, uint64_t at, uint64_t count, uint64_t strings,
		       uint64_t strings_end, elf_symbol *each, void *context)
{
	uint64_t size = SIZE_OF(file, Sym);

	for (uint64_t i = 1; i < count && i < SYMBOLS_MAX; i++) {
		uint64_t symbol = at + i * size;
		uint64_t index, end;
		const char *name;
		bool defined;

		if (symbol < at || symbol >= file->size || file->size - symbol < size)
			return;
		index = elf_number(file, symbol, 4);
		defined = elf_number(file, symbol + FIELD(file, Sym, st_shndx), 2) != SHN_UNDEF;
		/* No longer name is asked for, and a damaged file must not be searched for its end.
		 */
		end = strings + index + NAME_MAX_LEN;
		name =
		    index ? elf_string(file, strings + index, end < strings_end ? end : strings_end)
			  : NULL;
		if (name && !each(context, name, defined))
			return;
	}
}

void elf_dynamic_symbols(const struct elf_file *file, elf_symbol *each, void *context)
{
	uint64_t address, at, count;
	struct elf_table section;

	if (!elf_dynamic(file, DT_SYMTAB, &address))
		return;
	at = elf_offset_of(file, address);
	count = count_by_hash(file);
	if (!count)
		count = count_by_gnu_hash(file);
	if (elf_section_of_type(file, SHT_DYNSYM, &section) && section.offset == at &&
	    section.len / SIZE_OF(file, Sym) > count)
		count = section.len / SIZE_OF(file, Sym);
	if (at < file->size)
		symbols_in(file, at, count, file->strings, file->strings + file->strings_len, each,
			   context);
}

void elf_static_symbols(const struct elf_file *file, elf_symbol *each, void *context)
{
	struct elf_table symbols, strings;

	if (elf_section_of_type(file, SHT_SYMTAB, &symbols) &&
	    elf_section_at(file, symbols.link, &strings))
		symbols_in(file, symbols.offset, symbols.len / SIZE_OF(file, Sym), strings.offset,
			   strings.offset + strings.len, each, context);
}

/* A version need is the same in both classes: Elf64_Verneed, then a chain of Elf64_Vernaux. */
void elf_needed_versions(const struct elf_file *file, elf_text *each, void *context)
{
	uint64_t address, at, next;

	if (!elf_dynamic(file, DT_VERNEED, &address))
		return;
	at = elf_offset_of(file, address);
	for (int i = 0; i < ENTRIES_MAX && at < file->size; i++, at += next) {
		uint64_t version = at + elf_number(file, at + offsetof(Elf64_Verneed, vn_aux), 4);
		uint64_t count = elf_number(file, at + offsetof(Elf64_Verneed, vn_cnt), 2), step;

		for (uint64_t j = 0; j < count && j < ENTRIES_MAX; j++, version += step) {
			const char *name = dynamic_string(
			    file, elf_number(file, version + offsetof(Elf64_Vernaux, vna_name), 4));

			if (name && !each(context, name))
				return;
			step = elf_number(file, version + offsetof(Elf64_Vernaux, vna_next), 4);
			if (!step)
				break;
		}
		next = elf_number(file, at + offsetof(Elf64_Verneed, vn_next), 4);
		if (!next)
			return;
	}
}

void elf_defined_versions(const struct elf_file *file, elf_text *each, void *context)
{
	uint64_t address, at, next;

	if (!elf_dynamic(file, DT_VERDEF, &address))
		return;
	at = elf_offset_of(file, address);
	for (int i = 0; i < ENTRIES_MAX && at < file->size; i++, at += next) {
		uint64_t name = at + elf_number(file, at + offsetof(Elf64_Verdef, vd_aux), 4);
		const char *text = dynamic_string(
		    file, elf_number(file, name + offsetof(Elf64_Verdaux, vda_name), 4));

		if (text && !each(context, text))
			return;
		next = elf_number(file, at + offsetof(Elf64_Verdef, vd_next), 4);
		if (!next)
			return;
	}
}
