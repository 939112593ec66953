/* SPDX-License-Identifier: MIT */
/* The hooks that need no code of their own: the list's words say all there is to say of them. */
#include <stdlib.h>

#include "../calls/child.h"
#include "../calls/placeholder.h"
#include "../conn/table.h"
#include "../os/real.h"

/* What is not tracked goes on with a look-up and a jump. Whatever is called fd is the descriptor.
 */
#define HOOKED(result, name, parameters, arguments)                                                \
	HOOK result name parameters                                                                \
	{                                                                                          \
		return __builtin_expect(!table_find(fd), 1) ? real.name arguments                  \
							    : tracked_##name arguments;            \
	}

#define MAKE_forward(result, name, parameters, arguments)                                          \
	result name parameters;                                                                    \
	static TRACKED result tracked_##name parameters                                            \
	{                                                                                          \
		struct conn *conn = call_hold_still(fd, &fd);                                      \
		result answer = real.name arguments;                                               \
		if (conn)                                                                          \
			conn_unlock(conn);                                                         \
		return answer;                                                                     \
	}                                                                                          \
	HOOKED(result, name, parameters, arguments)

#define MAKE_end(result, name, parameters, arguments)                                              \
	static TRACKED result tracked_##name parameters                                            \
	{                                                                                          \
		call_end_rescue(fd, REASON_SHARED);                                                \
		return real.name arguments;                                                        \
	}                                                                                          \
	HOOKED(result, name, parameters, arguments)

#define MAKE_exec(result, name, parameters, arguments)                                             \
	HOOK result name parameters                                                                \
	{                                                                                          \
		if (__builtin_expect(table.near != 0, 0))                                          \
			call_before_exec();                                                        \
		return real.name arguments;                                                        \
	}

/* glibc's headers know them from 2.39 on. */
int pidfd_spawn(int *child, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
int pidfd_spawnp(int *child, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);

/* These have hooks elsewhere. */
#define MAKE_none(...)
#define MAKE_memory(...)
#define MAKE_option(...)
#define MAKE_hold(...)
#define MAKE_drive(...)
#define MAKE_stream(...)
#define MAKE_open(...)
#define MAKE_after(...)
#define MAKE_let_go(...)
#define MAKE_refuse(...)
#define MAKE_follow(...)
#define MAKE_wait(...)
#define MAKE_fork(...)

#define X(result, name, parameters, arguments, word)                                               \
	MAKE_##word(result, name, parameters, arguments)
#include "symbols.def"

/* The same calls, by the names that they have where off_t was narrower once. */
#define ALSO(name, other)                                                                          \
	extern __typeof__(name) redial_##other __asm__(#other)                                     \
	    __attribute__((alias(#name), visibility("default"), nothrow, leaf));
ALSO(fstat, fstat64)
ALSO(fstatat, fstatat64)
ALSO(__fxstat, __fxstat64)
ALSO(__fxstatat, __fxstatat64)
ALSO(lseek, lseek64)
