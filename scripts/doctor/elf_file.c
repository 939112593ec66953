/* SPDX-License-Identifier: MIT */
#include "elf_file.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* Where a field lies in the header of this class. */
#define FIELD(file, kind, name)                                                                    \
	((file)->wide ? offsetof(Elf64_##kind, name) : offsetof(Elf32_##kind, name))
#define SIZE_OF(file, kind) ((file)->wide ? sizeof(Elf64_##kind) : sizeof(Elf32_##kind))

uint64_t elf_number(const struct elf_file *file, uint64_t offset, unsigned bytes)
{
	uint64_t number = 0;

	if (offset > file->size || bytes > file->size - offset)
		return 0;
	for (unsigned i = 0; i < bytes; i++)
		number = number << 8 | file->data[offset + (file->big ? i : bytes - 1 - i)];
	return number;
}

uint64_t elf_word(const struct elf_file *file, uint64_t offset)
{
	return elf_number(file, offset, file->wide ? 8 : 4);
}

const char *elf_string(const struct elf_file *file, uint64_t offset, uint64_t end)
{
	if (end > file->size)
		end = file->size;
	if (offset >= end || !memchr(file->data + offset, '\0', end - offset))
		return NULL;
	return (const char *)file->data + offset;
}

static uint64_t half(const struct elf_file *file, uint64_t offset)
{
	return elf_number(file, offset, 2);
}

/* One program header, its fields in the order of the 64-bit one. */
struct segment {
	uint64_t type, flags, offset, address, len;
};

static bool segment_at(const struct elf_file *file, uint32_t index, struct segment *segment)
{
	uint64_t at = file->segments + (uint64_t)index * file->segment_size;

	if (index >= file->segment_count || at < file->segments || at >= file->size ||
	    file->size - at < SIZE_OF(file, Phdr))
		return false;
	segment->type = elf_number(file, at, 4);
	segment->flags = elf_number(file, at + FIELD(file, Phdr, p_flags), 4);
	segment->offset = elf_word(file, at + FIELD(file, Phdr, p_offset));
	segment->address = elf_word(file, at + FIELD(file, Phdr, p_vaddr));
	segment->len = elf_word(file, at + FIELD(file, Phdr, p_filesz));
	return true;
}

uint64_t elf_offset_of(const struct elf_file *file, uint64_t address)
{
	struct segment segment;

	for (uint32_t i = 0; segment_at(file, i, &segment); i++)
		if (segment.type == PT_LOAD && address >= segment.address &&
		    address - segment.address < segment.len && segment.offset < file->size)
			return segment.offset + (address - segment.address);
	return UINT64_MAX;
}

uint64_t elf_address_of(const struct elf_file *file, uint64_t offset)
{
	struct segment segment;

	for (uint32_t i = 0; segment_at(file, i, &segment); i++)
		if (segment.type == PT_LOAD && offset >= segment.offset &&
		    offset - segment.offset < segment.len)
			return segment.address + (offset - segment.offset);
	return 0;
}

static void read_segments(struct elf_file *file)
{
	struct segment segment;
	uint64_t address;

	for (uint32_t i = 0; segment_at(file, i, &segment); i++) {
		if (segment.type == PT_INTERP && !file->loader &&
		    segment.offset + segment.len > segment.offset)
			file->loader =
			    elf_string(file, segment.offset, segment.offset + segment.len);
		if (segment.type == PT_DYNAMIC && !file->dynamic && segment.offset < file->size) {
			file->dynamic = segment.offset;
			file->dynamic_len = segment.len;
		}
	}
	if (file->dynamic_len > file->size - file->dynamic)
		file->dynamic_len = file->size - file->dynamic;
	if (!elf_dynamic(file, DT_STRTAB, &address))
		return;
	file->strings = elf_offset_of(file, address);
	if (file->strings >= file->size || !elf_dynamic(file, DT_STRSZ, &file->strings_len))
		file->strings_len = 0;
	else if (file->strings_len > file->size - file->strings)
		file->strings_len = file->size - file->strings;
}

bool elf_open(struct elf_file *file, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	memset(file, 0, sizeof(*file));
	if (size < sizeof(Elf32_Ehdr) || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
	    (bytes[EI_CLASS] != ELFCLASS32 && bytes[EI_CLASS] != ELFCLASS64) ||
	    (bytes[EI_DATA] != ELFDATA2LSB && bytes[EI_DATA] != ELFDATA2MSB))
		return false;
	file->wide = bytes[EI_CLASS] == ELFCLASS64;
	file->big = bytes[EI_DATA] == ELFDATA2MSB;
	if (size < SIZE_OF(file, Ehdr))
		return false;
	file->data = bytes;
	file->size = size;
	file->type = half(file, offsetof(Elf64_Ehdr, e_type));
	file->machine = half(file, offsetof(Elf64_Ehdr, e_machine));
	file->segments = elf_word(file, FIELD(file, Ehdr, e_phoff));
	file->segment_size = half(file, FIELD(file, Ehdr, e_phentsize));
	file->segment_count = half(file, FIELD(file, Ehdr, e_phnum));
	file->sections = elf_word(file, FIELD(file, Ehdr, e_shoff));
	file->section_size = half(file, FIELD(file, Ehdr, e_shentsize));
	file->section_count = half(file, FIELD(file, Ehdr, e_shnum));
	file->names_index = half(file, FIELD(file, Ehdr, e_shstrndx));
	if (file->segment_size < SIZE_OF(file, Phdr))
		file->segment_count = 0;
	if (!file->sections || file->section_size < SIZE_OF(file, Shdr))
		file->section_count = 0;
	read_segments(file);
	return true;
}

bool elf_same_machine(const struct elf_file *file, const struct elf_file *other)
{
	return file->wide == other->wide && file->big == other->big &&
	       file->machine == other->machine;
}

const char *elf_machine_name(const struct elf_file *file)
{
	static const struct {
		uint16_t machine;
		bool wide, big;
		const char *name;
	} names[] = {
	    {EM_X86_64, true, false, "x86_64"},
	    {EM_X86_64, false, false, "x32"},
	    {EM_386, false, false, "i386"},
	    {EM_AARCH64, true, false, "aarch64"},
	    {EM_ARM, false, false, "arm"},
	    {EM_RISCV, true, false, "riscv64"},
	    {EM_PPC64, true, false, "ppc64le"},
	    {EM_PPC64, true, true, "ppc64"},
	    {EM_S390, true, true, "s390x"},
	    {EM_MIPS, false, true, "mips"},
	    {EM_LOONGARCH, true, false, "loongarch64"},
	};
	static char other[40];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].machine == file->machine && names[i].wide == file->wide &&
		    names[i].big == file->big)
			return names[i].name;
	snprintf(other, sizeof(other), "machine %u", file->machine);
	return other;
}

bool elf_section_at(const struct elf_file *file, uint32_t index, struct elf_table *table)
{
	uint64_t at = file->sections + (uint64_t)index * file->section_size;

	if (index >= file->section_count || at < file->sections || at >= file->size ||
	    file->size - at < SIZE_OF(file, Shdr))
		return false;
	table->offset = elf_word(file, at + FIELD(file, Shdr, sh_offset));
	table->len = elf_word(file, at + FIELD(file, Shdr, sh_size));
	table->entry = elf_word(file, at + FIELD(file, Shdr, sh_entsize));
	table->link = (uint32_t)elf_number(file, at + FIELD(file, Shdr, sh_link), 4);
	/* SHT_NOBITS has a length, and no bytes in the file. */
	if (elf_number(file, at + FIELD(file, Shdr, sh_type), 4) == SHT_NOBITS ||
	    table->offset >= file->size)
		table->offset = table->len = 0;
	else if (table->len > file->size - table->offset)
		table->len = file->size - table->offset;
	return true;
}

bool elf_section_of_type(const struct elf_file *file, uint32_t type, struct elf_table *table)
{
	for (uint32_t i = 0; elf_section_at(file, i, table); i++)
		if (elf_number(file,
			       file->sections + (uint64_t)i * file->section_size +
				   FIELD(file, Shdr, sh_type),
			       4) == type)
			return true;
	return false;
}

const void *elf_section(const struct elf_file *file, const char *name, size_t *len)
{
	struct elf_table names, section;

	if (!elf_section_at(file, file->names_index, &names))
		return NULL;
	for (uint32_t i = 0; elf_section_at(file, i, &section); i++) {
		uint64_t at =
		    elf_number(file, file->sections + (uint64_t)i * file->section_size, 4);
		const char *text = elf_string(file, names.offset + at, names.offset + names.len);

		if (text && strcmp(text, name) == 0) {
			*len = section.len;
			return section.len ? file->data + section.offset : NULL;
		}
	}
	return NULL;
}

bool elf_executable(const struct elf_file *file, uint32_t index, uint64_t *offset, uint64_t *len)
{
	struct segment segment;

	for (uint32_t i = 0; segment_at(file, i, &segment); i++) {
		if (segment.type != PT_LOAD || !(segment.flags & PF_X) || index-- > 0)
			continue;
		*offset = segment.offset < file->size ? segment.offset : file->size;
		*len = file->size - *offset;
		if (*len > segment.len)
			*len = segment.len;
		return true;
	}
	return false;
}

/* One note after another: sizes of the name and of what follows, a type; all padded to 4 bytes. */
static bool note_within(const struct elf_file *file, uint64_t at, uint64_t end, const char *owner)
{
	size_t len = strlen(owner) + 1;

	while (at < end && end - at >= 12) {
		uint64_t name_len = elf_number(file, at, 4), more = elf_number(file, at + 4, 4);

		if (name_len == len && end - at >= 12 + len &&
		    memcmp(file->data + at + 12, owner, len) == 0)
			return true;
		at += 12 + ((name_len + 3) & ~UINT64_C(3)) + ((more + 3) & ~UINT64_C(3));
	}
	return false;
}

bool elf_has_note(const struct elf_file *file, const char *owner)
{
	struct segment segment;

	for (uint32_t i = 0; segment_at(file, i, &segment); i++) {
		uint64_t end = segment.offset + segment.len;

		if (segment.type == PT_NOTE && end >= segment.offset &&
		    segment.offset < file->size &&
		    note_within(file, segment.offset, end < file->size ? end : file->size, owner))
			return true;
	}
	return false;
}
