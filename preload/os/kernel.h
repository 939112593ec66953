/* SPDX-License-Identifier: MIT */
/* What the kernel knows of a socket, and the few things a rescue asks it to do. */
#ifndef REDIAL_KERNEL_H
#define REDIAL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../conn/conn.h"

/* An address of any family that we track. */
union os_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* The connection's peer: as connect was given it, or for a local socket as the kernel tells it. */
socklen_t conn_peer(const struct conn *conn, int fd, union os_address *addr);

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t os_now_ms(void);

/*
 * The number that the kernel gave the socket for its life (SO_COOKIE, Linux 4.6), or that of its
 * inode where the kernel knows no cookie; 0 if fd is no socket.
 */
uint64_t wire_cookie(int fd);

/* Has the peer's FIN or RST arrived, or the connection ended otherwise? (tcp(7), TCP_INFO) */
bool wire_is_dead(int fd);

/*
 * Is the connected TCP socket's count of received bytes (tcpi_bytes_received, Linux 4.1) the one
 * that the hooks saw? If not, bytes were read past us, or wait unread. A local socket has no such
 * count, nor has an old or emulated kernel: there it only says that nothing waits.
 */
bool wire_received_was(int fd, int family, uint64_t seen);

/* The same if bytes may wait unread: is what has been read of those that came what the hooks saw?
 */
bool wire_read_was(int fd, int family, uint64_t seen);

/* Takes the error that the next call would report (SO_ERROR); 0 at a mere end of stream. */
int wire_take_error(int fd);

/* Are there bytes to read? A pending error is left alone, which a read would take. */
bool wire_has_unread(int fd);

/* Is what there is to read the start of a 408 (Request Timeout) response? */
bool wire_has_408(int fd);

/*
 * Up to `room` bytes of what there is to read, which wire_peek leaves there. Never block. Return
 * the bytes, 0 at the end of the stream, or a negative errno.
 */
long wire_peek(int fd, void *bytes, size_t room);
long wire_receive(int fd, void *bytes, size_t room);

/* Seconds since 1970, by CLOCK_REALTIME. */
int64_t os_realtime_s(void);

/*
 * A new, non-blocking, close-on-exec stream socket of this family, that of `like`, with those of
 * the options set on it that a handshake depends on, bound to the same local address if `bound`.
 * Returns the descriptor, or a negative errno.
 */
int wire_socket_like(int like, int family, bool bound);

/* Copies the other options: can wait until the request is out and the peer at work on it. */
void wire_copy_options(int from, int to);

/*
 * Starts connecting fd. Returns 0 if it stands, -EINPROGRESS if it is under way, else a negative
 * errno. No state of the program's is touched: errno is kept.
 */
int wire_connect(int fd, const struct sockaddr *addr, socklen_t len);

/*
 * How a connection under way stands: 0 up, -EINPROGRESS still going, else a negative errno; a
 * connection to itself, which loopback gives when nobody listens, counts as -ECONNREFUSED.
 */
int wire_connect_result(int fd, const struct sockaddr *peer, socklen_t peer_len);

/* Send without blocking or raising SIGPIPE. Return the bytes taken, or a negative errno. */
long wire_send(int fd, const void *bytes, size_t len);
long wire_send_pieces(int fd, const struct iovec *pieces, int count);

/*
 * Waits until a watcher has something to report, or until any descriptor is readable, for at most
 * timeout_ms. Return 1, 0 when the time is over, or a negative errno such as -EINTR.
 */
int os_wait(int watcher, uint64_t timeout_ms);
int os_wait_readable(int fd, uint64_t timeout_ms);

/*
 * After a wait was interrupted: does the kernel restart a blocking recv or send when a handler
 * returns? epoll never does, so this stands in for it: yes if all of the program's handlers are
 * installed with SA_RESTART (signal(7)).
 */
bool os_restarts(void);

/* The program's SO_RCVTIMEO on fd in milliseconds; UINT64_MAX if there is none. */
uint64_t wire_receive_timeout_ms(int fd);

/*
 * Remembers an epoll set that the program waits on, among a few. The last one is not told again;
 * -1 there lets the next wait tell of any, and first look for descriptors closed past the hooks.
 */
extern int os_last_epoll_set __attribute__((visibility("hidden")));
void os_note_epoll_set(int epfd);

/*
 * Looks in those sets for registrations of conn's descriptor that were made past the hooks, as
 * libuv makes them by io_uring, and adds them to the ones that are known (/proc/self/fdinfo).
 */
void conn_registrations_find(struct conn *conn);

/*
 * What to register a watcher for, where the program asked for these events: the kernel refuses it
 * EPOLLEXCLUSIVE, and only EPOLLIN ever comes of it (rescue_room.h).
 */
uint32_t os_watcher_events(uint32_t events);

/*
 * Take the program's registrations of conn's descriptor out of its epoll sets, forgetting those
 * that are not there any more, and put them back for what is at the number then. `placeholder`: a
 * watcher. Returns 0 or a negative errno.
 */
void conn_registrations_take(struct conn *conn);
int conn_registrations_put(struct conn *conn, bool placeholder);

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

/* Has it report nothing of fd any more. */
void os_unwatch(int watcher, int fd);

/* Is what lies at fd the very watcher that watches this timer? */
bool os_is_watcher(int fd, int timer);

/* Closes a descriptor of ours; -1 is fine. */
void os_close(int fd);

#endif
