/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "find.h"
#include "report.h"

bool program_is_go(const struct elf_file *file)
{
	size_t len;

	return elf_section(file, ".go.buildinfo", &len) ||
	       elf_section(file, ".note.go.buildid", &len) || elf_has_note(file, "Go");
}

/* Without a loader: what has a soname, or no place to begin, is not a program that is static. */
static void report_without_loader(const struct program *program)
{
	const struct elf_file *file = program->file;
	const char *machine = elf_machine_name(file);
	uint64_t value;
	bool pie = elf_dynamic(file, DT_FLAGS_1, &value) && (value & DF_1_PIE);

	if (file->type != ET_EXEC && file->type != ET_DYN)
		report(MARK_NO, "program", "%s is an ELF file, but no program", program->path);
	else if (file->type == ET_DYN && !pie && elf_dynamic(file, DT_SONAME, &value))
		report(MARK_NO, "program", "%s is a library, no program", program->path);
	else if (program_is_go(file))
		report(MARK_NO, "program",
		       "%s is a static Go program: nothing can be preloaded into it. Go's "
		       "net/http sends again by itself",
		       program->path);
	else
		report(MARK_NO, "program",
		       "%s (%s) is static%s: nothing can be preloaded into it. One linked with "
		       "a shared libc could be helped",
		       program->path, machine, file->type == ET_DYN ? "-pie" : "");
}

static void report_loader(const struct program *program)
{
	const char *loader = program->file->loader;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", program->root, loader);
	if (access(path, F_OK) < 0)
		report(MARK_NO, "loader",
		       "%s is not there: the program cannot start. Install its libc", loader);
	else if (!strstr(loader, "ld-musl") && !strstr(loader, "ld-linux") &&
		 !strstr(loader, "/ld64.so") && !strstr(loader, "/ld.so"))
		report(MARK_WARN, "loader",
		       "%s is neither glibc's nor musl's: redial was never tried with it", loader);
}

/*
 * Which of the program's rights make the kernel start it in secure-execution mode (AT_SECURE),
 * where ld.so(8) drops LD_PRELOAD: capabilities(7), execve(2).
 */
static void report_rights(const struct program *program)
{
	static const char way[] = "the loader drops LD_PRELOAD; glibc's /etc/ld.so.preload would "
				  "reach it";
	struct stat st;
	bool root = getuid() == 0;

	/* With no_new_privs the kernel gives no rights, and so drops nothing. */
	if (stat(program->path, &st) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ||
	    find_is_nosuid(program->path))
		return;
	if (st.st_mode & S_ISUID)
		report(st.st_uid == getuid() ? MARK_WARN : MARK_NO, "rights", "set-user-ID: %s%s",
		       st.st_uid == getuid() ? "for other users " : "", way);
	if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		report(st.st_gid == getgid() ? MARK_WARN : MARK_NO, "rights", "set-group-ID: %s%s",
		       st.st_gid == getgid() ? "for other users " : "", way);
	if (getxattr(program->path, "security.capability", NULL, 0) > 0)
		report(root ? MARK_WARN : MARK_NO, "rights", "file capabilities: %s%s",
		       root ? "for users but root " : "", way);
}

void program_report_kind(const struct program *program)
{
	const struct elf_file *file = program->file;

	if (!elf_same_machine(file, program->library)) {
		char machine[40];

		snprintf(machine, sizeof(machine), "%s", elf_machine_name(file));
		report(MARK_NO, "program", "%s is for %s, libredial.so for %s: build one for it",
		       program->path, machine, elf_machine_name(program->library));
		return;
	}
	if (!file->loader) {
		report_without_loader(program);
		return;
	}
	if (program_is_go(file))
		report(MARK_NO, "program",
		       "%s is a Go program: it makes its system calls itself, past libc. Go's "
		       "net/http sends again by itself",
		       program->path);
	else
		report(MARK_OK, "program", "%s, %s, dynamic", program->path,
		       elf_machine_name(file));
	report_loader(program);
	if (!program->running)
		report_rights(program);
}
