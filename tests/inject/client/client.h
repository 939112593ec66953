/* SPDX-License-Identifier: MIT */
/*
 * The program whose calls are made to fail. What its parts share: how it goes about a request, and
 * what carries its bytes.
 */
#ifndef REDIAL_INJECT_CLIENT_H
#define REDIAL_INJECT_CLIENT_H

#include <poll.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { SILENT_MS = 3000, HASTY_MS = 1000, TRIES = 3000, ANSWER_MAX = 8192 };

/*
 * All that it hands to calls lies here, and the tracer is told where: what a call gets from here is
 * the program's own, and no doing of redial's.
 */
struct area {
	struct sockaddr_in addr;
	struct pollfd pollfd;
	struct epoll_event event;
	struct timeval until;
	fd_set readable, writable;
	struct iovec iov[2];
	struct msghdr message;
	char request[512], answer[ANSWER_MAX];
};

extern struct area area;

/* The words of argv[1], set apart by commas. */
bool is_way(const char *word);

/* Where it stands: told with the errno if it fails there. */
extern const char *stage;

/* One that has the connection, and knows how to wait for it. */
struct link {
	int fd;
	int set; /* an epoll set, or -1 */
};

extern struct link link_;

/* 0, or -1 with errno; ETIME if nothing came. Called for a non-blocking way only. */
int await(bool writes);

/* As send and recv; what they wait for is waited for. */
ssize_t put_plain(const char *bytes, size_t len);
ssize_t get_plain(char *bytes, size_t room);

/*
 * The same over TLS (client_tls.c); secure_prepare reads whom to trust, from the folder,
 * and secure_start begins the session on link_.fd.
 */
void secure_prepare(const char *folder);
int secure_start(void);
ssize_t put_secure(const char *bytes, size_t len);
ssize_t get_secure(char *bytes, size_t room);
void secure_end(void);

#endif
