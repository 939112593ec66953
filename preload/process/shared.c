/* SPDX-License-Identifier: MIT */
#include "shared.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "../../policy/state_file.h"
#include "../os/sys.h"

static struct state *shared; /* what is used */
static struct state *mapped; /* the launch's file, not looked at yet */

static struct state *map(int flags, int fd)
{
	long at = sys6(mmap, 0, sizeof(struct state), PROT_READ | PROT_WRITE, flags, fd, 0);
	return at < 0 && at > -4096 ? NULL : (struct state *)at;
}

/* Touches no page of it: most processes never make a connection. */
void shared_map(const char *path)
{
	struct stat file;
	int fd = (int)sys4(openat, AT_FDCWD, path,
			   O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return;
	if (sys2(fstat, fd, &file) == 0 && state_file_fits(&file, (uid_t)sys0(geteuid)))
		mapped = map(MAP_SHARED, fd);
	sys1(close, fd);
}

static uint64_t now_ms(clockid_t clock)
{
	struct timespec now;
	if (sys2(clock_gettime, clock, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Not static memory: children are to share it, and every process would map room for it. */
static struct state *make_own(void)
{
	struct state *own = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	if (own)
		state_init(own, now_ms(CLOCK_MONOTONIC));
	return own;
}

static struct state *settle(void)
{
	struct state *none = NULL;
	bool fits = mapped && state_ok(mapped);
	struct state *found = fits ? mapped : make_own();
	if (!found)
		return NULL;
	/* So that the launcher does not sweep the file away from the processes to come. */
	if (fits)
		__atomic_store_n(&found->last_used_s, now_ms(CLOCK_REALTIME) / 1000,
				 __ATOMIC_RELAXED);
	if (__atomic_compare_exchange_n(&shared, &none, found, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return found;
	if (!fits)
		sys2(munmap, found, sizeof(*found)); /* another thread was first */
	return none;
}

struct state *shared_state(void)
{
	struct state *known = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	return known ? known : settle();
}
