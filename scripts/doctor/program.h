/* SPDX-License-Identifier: MIT */
/* What an ELF program is, and what of it redial can reach. Each finding is reported. */
#ifndef REDIAL_PROGRAM_H
#define REDIAL_PROGRAM_H

#include "elf_file.h"
#include "libraries.h"

struct program {
	const char *path; /* where it can be read */
	const char *name; /* its own name, without folders: what is known of programs goes by it */
	const char
	    *root; /* in front of the paths of its loader and libraries: "", /proc/PID/root */
	const struct elf_file *file;
	const struct elf_file *library; /* libredial.so */
	const char *tls; /* the policy's list `tls`, as text; NULL: it cannot be told */
	bool running;
};

/* Is it, a library too, what Go's compiler makes, which makes its system calls itself? */
bool program_is_go(const struct elf_file *file);

/* Can it load libredial.so at all: architecture, static or dynamic, Go, loader, rights. */
void program_report_kind(const struct program *program);

/*
 * Its libc, TLS, io_uring, calls of its own, and libraries that were not found. Returns whether TLS
 * sessions of its are followed.
 */
bool program_report_reach(const struct program *program, const struct libraries *libraries);

/* The same of programs that are known by name: known.c. true if it is one. */
bool known_report(const char *name, bool running);

#endif
