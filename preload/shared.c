/* SPDX-License-Identifier: MIT */
#include "shared.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "../policy/state_file.h"
#include "sys.h"

static struct state *shared;

static struct state *map(int flags, int fd)
{
	long at = sys6(mmap, 0, sizeof(struct state), PROT_READ | PROT_WRITE, flags, fd, 0);
	return at < 0 && at > -4096 ? NULL : (struct state *)at;
}

static void unmap(struct state *state)
{
	sys2(munmap, state, sizeof(*state));
}

static struct state *map_file(int fd)
{
	struct stat file;
	if (sys2(fstat, fd, &file) < 0 || !state_file_fits(&file, (uid_t)sys0(geteuid)))
		return NULL;
	struct state *state = map(MAP_SHARED, fd);
	if (state && !state_ok(state)) {
		unmap(state);
		return NULL;
	}
	return state;
}

void shared_map(const char *path)
{
	int fd = (int)sys4(openat, AT_FDCWD, path,
			   O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return;
	shared = map_file(fd);
	sys1(close, fd);
	/* So that the launcher does not sweep it away from the processes to come. */
	struct timespec now;
	if (shared && sys2(clock_gettime, CLOCK_REALTIME, &now) == 0)
		__atomic_store_n(&shared->last_used_s, (uint64_t)now.tv_sec, __ATOMIC_RELAXED);
}

/* Not static memory: children are to share it, and every process would map room for it. */
static struct state *make_own(void)
{
	struct state *none = NULL;
	struct state *own = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	struct timespec now;
	if (!own)
		return NULL;
	if (sys2(clock_gettime, CLOCK_MONOTONIC, &now) < 0)
		now = (struct timespec){0};
	state_init(own, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
	if (__atomic_compare_exchange_n(&shared, &none, own, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return own;
	unmap(own); /* another thread was first */
	return none;
}

struct state *shared_state(void)
{
	struct state *known = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	return known ? known : make_own();
}
