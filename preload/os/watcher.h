/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors of ours: a watcher is an epoll descriptor with a timer in it, which is
 * readable when there is something to go on with.
 */
#ifndef REDIAL_OS_WATCHER_H
#define REDIAL_OS_WATCHER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An epoll descriptor, close-on-exec, that watches the timer; and the timer itself. Return the
 * descriptor or a negative errno.
 */
int os_timer(void);
int os_watcher(int timer);

/* Lets the timer fire in_ms from now; 0 fires at once. */
void os_timer_set(int timer, uint64_t in_ms);

/* Has the watcher report when fd is connected or writable. Returns 0 or a negative errno. */
int os_watch(int watcher, int fd);

/* The same for one that is watched already, by these events of epoll. */
void os_watch_for(int watcher, int fd, uint32_t events);

/*
 * The same, or when it has something to read, of one that it watches already. Whoever waits for
 * edges is told even if that is so by now, and the watcher was ready for what it watched before.
 */
int os_watch_anew(int watcher, int fd, bool reply);

/*
 * The watcher is about to go from its number, where threads may wait for it whom nothing else would
 * wake: lets it tell for good of fd, which comes there instead.
 */
void os_leave_watcher(int watcher, int fd);

/* Has it report nothing of fd any more. */
void os_unwatch(int watcher, int fd);

/* Is what lies at fd the very watcher that watches this timer? */
bool os_is_watcher(int fd, int timer);

/*
 * Wait until fd, a watcher or any other descriptor, is readable or writable, or has an end to tell
 * of, for at most timeout_ms; UINT64_MAX: without end. Return 1, 0 when the time is over, or a
 * negative errno such as -EINTR. Nothing is taken from what lies at fd.
 */
int os_wait(int fd, uint64_t timeout_ms);
int os_wait_writable(int fd, uint64_t timeout_ms);
int os_wait_for(int fd, short events, uint64_t timeout_ms);

/*
 * Of a socket that has just taken nothing: has it room all the same? Then it is memory that the
 * system has too little of (send(2); tcp(7), tcp_mem), and no event tells when it has: it is to be
 * asked again after so long. os_wait_for_room waits for the one, or so long.
 */
enum { OS_SCARCE_MS = 50 };
bool os_has_room(int socket);
int os_wait_for_room(int socket, uint64_t timeout_ms);

/* The same as libc's own poll, in which a thread can be cancelled. */
int os_wait_cancellably(int fd, short events, uint64_t timeout_ms);

/*
 * After a wait was interrupted: does the kernel restart a blocking recv or send when a handler
 * returns? poll never does, so this stands in for it: yes if all of the program's handlers are
 * installed with SA_RESTART (signal(7)).
 */
bool os_restarts(void);

/* Between waits of ours: a thread can be cancelled here, as in any call that waits (pthreads(7)).
 */
void os_cancellation_point(void);

/* Closes a descriptor of ours; -1 is fine. */
void os_close(int fd);

#endif
