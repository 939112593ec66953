/* SPDX-License-Identifier: MIT */
/*
 * An object that the loader has mapped, as its dynamic section tells (elf(5)): which libraries it
 * needs, what it defines, and the slots by which it calls others.
 */
#ifndef REDIAL_TLS_OBJECT_H
#define REDIAL_TLS_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_object {
	uintptr_t base;
	uintptr_t low, high; /* where it is mapped */
	const ElfW(Dyn) * dynamic;
	const char *strings;
	const ElfW(Sym) * symbols;
	const uint32_t *hash; /* DT_GNU_HASH */
	const ElfW(Rela) * slots[2];
	size_t slot_count[2];
	const char *soname; /* "" if it has none */
	uintptr_t relro;    /* what is read-only once it is relocated */
	size_t relro_len;
};

/* Fills it from what dl_iterate_phdr tells. false if it is of no use. */
bool tls_object_read(struct tls_object *object, const struct dl_phdr_info *info);

/* The name of the at-th library that it needs; NULL at their end. */
const char *tls_object_needs(const struct tls_object *object, size_t at);

/* The address of what it defines by this name; 0 if it does not. */
uintptr_t tls_object_symbol(const struct tls_object *object, const char *name);

/* Does it have this address? */
static inline bool tls_object_has(const struct tls_object *object, uintptr_t address)
{
	return address >= object->low && address < object->high;
}

/*
 * Calls `visit` for each slot that the loader has filled with the address of a symbol. What that
 * returns is written there, if it is another one than `value`.
 */
typedef uintptr_t tls_visit(void *context, const struct tls_object *object, const char *name,
			    uintptr_t value);
void tls_object_slots(const struct tls_object *object, tls_visit *visit, void *context);

/* Writes into a word of the object's, which may be read-only. */
void tls_object_put(const struct tls_object *object, uintptr_t *slot, uintptr_t value);

#endif
