/* SPDX-License-Identifier: MIT */
/* The program's epoll sets, and what the kernel says of them. */
#ifndef REDIAL_OS_EPOLL_H
#define REDIAL_OS_EPOLL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Remembers an epoll set that the program waits on, among some. The last one is not told again;
 * -1 there lets the next wait tell of any, and first look for descriptors closed past the hooks.
 */
extern int os_last_epoll_set __attribute__((visibility("hidden")));
void os_note_epoll_set(int epfd);

/* How many sets are remembered, and the one at a place, -1 if there is none. */
enum { OS_EPOLL_SETS = 64 };
int os_epoll_set(int place);

/* Calls of poll, select and their kin, more or less: whether there have been any tells enough. */
extern uint32_t os_waits __attribute__((visibility("hidden")));

/* What epfd waits for on fd right now; false if it does not, or /proc does not tell (proc(5)). */
bool os_epoll_registered(int epfd, int fd, uint32_t *events, uint64_t *data);

/*
 * epoll_ctl of the next interposer, which may hook it. errno is kept. Returns 0 or a negative
 * errno.
 */
int os_epoll_control(int epfd, int op, int fd, uint32_t events, uint64_t data);

/* The bits that are behaviour, not events to wait for: what a fired EPOLLONESHOT leaves. */
extern const uint32_t os_epoll_private_bits __attribute__((visibility("hidden")));

/*
 * What to register a watcher for, where the program asked for these events: the kernel refuses it
 * EPOLLEXCLUSIVE, and only EPOLLIN ever comes of it (rescue/room.h).
 */
uint32_t os_watcher_events(uint32_t events);

/*
 * Are both numbers of one set? Known by the kernel (kcmp(2)) where they differ; false if it does
 * not tell.
 */
bool os_epoll_same(int a, int b);

/*
 * Is fd in any epoll set that this process has open, or may it be? An io_uring with polls that
 * stand may poll it: the kernel does not tell what they are of, and those of many shots wait on at
 * a socket that has lost its number. Looks at all descriptors (/proc/self/fd); false too if there
 * is no /proc.
 */
bool os_epoll_any_may_have(int fd);

/*
 * Does the process wait by an io_uring? So it looks if one has polls that stand, or if there is one
 * and no epoll set, to which libuv's leads. Looks at all descriptors as well.
 */
bool os_ring_may_poll(void);

#endif
