/* SPDX-License-Identifier: MIT */
#include "launches.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More files are not looked at: the launcher sweeps those of launches that are over. */
enum { FILES_MAX = 4096 };

/* The name of a launch's file: PID-START. */
#define FILES "/[0-9]*-[0-9]*"

static struct launch *find_known(const struct launches *found, const struct launch *launch)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->each[i].nonce == launch->nonce)
			return &found->each[i];
	return NULL;
}

static void add(struct launches *found, const struct launch *launch)
{
	if (found->count == found->room) {
		found->room = found->room ? found->room * 2 : 4;
		found->each = realloc(found->each, found->room * sizeof(*found->each));
		if (!found->each) {
			fputs("redial stat: out of memory\n", stderr);
			exit(3);
		}
	}
	found->each[found->count++] = *launch;
}

void launches_take(struct launches *found, const struct launch *launch, enum launch_result result)
{
	struct launch *known = result == LAUNCH_ALIVE ? find_known(found, launch) : NULL;

	/* Several users may have told of one. */
	if (known && launch->read_ms > known->read_ms)
		*known = *launch;
	else if (result == LAUNCH_ALIVE && !known)
		add(found, launch);
	found->others += result == LAUNCH_OTHER;
}

static void read_matching(struct launches *found, const char *pattern)
{
	static struct launch launch;
	glob_t files;

	if (glob(pattern, GLOB_NOSORT, NULL, &files))
		return;
	for (size_t i = 0; i < files.gl_pathc && i < FILES_MAX; i++)
		launches_take(found, &launch, launch_read(&launch, files.gl_pathv[i], 0));
	globfree(&files);
}

/* Folders named by the environment: a glob would take what is special in their names for a pattern.
 */
static void read_below(struct launches *found, const char *parent, const char *format)
{
	char path[PATH_MAX], plain[PATH_MAX];
	size_t len = 0;

	if (!parent || parent[0] != '/')
		return;
	for (; *parent && len < sizeof(plain) - 2; parent++) {
		if (strchr("*?[\\", *parent))
			plain[len++] = '\\';
		plain[len++] = *parent;
	}
	plain[len] = '\0';
	len = (size_t)snprintf(path, sizeof(path), "%s/", plain);
	if (len + 100 > sizeof(path))
		return;
	len += (size_t)snprintf(path + len, sizeof(path) - len, format, geteuid());
	snprintf(path + len, sizeof(path) - len, FILES);
	read_matching(found, path);
}

static int by_age(const void *a, const void *b)
{
	const struct launch *first = a, *second = b;

	if (first->since_s != second->since_s)
		return first->since_s < second->since_s ? -1 : 1;
	return (first->pid > second->pid) - (first->pid < second->pid);
}

void launches_sort(struct launches *found)
{
	if (found->count)
		qsort(found->each, found->count, sizeof(*found->each), by_age);
}

void launches_find(struct launches *found)
{
	if (geteuid() == 0) {
		read_matching(found, "/dev/shm/redial-*" FILES);
		read_matching(found, "/run/user/*/redial" FILES);
		read_matching(found, "/tmp/redial-shared-*" FILES);
	} else {
		read_below(found, "/dev/shm", "redial-%u");
		read_below(found, "/run/user", "%u/redial");
		read_below(found, "/tmp", "redial-shared-%u");
	}
	read_below(found, getenv("XDG_RUNTIME_DIR"), "redial");
	read_below(found, getenv("TMPDIR"), "redial-shared-%u");
	launches_sort(found);
}

int launches_add_of(struct launches *found, uint32_t pid)
{
	static struct launch launch;
	enum launch_result result = launch_read_process(&launch, pid);

	if (result == LAUNCH_NONE)
		return errno;
	launches_take(found, &launch, result);
	return 0;
}

void launches_compare(struct launches *now, const struct launches *before)
{
	for (size_t i = 0; i < now->count; i++) {
		struct launch *launch = &now->each[i];

		for (size_t j = 0; j < before->count; j++) {
			const struct launch *old = &before->each[j];

			if (old->nonce == launch->nonce && launch->requests >= old->requests &&
			    launch->read_ms > old->read_ms)
				launch->per_second = (double)(launch->requests - old->requests) *
						     1000 /
						     (double)(launch->read_ms - old->read_ms);
		}
	}
}

void launches_drop(struct launches *found)
{
	free(found->each);
	memset(found, 0, sizeof(*found));
}
