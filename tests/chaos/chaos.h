/* SPDX-License-Identifier: MIT */
/* The chaos test's client: what it is to ask for, and how it goes about it. */
#ifndef CHAOS_H
#define CHAOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mode { MODE_BLOCKING, MODE_POLL, MODE_LEVEL, MODE_EDGE };

/* One request, as chaos.py has written it, and how it is to be sent and its answer read. */
struct ask {
	char id[32];
	bool is_head;	/* a HEAD: its answer has no body */
	int idle_ms;	/* pause before it */
	int group;	/* so many requests, with this one, are sent before an answer is read */
	int cuts[2];	/* where its bytes are cut into several writes; 0: nowhere */
	int room;	/* bytes of a read */
	char write_how; /* w write, s send, v writev, m sendmsg */
	char read_how;	/* r read, c recv, v readv, m recvmsg, p MSG_PEEK before each recv */
	char op;	/* what else happens once it is sent: see ops in client.c */
	size_t len;
	char *bytes;
};

/* A connection, and what was read from it and not used yet. */
struct link {
	enum mode mode;
	int port;
	int timeout_ms; /* for each wait */
	int fd;		/* -1: none */
	int epfd;	/* -1: none */
	char *data;
	size_t len, size;
};

/* Reads the script. Ends the program if it is damaged. */
struct ask *script_read(const char *path, size_t *count);

/* All return 0 or an errno; end of stream is LINK_EOF, the program's own timeout ETIMEDOUT. */
enum { LINK_EOF = -1 };
int link_open(struct link *link);
void link_close(struct link *link);
int link_send(struct link *link, const struct ask *ask);

/* One read; its bytes are added to data. */
int link_receive(struct link *link, const struct ask *ask);

/* Is it still alive, as pools look before they use it? */
bool link_looks_alive(struct link *link);

/*
 * How long is the answer that data begins with? 0: more is needed. ended: that was the end of the
 * stream, which ends some answers.
 */
size_t frame_answer(const char *data, size_t len, bool is_head, bool ended);

int64_t now_ms(void);

#endif
