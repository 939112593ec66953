/* SPDX-License-Identifier: MIT */
/* A plain socket that carries a connection: what the kernel knows of it, and what goes over it. */
#ifndef REDIAL_WIRE_SOCKET_H
#define REDIAL_WIRE_SOCKET_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * The number that the kernel gave the socket for its life (SO_COOKIE, Linux 4.6), or that of its
 * inode where the kernel knows no cookie; 0 if fd is no socket.
 */
uint64_t wire_cookie(int fd);

/* Has the peer's FIN or RST arrived, or the connection ended otherwise? (tcp(7), TCP_INFO) */
bool wire_is_dead(int fd);

/* Is its connect still under way? */
bool wire_is_connecting(int fd);

/*
 * Is the connected TCP socket's count of received bytes (tcpi_bytes_received, Linux 4.1) the one
 * that the hooks saw? If not, bytes were read past us, or wait unread. A local socket has no such
 * count, nor has an old or emulated kernel: there it only says that nothing waits.
 */
bool wire_received_was(int fd, int family, uint64_t seen);

/* The same if bytes may wait unread: is what has been read of those that came what the hooks saw?
 */
bool wire_read_was(int fd, int family, uint64_t seen);

/*
 * How long ago the last byte of data was sent, in milliseconds (tcpi_last_data_sent); 0 if the
 * kernel does not tell, as of a local socket.
 */
uint64_t wire_last_sent_ms(int fd);

/* Has the peer's FIN come, after which nothing more can? Not asked of local sockets. */
bool wire_has_fin(int fd, int family);

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

/*
 * Starts connecting fd. Returns 0 if it stands, -EINPROGRESS if it is under way, else a negative
 * errno. No state of the program's is touched: errno is kept.
 */
int wire_connect(int fd, const struct sockaddr *addr, socklen_t len);

/* Ends the connecting of fd, as if it had never begun; takes what error that leaves. */
void wire_disconnect(int fd);

/*
 * The connection stands, and connect is to say so (EISCONN) from now on: where it was not waited
 * for it is the next call that finds out, and returns 0 once. Returns 0 or a negative errno: it has
 * just failed.
 */
int wire_settle(int fd, const struct sockaddr *addr, socklen_t len);

/*
 * wire_connect for a redial: TCP_FASTOPEN_CONNECT does not make it wait for the first bytes, which
 * would go out before it is known whether the peer is there. proxy: it is one that another
 * interposer may be going by, which would take it for where the program wants to go.
 */
int wire_redial(int fd, const struct sockaddr *addr, socklen_t len, bool proxy);

/*
 * Do the local sockets lead to peers of the same user and group, as these were when they began to
 * listen (unix(7), SO_PEERCRED)? With `process` also to the same process, if the kernel can tell.
 */
bool wire_same_peer(int fd, int other, bool process);

/*
 * How a connection under way stands: 0 up, -EINPROGRESS still going, else a negative errno; a
 * connection to itself, which loopback gives when nobody listens, counts as -ECONNREFUSED.
 */
int wire_connect_result(int fd, const struct sockaddr *peer, socklen_t peer_len);

/* Is the socket's own end the very one that it was to connect to? */
bool wire_is_itself(int fd, const struct sockaddr *peer, socklen_t len);

/* Send without blocking or raising SIGPIPE. Return the bytes taken, or a negative errno. */
long wire_send(int fd, const void *bytes, size_t len);
long wire_send_pieces(int fd, const struct iovec *pieces, int count);

/* Has the system no memory for them now (send(2))? No event says when it has. */
static inline bool wire_had_no_memory(long taken)
{
	return taken == -ENOBUFS || taken == -ENOMEM;
}

/* Has one of them taken nothing, which says nothing of the connection? */
static inline bool wire_took_nothing(long taken)
{
	return taken == -EAGAIN || taken == -EINTR || wire_had_no_memory(taken);
}

/* Closing it is not to wait until its bytes are acknowledged (SO_LINGER). */
void wire_no_linger(int fd);

/*
 * Makes room for so many bytes more in the socket's buffer, as far as the system lets it, and takes
 * that back: half is what the first returned.
 */
int wire_widen(int fd, size_t by);
void wire_narrow(int fd, int half);

/* The program's SO_RCVTIMEO and SO_SNDTIMEO on fd in milliseconds; UINT64_MAX if there is none. */
uint64_t wire_receive_timeout_ms(int fd);
uint64_t wire_send_timeout_ms(int fd);

#endif
