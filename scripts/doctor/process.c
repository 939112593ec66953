/* SPDX-License-Identifier: MIT */
/* A process that runs: is redial in it, under which policy, and if not why. */
#include "doctor.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../policy/compiled.h"
#include "program.h"
#include "report.h"

#define OURS "libredial.so"
#define GONE " (deleted)"

struct process {
	int pid;
	char root[40];		/* in front of paths as the process sees them */
	char program[PATH_MAX]; /* its file, as it sees it */
	char environment[1 << 17];
	size_t environment_len;
	bool environment_known;
	char library[PATH_MAX]; /* libredial.so as it is mapped; "": it is not */
	bool replaced;		/* that file is no longer there */
	char range[64];		/* the first one mapped, for /proc/PID/map_files */
};

static size_t read_some(const struct process *process, const char *name, void *data, size_t room)
{
	char path[64];
	size_t len = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", process->pid, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	len = fread(data, 1, room, file);
	fclose(file);
	return len;
}

/* As it was when the process began; NULL if it had none. */
static const char *variable(const struct process *process, const char *name)
{
	size_t len = strlen(name);

	for (size_t at = 0; at < process->environment_len;
	     at += strlen(process->environment + at) + 1)
		if (strncmp(process->environment + at, name, len) == 0 &&
		    process->environment[at + len] == '=')
			return process->environment + at + len + 1;
	return NULL;
}

/* AT_SECURE of the auxiliary vector: getauxval(3). */
static bool is_secure(const struct process *process)
{
	unsigned long vector[128];
	size_t len = read_some(process, "auxv", vector, sizeof(vector)) / sizeof(*vector);

	for (size_t i = 0; i + 1 < len; i += 2)
		if (vector[i] == AT_SECURE)
			return vector[i + 1];
	return false;
}

/* Seconds since 1970 when the process began, from proc(5); 0 if that cannot be told. */
static time_t start_of(const struct process *process)
{
	char text[1024], line[256];
	unsigned long long ticks = 0, boot = 0;
	size_t len = read_some(process, "stat", text, sizeof(text) - 1);
	const char *at;
	FILE *file;

	text[len] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoull(at, NULL, 10);
	file = fopen("/proc/stat", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "btime %llu", &boot) == 1)
			break;
	if (file)
		fclose(file);
	return boot && ticks ? (time_t)(boot + ticks / (unsigned long)sysconf(_SC_CLK_TCK)) : 0;
}

/* Fills in what /proc/PID/maps says of our library. */
static void find_library(struct process *process)
{
	char name[40], line[PATH_MAX + 200];
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", process->pid);
	maps = fopen(name, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		char *path = strchr(line, '/'), *gone;

		line[strcspn(line, "\n")] = '\0';
		if (!path)
			continue;
		gone = strstr(path, GONE);
		if (gone && !gone[strlen(GONE)])
			*gone = '\0';
		else
			gone = NULL;
		if (strcmp(find_name(path), OURS) != 0)
			continue;
		process->replaced = gone;
		snprintf(process->library, sizeof(process->library), "%s", path);
		snprintf(process->range, sizeof(process->range), "map_files/%.*s",
			 (int)strcspn(line, " "), line);
		break;
	}
	if (maps)
		fclose(maps);
}

static bool version_in(const char *path, char *version, size_t room)
{
	struct mapped mapped;
	struct elf_file file;

	if (!find_map(path, &mapped))
		return false;
	*version = '\0';
	if (elf_open(&file, mapped.data, mapped.size))
		installed_version(&file, version, room);
	find_unmap(&mapped);
	return true;
}

/* It is in: which one. */
static void report_library(const struct process *process, const struct installed *installed)
{
	char path[PATH_MAX + 80], version[64] = "";
	const char *preload = variable(process, "LD_PRELOAD");
	bool named = preload && strstr(preload, OURS);

	snprintf(path, sizeof(path), "/proc/%d/%s", process->pid, process->range);
	if (!version_in(path, version, sizeof(version)) && !process->replaced) {
		snprintf(path, sizeof(path), "%s%s", process->root, process->library);
		version_in(path, version, sizeof(version));
	}
	report(MARK_OK, "library", "%s is in%s: redial %s", process->library,
	       !named && process->environment_known ? ", not by LD_PRELOAD" : "",
	       *version ? version : "of an unknown version");
	if (process->replaced)
		report(MARK_WARN, "library",
		       "that file was removed or replaced since: the process goes on with the "
		       "old one until it is started again");
	else if (*version && strcmp(version, installed->version) != 0)
		report(MARK_WARN, "library", "this redial is %s", installed->version);
}

/* It is not in, and LD_PRELOAD names it: what the loader may have failed at. */
static void report_failed(const struct process *process, const struct installed *installed,
			  const char *path)
{
	char whole[PATH_MAX + 40];
	struct mapped mapped;
	struct elf_file file;
	bool elf;

	snprintf(whole, sizeof(whole), "%s%s", process->root, path);
	if (!find_map(whole, &mapped)) {
		report(MARK_NO, "library", "LD_PRELOAD names %s: %s", path, strerror(errno));
		return;
	}
	elf = elf_open(&file, mapped.data, mapped.size);
	if (!elf || !elf_same_machine(&file, &installed->file))
		report(MARK_NO, "library", "%s is %s", path,
		       elf ? "for another architecture" : "damaged");
	else if (find_is_noexec(whole))
		report(MARK_NO, "library",
		       "%s is on a noexec mount: no loader can map it. Install it elsewhere", path);
	else
		report(MARK_NO, "library",
		       "LD_PRELOAD names %s, but it is not in: was it there, and readable for "
		       "this user, when the process began?",
		       path);
	find_unmap(&mapped);
}

/* It is not in, and the program could have it: why? */
static void report_absent(const struct process *process, const struct installed *installed)
{
	const char *preload = variable(process, "LD_PRELOAD"), *at;
	char path[PATH_MAX];

	if (is_secure(process)) {
		report(MARK_NO, "library",
		       "not in: the process began with more rights than its parent (set-user-ID "
		       "or capabilities), and the loader drops LD_PRELOAD");
		return;
	}
	if (!process->environment_known) {
		report(MARK_NO, "library", "not in");
		return;
	}
	while (preload && *preload) {
		int len = (int)strcspn(preload, ": ");

		snprintf(path, sizeof(path), "%.*s", len, preload);
		at = find_name(path);
		if (strcmp(at, OURS) == 0) {
			report_failed(process, installed, path);
			return;
		}
		preload += len;
		preload += strspn(preload, ": ");
	}
	report(MARK_NO, "library",
	       "not in: it was started without it, or its parent cleared the environment "
	       "(sudo, su -, env -i); start it again under redial");
}

/* libredial-policy.so, which reads texts, is linked with glibc. */
static bool is_text(const char *path)
{
	struct mapped mapped;
	bool text;

	if (!find_map(path, &mapped))
		return false;
	text = !mapped.data || !compiled_is(mapped.data, mapped.size);
	find_unmap(&mapped);
	return text;
}

enum { WHOLE_MAX = PATH_MAX + 60 };

/*
 * Which policy is in force, and into `whole` where it can be read from here: "" for the built-in
 * one. Returns who names it, or NULL if that cannot be told.
 */
static const char *find_policy(const struct process *process, const char **path,
			       char whole[WHOLE_MAX])
{
	const char *who = "REDIAL_POLICY";
	struct stat st;

	*path = variable(process, who);
	*whole = '\0';
	if (!process->environment_known)
		return NULL;
	if (!*path || !**path) {
		*path = DEFAULT_POLICY;
		who = "the default place";
	}
	if (**path == '/')
		snprintf(whole, WHOLE_MAX, "%s%s", process->root, *path);
	else
		snprintf(whole, WHOLE_MAX, "/proc/%d/cwd/%s", process->pid, *path);
	if (strcmp(who, "REDIAL_POLICY") != 0 && stat(whole, &st) < 0 && errno == ENOENT)
		*whole = '\0';
	return who;
}

static void report_policy(const struct process *process, const struct installed *installed,
			  bool musl)
{
	char whole[WHOLE_MAX];
	const char *path, *who = find_policy(process, &path, whole);
	time_t start = start_of(process);
	struct stat st;

	if (!who) {
		report(MARK_UNKNOWN, "policy", "its environment cannot be read");
		return;
	}
	if (!*whole) {
		report(MARK_OK, "policy", "the built-in one");
		return;
	}
	policy_report(installed, whole, path, who);
	if (musl && is_text(whole))
		report(MARK_NO, "policy",
		       "it is a text, which under musl cannot be read; name a compiled one: "
		       "redial-policy compile FILE -o OUT");
	if (start && stat(whole, &st) == 0 && st.st_mtime > start)
		report(MARK_WARN, "policy",
		       "it was changed after the process began: what was in it then is in force");
}

static void report_switches(const struct process *process)
{
	const char *disable = variable(process, "REDIAL_DISABLE"),
		   *log = variable(process, "REDIAL_LOG");

	if (disable && strcmp(disable, "1") == 0)
		report(MARK_NO, "environ", "REDIAL_DISABLE=1 has switched redial off");
	if (log && *log)
		report(MARK_OK, "log", "%s (REDIAL_LOG)", log);
}

/* Of a process whose sessions may be followed: are there any right now? */
static void report_sessions(const struct process *process, const struct installed *installed)
{
	long sessions = stat_sessions(installed, process->pid);

	if (sessions >= 0)
		report(MARK_OK, "https", "%ld TLS session%s followed right now", sessions,
		       sessions == 1 ? " is" : "s are");
	else
		report(MARK_UNKNOWN, "https",
		       "how many sessions are followed right now is told of processes that "
		       "`redial` has launched");
}

/* What the process runs. false, and told, if that cannot be read. */
static bool open_program(struct process *process, struct mapped *mapped, struct elf_file *file,
			 int *status)
{
	char path[40];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	len = readlink(path, process->program, sizeof(process->program) - 1);
	if (len < 0 && errno == ENOENT && access("/proc/self/exe", F_OK) == 0) {
		char folder[40];

		snprintf(folder, sizeof(folder), "/proc/%d", process->pid);
		*status = access(folder, F_OK) < 0
			      ? report_untold("there is no process %d", process->pid)
			      : report_untold("process %d is the kernel's own, or has ended",
					      process->pid);
		return false;
	}
	if (len >= 0)
		process->program[len] = '\0';
	if (len < 0 || !find_map(path, mapped)) {
		*status = report_untold("process %d may not be looked at (%s): ask as its user, "
					"or as root",
					process->pid, strerror(errno));
		return false;
	}
	if (!elf_open(file, mapped->data, mapped->size)) {
		*status = report_untold("what process %d runs is no ELF file", process->pid);
		return false;
	}
	return true;
}

int process_examine(const struct installed *installed, int pid)
{
	static struct process process;
	static struct libraries libraries;
	struct program program = {.library = &installed->file, .running = true};
	struct mapped mapped;
	struct elf_file file;
	char text[40], list[256], whole[WHOLE_MAX];
	const char *path;
	int status, error;

	process.pid = pid;
	snprintf(process.root, sizeof(process.root), "/proc/%d/root", pid);
	if (!open_program(&process, &mapped, &file, &status))
		return status;
	error = libraries_of_process(&libraries, pid);
	if (error)
		return report_untold("process %d may not be looked at (%s): ask as its user, or "
				     "as root",
				     pid, strerror(error));
	process.environment_len =
	    read_some(&process, "environ", process.environment, sizeof(process.environment) - 1);
	process.environment_known = process.environment_len > 0;
	program.path = process.program;
	program.name = find_name(process.program);
	program.root = process.root;
	program.file = &file;
	program_report_kind(&program);
	find_library(&process);
	if (!*process.library && !report_cannot())
		report_absent(&process, installed);
	if (*process.library) {
		report_library(&process, installed);
		if (find_policy(&process, &path, whole) &&
		    policy_tls(installed, whole, list, sizeof(list)))
			program.tls = list;
		if (program_report_reach(&program, &libraries))
			report_sessions(&process, installed);
		report_switches(&process);
		report_policy(&process, installed, file.loader && strstr(file.loader, "ld-musl"));
	}
	snprintf(text, sizeof(text), "process %d", pid);
	return report_verdict_process(text);
}
