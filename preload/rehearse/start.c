/* SPDX-License-Identifier: MIT */
#include "start.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../../policy/compiled.h"
#include "../os/elevated.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "seat.h"

extern char **environ __attribute__((weak));

struct rehearsal rehearsal;

static const char *variable(const char *name)
{
	for (char **entry = environ; entry && *entry; entry++) {
		const char *rest = text_after(*entry, name);
		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

/* Maps len bytes of the file, or all of it if len is 0, which *got is then; NULL: it cannot be. */
static void *map_file(const char *path, size_t len, int sharing, size_t *got)
{
	bool shared = sharing == MAP_SHARED;
	struct stat file;
	int fd = (int)sys4(openat, AT_FDCWD, path, (shared ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	long at = -1;
	if (sys2(fstat, fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_size >= (off_t)len) {
		*got = len ? len : (size_t)file.st_size;
		at = sys6(mmap, 0, *got, PROT_READ | (shared ? PROT_WRITE : 0), sharing, fd, 0);
	}
	sys1(close, fd);
	return at < 0 && at > -4096 ? NULL : (void *)at;
}

static struct plan *find_plan(void)
{
	size_t len;
	const char *path = variable("REDIAL_REHEARSE");
	struct plan *plan = path ? map_file(path, sizeof(*plan), MAP_SHARED, &len) : NULL;
	if (!plan || memcmp(plan->magic, PLAN_MAGIC, sizeof(plan->magic)) != 0 ||
	    plan->size != sizeof(*plan) || plan->turn_count > FAULT_COUNT)
		return NULL;
	return plan;
}

/* The command hands a compiled policy down; what is none lets no request be sent again. */
static const struct policy *find_policy(void)
{
	static struct policy own;
	const char *path = variable("REDIAL_POLICY"), *why;
	size_t len;
	if (!path || !*path)
		return &policy_builtin;
	const void *file = map_file(path, 0, MAP_PRIVATE, &len);
	const struct policy *found = file ? compiled_open(file, len, &why) : NULL;
	if (found)
		compiled_copy(&own, found);
	return &own;
}

static __attribute__((constructor)) void start(void)
{
	real_resolve();
	struct plan *plan = os_is_elevated() ? NULL : find_plan(); /* it may be anybody's */
	if (!plan || !seat_open())
		return;
	rehearsal.policy = find_policy();
	__atomic_store_n(&rehearsal.plan, plan, __ATOMIC_RELEASE);
}
