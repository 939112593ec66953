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
	long asked_ms; /* since the server's first request */
	const struct spec *fault;
	struct reply reply;
	size_t written;
	int64_t deadline_ms; /* 0: none */
	int64_t answered_ms; /* when the last answer was out */
	bool dead;	     /* freed at the end of the round */
};

struct server {
	int epfd;
	struct listener listener;
	bool refusing; /* epoll watches the listener's packets in its stead */
	struct spec_list faults;
	unsigned connections, requests;
	int64_t first_ms; /* when the first request came */
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

/* For fault.c: lets epoll wait for what the state needs. */
void conn_watch(struct server *server, struct conn *conn);

/* Closes it now, with RST if reset. */
void conn_finish(struct conn *conn, bool by_server, bool reset);

/* Closes it as conn->end says, once every byte is out. */
void conn_leave(struct conn *conn);

/* Answers the request at hand; status 0: as its path asks. */
void conn_answer(struct server *server, struct conn *conn, int status);

/* One line of log on the request at hand; read: full, part or none. */
void fault_log(const struct conn *conn, const char *read);

/* Counts the request whose head has come, and settles what is to go wrong with it. */
void fault_choose(struct server *server, struct conn *conn);

/* The request has been read: does what its fault says. */
void fault_act(struct server *server, struct conn *conn);

/* The same when it has arrived and is to stay unread. */
void fault_unread(struct server *server, struct conn *conn);

/* Answers while the body is still on its way, then closes over it. */
void fault_early(struct server *server, struct conn *conn);

/* Does this connection go wrong once it is idle? And then, when it has been for long enough: */
bool fault_is_idle(const struct conn *conn);
void fault_idle_over(struct conn *conn);

/*
 * From now on nothing that comes reaches the socket, so that its kernel acknowledges nothing
 * either. Before the answer is sent: the peer may be quick.
 */
void fault_silence(int fd);

#endif
