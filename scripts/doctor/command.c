/* SPDX-License-Identifier: MIT */
/* A command that is to be started: what redial COMMAND would come to. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addons.h"
#include "program.h"
#include "report.h"
#include "wrapper.h"

enum { SCRIPTS_MAX = 5 }; /* a script's interpreter may be a script: execve(2) */

/* Which one is in force; "" for the built-in one. */
static const char *find_policy(const char *policy, const char **who)
{
	*who = "--policy";
	if (!policy || !*policy) {
		policy = getenv("REDIAL_POLICY");
		*who = "REDIAL_POLICY";
	}
	if ((!policy || !*policy) && access(DEFAULT_POLICY, F_OK) == 0) {
		policy = DEFAULT_POLICY;
		*who = "the default place";
	}
	return policy ? policy : "";
}

static void report_policy(const struct installed *installed, const char *policy)
{
	const char *who;

	policy = find_policy(policy, &who);
	if (*policy)
		policy_report(installed, policy, policy, who);
	else
		report(MARK_OK, "policy", "the built-in one");
}

static void report_environment(void)
{
	const char *disable = getenv("REDIAL_DISABLE"), *preload = getenv("LD_PRELOAD");

	if (disable && strcmp(disable, "1") == 0)
		report(MARK_NO, "environ", "REDIAL_DISABLE=1 switches redial off: unset it");
	if (preload && *preload)
		report(MARK_OK, "environ", "LD_PRELOAD holds %s: redial goes in front of it",
		       preload);
}

static int refuse(enum find found, const char *path, const char *asked_by)
{
	const char *by = asked_by ? asked_by : "", *asks = asked_by ? " asks for " : "";

	if (found == FIND_MISSING)
		return report_untold("%s%s%s%s is not found", by, asks, path,
				     asked_by ? ", which" : "");
	if (find_is_noexec(path))
		return report_untold("%s%s%s cannot be executed: its mount is noexec", by, asks,
				     path);
	return report_untold("%s%s%s cannot be executed", by, asks, path);
}

/*
 * `path` is the interpreter of the script, and becomes what is to be looked at: of a shell script
 * that execs a program that program.
 */
static void follow_script(const char *script, const struct mapped *mapped, char path[PATH_MAX])
{
	char program[PATH_MAX], real[PATH_MAX], own[PATH_MAX];

	if (wrapper_is_shell(path) && wrapper_program(mapped->data, mapped->size, program) &&
	    realpath(program, real) && realpath(script, own) && strcmp(real, own) != 0) {
		report(MARK_OK, "script", "%s, run by %s, execs %s", script, path, program);
		strcpy(path, program);
	} else {
		report(MARK_OK, "script", "%s, run by %s", script, path);
	}
}

/*
 * Past #! to the file that the kernel runs, which stays mapped; `script` is the last one in front
 * of it, or "". false, status set, if there is none.
 */
static bool find_file(const char *command, char path[PATH_MAX], char script[PATH_MAX],
		      struct mapped *mapped, int *status)
{
	char name[PATH_MAX];
	enum find found = find_program(command, path);

	*script = '\0';
	*status = DOCTOR_UNTOLD;
	if (found != FIND_FOUND) {
		*status = refuse(found, path, NULL);
		return false;
	}
	for (int i = 0; i <= SCRIPTS_MAX; i++) {
		if (!find_map(path, mapped)) {
			*status = report_untold("%s may be executed, but not read: %s", path,
						strerror(errno));
			return false;
		}
		if (!find_interpreter(mapped->data, mapped->size, name))
			return true;
		strcpy(script, path);
		found = find_program(name, path);
		if (found == FIND_FOUND)
			follow_script(script, mapped, path);
		find_unmap(mapped);
		if (found != FIND_FOUND) {
			*status = refuse(found, path, script);
			return false;
		}
	}
	*status = report_untold("%s: too many scripts that run scripts", command);
	return false;
}

/* The first argument that is no option: mostly what an interpreter runs. "" if there is none. */
static const char *first_word(char *const *command)
{
	while (*++command)
		if (**command != '-')
			return *command;
	return "";
}

int command_examine(const struct installed *installed, char *const *command, const char *policy)
{
	static struct libraries libraries;
	struct program program = {.root = "", .library = &installed->file};
	char path[PATH_MAX], script[PATH_MAX], real[PATH_MAX], text[PATH_MAX + 2], list[256];
	const char *who;
	struct mapped mapped;
	struct elf_file file;
	int status;

	installed_report(installed);
	if (!find_file(*command, path, script, &mapped, &status))
		return status;
	if (!elf_open(&file, mapped.data, mapped.size))
		return report_untold("%s is neither an ELF file nor a script with #!", path);
	program.path = realpath(path, real) ? real : path;
	program.name = find_name(program.path);
	program.file = &file;
	if (policy_tls(installed, find_policy(policy, &who), list, sizeof(list)))
		program.tls = list;
	program_report_kind(&program);
	if (!report_cannot()) {
		libraries_find(&libraries, &file, program.path);
		libraries_beside(&libraries, &file, program.path);
		if (addons_are_for(program.name))
			addons_find(&libraries, &file, *script ? script : first_word(command));
		program_report_reach(&program, &libraries);
	}
	report_environment();
	report_policy(installed, policy);
	snprintf(text, sizeof(text), "%s", *command);
	return report_verdict(text);
}
