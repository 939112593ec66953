/* SPDX-License-Identifier: MIT */
/* Libraries that a JavaScript program opens while it runs. */
#ifndef REDIAL_ADDONS_H
#define REDIAL_ADDONS_H

#include "libraries.h"

/* Is a program of that name one that opens addons (*.node)? */
bool addons_are_for(const char *program);

/*
 * Adds to the list those for the program's machine below the folder node_modules that `script`
 * finds: beside it, or beside one of the folders around it. Others than the first some hundred
 * thousand files are not looked at.
 */
void addons_find(struct libraries *list, const struct elf_file *program, const char *script);

/* Is that library one? */
bool addons_is(const char *name);

#endif
