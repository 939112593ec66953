/* SPDX-License-Identifier: MIT */
#include "told.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "../os/arena.h"
#include "../os/clock.h"
#include "../os/file.h"
#include "../os/jitter.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "../process/live.h"
#include "../process/shared.h"
#include "held.h"
#include "line.h"
#include "sink.h"
#include "told_file.h"

enum {
	CONNECTIONS_A_SECOND = 16, /* times that it is told */
	EVENTS_A_SECOND = 32,
	TICK_MS = 10,	  /* as /proc/PID/stat counts, proc(5), on all machines that we know */
	NOTICED_MS = 20,  /* a busy machine's scheduler takes as long */
	REST_TIMES = 100, /* as long as it took, it is left alone then */
	REST_MAX_MS = 600000,
};

/* The process in which a thread is at it: a forked child finds what its parent's was. */
static uint32_t under_way;
static uint64_t rest_until_ms;
static uint32_t told_by; /* the process that has told it last, in this memory */
static uint32_t root;	 /* the process that the state is named after, if that is its own */
static bool complained;

static uint64_t random_bits(void)
{
	uint64_t bits;
	if (sys3(getrandom, &bits, sizeof(bits), 1 /* GRND_NONBLOCK */) != (long)sizeof(bits))
		bits = (uint64_t)jitter_bits((uintptr_t)&bits) << 32 | jitter_bits(os_now_ms());
	return bits ? bits : 1;
}

static uint64_t own_pids(void)
{
	struct os_file space;
	return os_file_at("/proc/self/ns/pid", &space) ? space.inode : 0;
}

/* A state that no launcher made has no name yet. false while another thread gives it one. */
static bool name_state(struct state *state, uint32_t pid)
{
	uint32_t nobody = 0;
	struct timespec now = {0};
	if (__atomic_load_n(&state->head.nonce, __ATOMIC_ACQUIRE))
		return true;
	if (!__atomic_compare_exchange_n(&state->head.root_pid, &nobody, pid, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return false;
	sys2(clock_gettime, CLOCK_BOOTTIME, &now);
	state->head.root_start =
	    ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) / TICK_MS;
	state->head.root_space = own_pids();
	root = pid;
	__atomic_store_n(&state->head.nonce, random_bits(), __ATOMIC_RELEASE);
	return true;
}

/* All processes of the launch take turns. What is not told goes with what is told next. */
static bool has_turn(struct state *state, enum told_moment moment, uint64_t now_ms)
{
	uint64_t second = now_ms / 1000;
	uint64_t most = moment == TOLD_EVENT ? EVENTS_A_SECOND : CONNECTIONS_A_SECOND;
	uint64_t last = __atomic_load_n(&state->told, __ATOMIC_RELAXED), next;
	do {
		bool same = last >> 8 == second;
		if (same && (last & 0xff) >= most)
			return false;
		next = same ? last + 1 : second << 8 | 1;
	} while (!__atomic_compare_exchange_n(&state->told, &last, next, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

static int open_folder(void)
{
	struct stat folder;
	if (*config.told_dir != '/')
		return -EINVAL;
	int fd = (int)sys4(openat, AT_FDCWD, config.told_dir,
			   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	if (sys2(fstat, fd, &folder) == 0 &&
	    (!folder.st_uid || folder.st_uid == (uid_t)sys0(geteuid)))
		return fd;
	sys1(close, fd);
	return -EPERM;
}

static int write_and_name(int folder, const struct told_names *names, struct state *state)
{
	struct told_head head = {.magic = TOLD_MAGIC,
				 .version = STATE_VERSION,
				 .size = sizeof(head) + TOLD_STATE_LEN,
				 .pid = (uint32_t)sys0(getpid),
				 .uid = (uint32_t)sys0(geteuid),
				 .pids = own_pids(),
				 .at = (uint64_t)(uintptr_t)state,
				 .told_ms = os_now_ms()};
	struct timespec now = {0};
	sys2(clock_gettime, CLOCK_REALTIME, &now);
	head.told_s = now.tv_sec;
	memcpy(head.program, config.program, sizeof(head.program));
	int error = told_write(folder, names->fresh, &head, state);
	if (error != -EEXIST)
		return error ? error : told_rename(folder, names);
	/* Left behind by one that was killed, or put there by somebody: it is not looked at. */
	sys3(unlinkat, folder, names->fresh, 0);
	error = told_write(folder, names->fresh, &head, state);
	return error ? error : told_rename(folder, names);
}

static void complain(int error)
{
	struct log_line line;
	if (__atomic_exchange_n(&complained, true, __ATOMIC_RELAXED))
		return;
	const char *why = "cannot be written to";
	if (error == -ENOENT)
		why = "is not there";
	else if (error == -ENOTDIR || error == -ELOOP)
		why = "is no folder";
	else if (error == -EPERM)
		why = "is another user's, or holds what is";
	else if (error == -EACCES || error == -EROFS)
		why = "may not be written to";
	else if (error == -ENOSPC || error == -EDQUOT)
		why = "is full";
	else if (error == -EINVAL)
		why = "is no absolute path of at most 255 bytes";
	else if (error == -EFBIG)
		why = "cannot be written to: files may not be that large";
	line_begin(&line, "state");
	line_put_text(&line, "result", "untold");
	line_put_text(&line, "file", config.told_dir);
	line_put_text(&line, "error", why);
	log_sink_send(&line, 5 /* LOG_NOTICE */);
}

static int tell(struct state *state, uint32_t pid)
{
	struct told_names names;
	int folder = open_folder();
	if (folder < 0)
		return folder;
	told_name(&names, state->head.nonce, (uint32_t)sys0(geteuid), (uint32_t)sys0(gettid));
	if (told_by != pid && root == pid)
		told_sweep(folder);
	int error = write_and_name(folder, &names, state);
	sys1(close, folder);
	return error;
}

static void rest(uint64_t began_ms)
{
	uint64_t now_ms = os_now_ms();
	uint64_t rest_ms = (now_ms - began_ms) * REST_TIMES;
	if (now_ms - began_ms < NOTICED_MS)
		return;
	__atomic_store_n(&rest_until_ms, now_ms + (rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS),
			 __ATOMIC_RELAXED);
}

/* One thread at a time: on a file system that hangs no other one is held up. */
void told_tell(enum told_moment moment)
{
	const uint64_t held = HELD;
	uint64_t before, now_ms = os_now_ms();
	uint32_t pid = (uint32_t)sys0(getpid);
	uint32_t at_it = __atomic_load_n(&under_way, __ATOMIC_RELAXED);
	struct state *state = shared_state();
	if (!state || (arena_ready() && !arena_is_ours()) || at_it == pid ||
	    now_ms < __atomic_load_n(&rest_until_ms, __ATOMIC_RELAXED) || !name_state(state, pid) ||
	    !has_turn(state, moment, now_ms) ||
	    !__atomic_compare_exchange_n(&under_way, &at_it, pid, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	int error = (int)sys4(rt_sigprocmask, SIG_BLOCK, &held, &before, sizeof(held));
	if (!error) {
		error = tell(state, pid);
		sys4(rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof(before));
	}
	told_by = pid;
	__atomic_store_n(&under_way, 0, __ATOMIC_RELEASE);
	rest(now_ms);
	if (error)
		complain(error);
}

void told_end(void)
{
	uint32_t pid = (uint32_t)sys0(getpid);
	struct told_names names;
	if (!config.told_dir || told_by != pid)
		return;
	live_leave();
	if (root != pid) {
		told_tell(TOLD_EVENT);
		return;
	}
	int folder = open_folder();
	if (folder < 0)
		return;
	told_name(&names, shared_state()->head.nonce, (uint32_t)sys0(geteuid), 0);
	sys3(unlinkat, folder, names.known, 0);
	sys1(close, folder);
}
