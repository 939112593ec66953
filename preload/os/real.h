/* SPDX-License-Identifier: MIT */
/* The next function of each hooked call: libc's, or that of another interposer behind us. */
#ifndef REDIAL_OS_REAL_H
#define REDIAL_OS_REAL_H

#include <aio.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

struct real {
#define X(result, name, parameters, arguments, word) result(*name) parameters;
#include "../hooks/symbols.def"
#undef X
};

/*
 * Always callable: each entry looks up its function when it is called first (next.h), and goes on
 * there. For a call that this libc does not have something stands in (stand_in.h), or it fails with
 * ENOSYS.
 */
extern struct real real __attribute__((visibility("hidden")));

/*
 * From now on nothing is looked up under a lock, those of X_LATER aside; where that cannot be they
 * are all looked up. Safe to call more than once.
 */
void real_resolve(void);

/* The same only of those that are plain system calls until then (X_EARLY). */
void real_resolve_early(void);

/* Looks vfork up, if it has not been: no function of C may come between it and its caller. */
void real_resolve_vfork(void);

/*
 * The address of name in any loaded library, or NULL. For what only some libcs have (dladdr,
 * dlopen), never from a signal handler: the
 * look-up takes the loader's lock.
 */
void *real_find(const char *name);

/*
 * What a hooked call does for a tracked descriptor stays out of the hook itself: for all others
 * that is a look-up and a jump, with no register saved.
 */
#define TRACKED __attribute__((noinline))

/* Marks the definition of a hooked call: the only symbols that leave the library. */
#define HOOK __attribute__((visibility("default")))

#endif
