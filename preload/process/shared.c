/* SPDX-License-Identifier: MIT */
#include "shared.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "../../policy/state_file.h"
#include "../os/mem.h"
#include "../os/pause.h"
#include "../os/start.h"
#include "../os/sys.h"

static struct state *shared;		    /* what is used */
SET_AT_START static struct state *attached; /* the launch's, not looked at yet */
static struct state_head announced;	    /* what its file says that it begins with */

static bool read_file(const char *path, uid_t user)
{
	struct stat file;
	int fd = (int)sys4(openat, AT_FDCWD, path,
			   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return false;
	bool fits = sys2(fstat, fd, &file) == 0 && state_file_fits(&file, user) &&
		    sys3(read, fd, &announced, sizeof(announced)) == sizeof(announced) &&
		    state_ok(&announced);
	sys1(close, fd);
	return fits;
}

/*
 * Touches no page of it: most processes never make a connection. The look comes first, for in
 * another IPC namespace the id is of a segment that is somebody else's.
 */
void shared_join(const char *path)
{
	struct shmid_ds memory;
	uid_t user = (uid_t)sys0(geteuid);
	if (!read_file(path, user) || sys3(shmctl, announced.id, IPC_STAT, &memory) < 0 ||
	    !state_memory_fits(&memory, &announced, user))
		return;
	long at = sys3(shmat, announced.id, 0, 0);
	attached = at < 0 && at > -4096 ? NULL : (struct state *)at;
}

static uint64_t now_ms(void)
{
	struct timespec now;
	if (sys2(clock_gettime, CLOCK_MONOTONIC, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Not static memory: children are to share it, and every process would map room for it. */
static struct state *make_own(void)
{
	static struct pause pause;
	if (!pause_is_over(&pause))
		return NULL;
	long at =
	    sys6(mmap, 0, STATE_OWN_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool given = at >= 0 || at <= -4096;
	pause_note(&pause, given);
	if (!given)
		return NULL;
	state_init((struct state *)at, now_ms());
	return (struct state *)at;
}

static struct state *settle(void)
{
	struct state *none = NULL;
	bool fits = attached && memcmp(&attached->head, &announced, sizeof(announced)) == 0;
	struct state *found = fits ? attached : make_own();
	if (!found)
		return NULL;
	if (__atomic_compare_exchange_n(&shared, &none, found, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return found;
	if (!fits)
		sys2(munmap, found, STATE_OWN_LEN); /* another thread was first */
	return none;
}

struct state *shared_state(void)
{
	struct state *known = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	return known ? known : settle();
}

AT_START bool shared_is_joined(void)
{
	return attached;
}

struct state *shared_launch(void)
{
	return attached && shared_state() == attached ? attached : NULL;
}
