/* SPDX-License-Identifier: MIT */
/* One connection of faultd, and the server that holds them all. */
#ifndef FAULTD_CONN_H
#define FAULTD_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"
#include "listener.h"
#include "spec.h"

enum conn_state {
	CONN_READING, /* idle, or the request is still coming */
	CONN_WAITING, /* the answer is delayed */
	CONN_WRITING,
	CONN_ENDING, /* everything is written; leaves once the peer's kernel has it */
	CONN_SILENT, /* no further word until the peer goes */
};

/* How it ends once its bytes are out. */
enum conn_end { END_STAY, END_FIN, END_RST };

struct conn {
	struct conn *next;
	int fd;
	unsigned id;
	unsigned requests;
	enum conn_state state;
	enum conn_end end;
	bool head_seen; /* of the request at hand; its fault is chosen */
	bool in_body;
	struct request request;
	const struct spec *fault;
	struct reply reply;
	size_t written;
	int64_t deadline_ms; /* 0: none */
	bool dead;	     /* freed at the end of the round */
};

struct server {
	int epfd;
	struct listener listener;
	struct spec_list faults;
	unsigned connections, requests;
	int shed_left;
	struct conn *conns;
};

int64_t now_ms(void);

/* Takes one connection off the listener. Returns -1 when none is left. */
int conn_accept(struct server *server);

/* Moves a connection on after epoll reported these events. */
void conn_event(struct server *server, struct conn *conn, uint32_t events);

/* Moves a connection on whose deadline has come. */
void conn_timeout(struct server *server, struct conn *conn);

/* Frees what died in this round. */
void conn_sweep(struct server *server);

#endif
