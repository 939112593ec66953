/* SPDX-License-Identifier: MIT */
/* The rooms of redial doctor. */
#ifndef REDIAL_DOCTOR_H
#define REDIAL_DOCTOR_H

#include <limits.h>
#include <stdbool.h>

#include "elf_file.h"
#include "find.h"

#define DEFAULT_POLICY "/etc/redial/redial.cfg"

/* libredial.so and redial-policy as they are installed with this program. */
struct installed {
	char library[PATH_MAX], tool[PATH_MAX];
	struct mapped mapped;
	struct elf_file file;
	char version[64]; /* "" if the library does not say */
};

/* false, and it is reported, if the library cannot be read. */
bool installed_find(struct installed *installed);

/* Reports on the library: where it is, whether it can be mapped and by whom. */
void installed_report(const struct installed *installed);

/* Which redial a library is, from its section .redial.version; "" if it does not say. */
void installed_version(const struct elf_file *file, char *version, size_t room);

/*
 * Reports on the policy of that path: whether it is right, and enabled. `shown` is how the user
 * knows it, `who` where it comes from ("REDIAL_POLICY", ...).
 */
void policy_report(const struct installed *installed, const char *path, const char *shown,
		   const char *who);

/*
 * The list `tls` of the policy of that path ("": the built-in one), as it would be written. false
 * if it cannot be told, or the policy is wrong or switches redial off.
 */
bool policy_tls(const struct installed *installed, const char *path, char *list, size_t room);

/* How many TLS sessions of a process are followed, as redial stat knows; -1 if it does not. */
long stat_sessions(const struct installed *installed, int pid);

/*
 * All about a command that is to be started, its arguments behind it (policy: the file asked for,
 * or NULL); exit status.
 */
int command_examine(const struct installed *installed, char *const *command, const char *policy);

/* All about a process that runs; exit status. */
int process_examine(const struct installed *installed, int pid);

#endif
