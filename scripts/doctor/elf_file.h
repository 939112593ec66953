/* SPDX-License-Identifier: MIT */
/*
 * A reader of ELF files of both classes and byte orders: elf(5) and the System V ABI. It takes any
 * bytes whatever: what lies outside of the file reads as nothing.
 */
#ifndef REDIAL_ELF_FILE_H
#define REDIAL_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
	const unsigned char *data;
	size_t size;
	bool wide;		     /* 64-bit */
	bool big;		     /* the most significant byte first */
	uint16_t type;		     /* ET_EXEC, ET_DYN, ... */
	uint16_t machine;	     /* EM_... */
	uint64_t segments, sections; /* where the headers lie */
	uint32_t segment_size, segment_count, section_size, section_count, names_index;
	uint64_t dynamic, dynamic_len; /* of PT_DYNAMIC; 0 if there is none */
	uint64_t strings, strings_len; /* of the dynamic section, as an offset into the file */
	const char *loader;	       /* PT_INTERP; NULL if there is none */
};

/* What a symbol's name is, and whether this file defines it. Return false to hear of no more. */
typedef bool elf_symbol(void *context, const char *name, bool defined);

/* One text of the dynamic section or of the version needs. Return false to hear of no more. */
typedef bool elf_text(void *context, const char *text);

/*
 * Reads the headers. `data` has to outlive *file. false if it is no ELF file, or one whose header
 * is cut short or of an unknown kind.
 */
bool elf_open(struct elf_file *file, const void *data, size_t size);

/* Is the other one for the same class, byte order and machine? */
bool elf_same_machine(const struct elf_file *file, const struct elf_file *other);

/* "x86_64", "aarch64", ...; "machine N" in a buffer of its own for those that have no name here. */
const char *elf_machine_name(const struct elf_file *file);

/* The section of that name: its bytes and length; NULL if there is none, or none in the file. */
const void *elf_section(const struct elf_file *file, const char *name, size_t *len);

/* Where in the file the `index`-th piece is that can be executed; false behind the last one. */
bool elf_executable(const struct elf_file *file, uint32_t index, uint64_t *offset, uint64_t *len);

/* Is there a note (PT_NOTE) of that owner? */
bool elf_has_note(const struct elf_file *file, const char *owner);

/* The value of the first dynamic entry `tag`; false if there is none. */
bool elf_dynamic(const struct elf_file *file, uint64_t tag, uint64_t *value);

/* Each dynamic entry `tag` (DT_NEEDED, DT_RPATH, DT_SONAME, ...) as the text that it stands for. */
void elf_dynamic_texts(const struct elf_file *file, uint64_t tag, elf_text *each, void *context);

/* The symbols that the loader sees. */
void elf_dynamic_symbols(const struct elf_file *file, elf_symbol *each, void *context);

/* Those of .symtab, which a stripped file lacks. */
void elf_static_symbols(const struct elf_file *file, elf_symbol *each, void *context);

/* The names of the versions that are needed (GNU_VERNEED), or that are defined (GNU_VERDEF). */
void elf_needed_versions(const struct elf_file *file, elf_text *each, void *context);
void elf_defined_versions(const struct elf_file *file, elf_text *each, void *context);

/* For elf_dynamic.c: a number of 2, 4 or 8 bytes, 0 if it is not all in the file. */
uint64_t elf_number(const struct elf_file *file, uint64_t offset, unsigned bytes);

/* An address or size, of 4 or 8 bytes as the class has it. */
uint64_t elf_word(const struct elf_file *file, uint64_t offset);

/* The text at that offset, which ends before `end`; NULL if it does not. */
const char *elf_string(const struct elf_file *file, uint64_t offset, uint64_t end);

/* Where in the file a virtual address is: UINT64_MAX if nowhere. */
uint64_t elf_offset_of(const struct elf_file *file, uint64_t address);

/* The other way round: the address of what is at `offset`; 0 if it is not loaded. */
uint64_t elf_address_of(const struct elf_file *file, uint64_t offset);

/* The address of the word that the loader fills with the function `name` that the file asks for; 0.
 */
uint64_t elf_word_of(const struct elf_file *file, const char *name);

/* The first section of that type: where, how long, how large each entry, and its sh_link. */
struct elf_table {
	uint64_t offset, len, entry;
	uint32_t link;
};
bool elf_section_of_type(const struct elf_file *file, uint32_t type, struct elf_table *table);
bool elf_section_at(const struct elf_file *file, uint32_t index, struct elf_table *table);

#endif
