/* SPDX-License-Identifier: MIT */
/*
 * The library that reads a policy in text form, which is opened for that moment alone. It calls
 * libconfig by its names, and a program that has functions of these names, as lighttpd has
 * config_init, would be called in its place (dlopen(3): symbols of the main program come first).
 */
#ifndef REDIAL_PROCESS_PARSER_H
#define REDIAL_PROCESS_PARSER_H

#include <stdbool.h>

/* dlfcn.h's; any may be NULL. */
struct parser_calls {
	void *(*open)(const char *path, int mode);
	void *(*find)(void *library, const char *name);
	int (*close)(void *library);
	char *(*error)(void);
};

/* NULL: it cannot be had, or (*taken) its names are the program's own, and so is malloc. */
void *parser_open(const struct parser_calls *calls, const char *path, bool *taken);

#endif
