/* SPDX-License-Identifier: MIT */
/*
 * The simulated kernel: descriptors, sockets, files, pipes, epoll sets and timers, as far as the
 * preload and a program that speaks HTTP ask for them. Calls return a negative errno on error, as
 * system calls do.
 */
#ifndef SCHEDULE_KERNEL_H
#define SCHEDULE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "world.h"

enum { FDS_MAX = 48, OPTIONS_MAX = 32, ITEMS_MAX = 16, OPTION_LEN = 16 };

enum kind { IS_SOCKET, IS_FILE, IS_PIPE, IS_EPOLL, IS_TIMER, IS_LOG };

struct sock_option {
	int level, name;
	socklen_t len;
	char value[OPTION_LEN];
};

enum tcp { TCP_FRESH, TCP_DIALING, TCP_UP, TCP_DEAD };

struct tcp_socket {
	enum tcp state;
	struct wire *wire;
	int error;	/* that the next call tells of */
	bool fin;	/* the peer's end of stream has come */
	bool shut_read; /* by the program, or by the end of it all */
	bool shut_write;
	bool lingers_not;  /* SO_LINGER of 0 */
	uint32_t room;	   /* of the send buffer */
	bool room_set;	   /* by SO_SNDBUF */
	uint64_t received; /* as tcpi_bytes_received counts */
	struct sock_option options[OPTIONS_MAX];
	uint32_t option_count;
};

/* What an epoll set waits for. */
struct item {
	int fd;
	struct object *thing;
	uint32_t events;
	uint64_t data;
	bool ready; /* something has happened, as ep_poll_callback notes */
};

struct epoll {
	struct item items[ITEMS_MAX];
	uint32_t count;
	uint32_t spare; /* items that were removed */
};

struct timer {
	uint64_t at_ns; /* NEVER: not set */
	bool fired;
};

struct object {
	enum kind kind;
	uint32_t refs; /* numbers, and calls under way */
	int flags;     /* O_NONBLOCK, O_ASYNC */
	uint64_t id;   /* SO_COOKIE, or the inode */
	bool raced;    /* bytes may have got into it as they could have bare */
	struct object *next;
	union {
		struct tcp_socket tcp;
		struct epoll epoll;
		struct timer timer;
		struct {
			struct bytes bytes; /* of a file or pipe */
			uint32_t at;	    /* where it is read next */
		};
	};
};

extern struct object *objects; /* all that there are */
extern uint64_t next_timer_ns;

void kernel_reset(void);

/* Descriptors. */
struct object *object_new(enum kind kind);
void object_hold(struct object *thing);
void object_release(struct object *thing);
struct object *object_at(int fd); /* or NULL */
int fd_new(struct object *thing, int from, bool cloexec);
uint32_t fd_count(void);
int fd_first(void); /* that is open; -1 */
long fd_close(int fd);
long fd_close_range(unsigned first, unsigned last, int flags);
long fd_dup(int fd, int from, bool cloexec);
long fd_dup_to(int fd, int to, int flags, bool same_is_fine);
long fd_control(int fd, int command, long arg);
long fd_ioctl(int fd, unsigned long request, void *arg);
long fd_stat(int fd, void *stat);

/* Should this call fail for want of means? Then with one of these, else 0. */
int fault(const char *what, int error, int other);
extern const char *fault_never; /* one that does not */

/* Is this memory that the program must not have handed over? */
bool is_bad(const void *memory, size_t len);

/* An errno that the kernel tells: noted for what the program may be told. */
long told(long result);

/* Bytes to or from whatever is at a number. */
struct data {
	const struct iovec *iov;
	size_t count;
	int flags;    /* MSG_... */
	bool as_file; /* by write and its kin, which serve all things */
};
struct object *move_begin(int fd, bool out); /* holds it; NULL: there is none */
long move_out(struct object *thing, const struct data *data);
long move_in(struct object *thing, const struct data *data);
long move_end(struct object *thing, long result);
long move_file(int out, int in, int64_t *offset, size_t len);
long move_splice(int in, int out, size_t len, unsigned flags);
long file_read(struct object *file, const struct data *data);
long file_write(struct object *file, const struct data *data);
long pipe_new(int fds[2]);

/* Sockets. */
long socket_new(int domain, int type, int protocol);
long socket_connect(int fd, const struct sockaddr *addr, socklen_t len);
long socket_shutdown(int fd, int how);
long socket_name(int fd, void *addr, socklen_t *len, bool peer);
long socket_get(int fd, int level, int name, void *value, socklen_t *len);
long socket_set(int fd, int level, int name, const void *value, socklen_t len);
long socket_send(struct object *thing, const struct data *data);
long socket_receive(struct object *thing, const struct data *data);
void socket_end(struct object *thing); /* its last number is gone */
uint32_t socket_unread(const struct object *thing);
uint64_t socket_limit_ns(const struct object *thing, int name); /* SO_RCVTIMEO, SO_SNDTIMEO */
uint32_t socket_room(const struct object *thing);

/* What poll tells of a thing (EPOLLIN and so on). */
uint32_t poll_mask(const struct object *thing);

/* Something has happened to a thing: tells the epoll sets that it is in. */
void poll_wake(struct object *thing, uint32_t mask);

void poll_tell(const struct object *thing, uint32_t mask); /* those who poll it */
void poll_reset(void);

struct pollfd;
long poll_wait(struct pollfd *fds, size_t len, uint64_t timeout_ns);
long poll_select(int len, void *sets[3], uint64_t timeout_ns);
long epoll_new(int flags);
long epoll_change(int epfd, int op, int fd, const struct epoll_event *event);
long epoll_collect(int epfd, struct epoll_event *events, int max, uint64_t timeout_ns);
void epoll_forget(struct object *thing);
size_t epoll_text(int epfd, char *text, size_t room); /* as /proc/self/fdinfo has it */

long timer_new(int flags);
long timer_set(int fd, int flags, const void *value);
void timers_fire(void);

#endif
