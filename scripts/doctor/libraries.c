/* SPDX-License-Identifier: MIT */
#include "libraries.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"

/* What one look-up goes by. */
struct search {
	struct libraries *list;
	const struct elf_file *program; /* whose machine a library has to be for */
	const char *program_path;
	const struct elf_file *asking; /* who names it */
	const char *asking_path;
	struct mapped cache;
	bool musl;
};

void libraries_add(struct libraries *list, const char *name, const char *path)
{
	if (list->count == LIBRARIES_MAX)
		return;
	list->each[list->count].name = strdup(name);
	list->each[list->count].path = path ? strdup(path) : NULL;
	if (list->each[list->count].name)
		list->count++;
}

static bool is_known(const struct libraries *list, const char *name)
{
	for (unsigned i = 0; i < list->count; i++)
		if (strcmp(list->each[i].name, name) == 0)
			return true;
	return false;
}

static bool fits(const struct search *search, const char *path)
{
	struct mapped mapped;
	struct elf_file file;
	bool fitting;

	if (!find_map(path, &mapped))
		return false;
	fitting =
	    elf_open(&file, mapped.data, mapped.size) && elf_same_machine(&file, search->program);
	find_unmap(&mapped);
	return fitting;
}

/* Puts `len` bytes of a folder's name into `path`, $ORIGIN being that of `origin`. */
static bool expand(char path[PATH_MAX], const char *folder, size_t len, const char *origin)
{
	static const char *const tokens[] = {"$ORIGIN", "${ORIGIN}"};
	size_t at = 0;

	for (size_t i = 0; i < len;) {
		size_t token = 0;

		for (int t = 0; t < 2 && !token; t++)
			if (len - i >= strlen(tokens[t]) &&
			    strncmp(folder + i, tokens[t], strlen(tokens[t])) == 0)
				token = strlen(tokens[t]);
		if (token) {
			char own[PATH_MAX];

			snprintf(own, sizeof(own), "%s", origin);
			find_folder(own);
			if (at + strlen(own) >= PATH_MAX)
				return false;
			at += (size_t)sprintf(path + at, "%s", own);
			i += token;
		} else if (folder[i] == '$' || at + 1 >= PATH_MAX) {
			return false; /* $LIB and $PLATFORM are the loader's own */
		} else {
			path[at++] = folder[i++];
		}
	}
	path[at] = '\0';
	return at > 0;
}

/* Looks in the folders of a list that is separated by colons (and more, `between`). */
static bool in_folders(const struct search *search, const char *folders, const char *between,
		       const char *origin, const char *name, char path[PATH_MAX])
{
	while (folders && *folders) {
		size_t len = strcspn(folders, between), at;

		if (expand(path, folders, len, origin)) {
			at = strlen(path);
			if (snprintf(path + at, PATH_MAX - at, "/%s", name) <
				(int)(PATH_MAX - at) &&
			    fits(search, path))
				return true;
		}
		folders += len;
		folders += strspn(folders, between);
	}
	return false;
}

struct folders {
	const struct search *search;
	const char *origin, *name;
	char *path;
	bool found;
};

static bool look_in(void *context, const char *text)
{
	struct folders *in = context;

	in->found = in_folders(in->search, text, ":", in->origin, in->name, in->path);
	return !in->found;
}

/* In the folders of `tag`, DT_RPATH or DT_RUNPATH, of a file. */
static bool in_own(const struct search *search, const struct elf_file *file, const char *origin,
		   uint64_t tag, const char *name, char path[PATH_MAX])
{
	struct folders in = {search, origin, name, path, false};

	elf_dynamic_texts(file, tag, look_in, &in);
	return in.found;
}

/*
 * The cache, glibc's dl-cache.h: perhaps an old one first ("ld.so-1.7.0", 12 bytes for each of its
 * entries), then a header of 48 bytes and entries of 24. Its texts are counted from that header.
 */
const char *libraries_cached(const void *data, size_t size, const char *name, unsigned number)
{
	static const char old[] = "ld.so-1.7.0", new[] = "glibc-ld.so.cache1.1";
	const char *bytes = data;
	size_t base = 0;
	uint32_t count, key, value;

	if (size >= 16 && memcmp(bytes, old, sizeof(old) - 1) == 0) {
		memcpy(&count, bytes + 12, 4);
		base = (16 + (size_t)count * 12 + 7) & ~(size_t)7;
	}
	if (base > size || size - base < 48 || memcmp(bytes + base, new, sizeof(new) - 1) != 0)
		return NULL;
	memcpy(&count, bytes + base + 20, 4);
	for (size_t i = 0, at = base + 48; i < count && size - at >= 24; i++, at += 24) {
		memcpy(&key, bytes + at + 4, 4);
		memcpy(&value, bytes + at + 8, 4);
		if (key >= size - base || value >= size - base ||
		    !memchr(bytes + base + key, '\0', size - base - key) ||
		    !memchr(bytes + base + value, '\0', size - base - value) ||
		    strcmp(bytes + base + key, name) != 0)
			continue;
		if (!number--)
			return bytes + base + value;
	}
	return NULL;
}

static bool in_cache(const struct search *search, const char *name, char path[PATH_MAX])
{
	const char *cached;

	for (unsigned i = 0;
	     search->cache.data &&
	     (cached = libraries_cached(search->cache.data, search->cache.size, name, i));
	     i++)
		if (snprintf(path, PATH_MAX, "%s", cached) < PATH_MAX && fits(search, path))
			return true;
	return false;
}

/* Where a loader looks that was told nothing; musl's own list is a file named after the machine. */
static bool in_usual(const struct search *search, const char *name, char path[PATH_MAX])
{
	const char *machine = elf_machine_name(search->program);
	char folders[PATH_MAX], list[PATH_MAX];
	struct mapped mapped;
	size_t len;

	if (!search->musl) {
		snprintf(folders, sizeof(folders),
			 "/lib/%s-linux-gnu:/usr/lib/%s-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib",
			 machine, machine);
		return in_folders(search, folders, ":", "/", name, path);
	}
	snprintf(list, sizeof(list), "/etc/ld-musl-%s.path", machine);
	snprintf(folders, sizeof(folders), "/lib:/usr/local/lib:/usr/lib");
	if (find_map(list, &mapped)) {
		len = mapped.size < sizeof(folders) ? mapped.size : sizeof(folders) - 1;
		if (len)
			memcpy(folders, mapped.data, len);
		folders[len] = '\0';
		find_unmap(&mapped);
	}
	return in_folders(search, folders, ":\n", "/", name, path);
}

static bool locate(const struct search *search, const char *name, char path[PATH_MAX])
{
	uint64_t value;

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && fits(search, path);
	if (!elf_dynamic(search->asking, DT_RUNPATH, &value) &&
	    (in_own(search, search->asking, search->asking_path, DT_RPATH, name, path) ||
	     in_own(search, search->program, search->program_path, DT_RPATH, name, path)))
		return true;
	return in_folders(search, getenv("LD_LIBRARY_PATH"), ":;", search->program_path, name,
			  path) ||
	       in_own(search, search->asking, search->asking_path, DT_RUNPATH, name, path) ||
	       (!search->musl && in_cache(search, name, path)) || in_usual(search, name, path);
}

static bool add_needed(void *context, const char *name)
{
	struct search *search = context;
	char path[PATH_MAX];

	/* musl's libc is its loader. */
	if (search->musl && (strcmp(name, "libc.so") == 0 || strncmp(name, "libc.musl-", 10) == 0))
		return true;
	if (search->list->count < LIBRARIES_MAX && !is_known(search->list, name))
		libraries_add(search->list, name, locate(search, name, path) ? path : NULL);
	return true;
}

void libraries_find(struct libraries *list, const struct elf_file *program, const char *path)
{
	struct search search = {
	    .list = list, .program = program, .program_path = path, .asking = program};

	list->count = 0;
	search.asking_path = path;
	search.musl = program->loader && strstr(program->loader, "ld-musl");
	find_map("/etc/ld.so.cache", &search.cache);
	elf_dynamic_texts(program, DT_NEEDED, add_needed, &search);
	for (unsigned i = 0; i < list->count; i++) {
		struct mapped mapped;
		struct elf_file file;

		if (!list->each[i].path || !find_map(list->each[i].path, &mapped))
			continue;
		search.asking = &file;
		search.asking_path = list->each[i].path;
		if (elf_open(&file, mapped.data, mapped.size))
			elf_dynamic_texts(&file, DT_NEEDED, add_needed, &search);
		find_unmap(&mapped);
	}
	find_unmap(&search.cache);
}

static bool see_dlopen(void *context, const char *name, bool defined)
{
	bool *opens = context;

	*opens |= !defined && strcmp(name, "dlopen") == 0;
	return !*opens;
}

void libraries_beside(struct libraries *list, const struct elf_file *program, const char *path)
{
	struct search search = {.program = program};
	char folder[PATH_MAX], whole[PATH_MAX];
	struct dirent *entry;
	bool opens = false;
	DIR *dir;

	elf_dynamic_symbols(program, see_dlopen, &opens);
	if (!opens)
		return;
	snprintf(folder, sizeof(folder), "%s", path);
	find_folder(folder);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		const char *end = strstr(entry->d_name, ".so");

		if (end && (!end[3] || end[3] == '.') && !is_known(list, entry->d_name) &&
		    snprintf(whole, sizeof(whole), "%s/%s", folder, entry->d_name) < PATH_MAX &&
		    fits(&search, whole))
			libraries_add(list, entry->d_name, whole);
	}
	if (dir)
		closedir(dir);
}

int libraries_of_process(struct libraries *list, int pid)
{
	char name[40], line[PATH_MAX + 200];
	FILE *maps;

	list->count = 0;
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return errno;
	errno = 0;
	while (fgets(line, sizeof(line), maps)) {
		char *path = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (path && !is_known(list, find_name(path)))
			libraries_add(list, find_name(path), path);
	}
	if (ferror(maps) && !errno)
		errno = EIO;
	fclose(maps);
	return errno;
}
