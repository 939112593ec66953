/* SPDX-License-Identifier: MIT */
/*
 * The programs of the flow tests: functions that run in a process of their own, with or without
 * libredial.so in front of libc, and print what happens to them. The test compares the text.
 */
#ifndef REDIAL_FLOW_PROGRAM_H
#define REDIAL_FLOW_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How a program waits for its connection. */
enum way {
	WAY_BLOCK,
	WAY_POLL,    /* non-blocking from here on: poll when there is nothing */
	WAY_LEVEL,   /* registered in an epoll set once, level-triggered */
	WAY_EDGE,    /* the same with EPOLLET, for both directions */
	WAY_ONESHOT, /* EPOLLONESHOT, armed anew before each wait */
	WAY_CURL,    /* libcurl's CONNECT_ONLY, curl_easy_send and curl_easy_recv */
	WAY_COUNT
};

extern const char *const way_names[WAY_COUNT];

/* What the test told the program that runs in this process. */
extern struct program {
	const char *name;
	const char *address;
	int port;
	enum way way;
	const char *arg;
} program;

struct program_entry {
	const char *name;
	void (*run)(void);
};

/* PROGRAM(name) { ... } defines one that a struct flow can name. */
#define PROGRAM(id)                                                                                \
	static void program_##id(void);                                                            \
	static const struct program_entry entry_##id                                               \
	    __attribute__((used, section("flow_programs"), aligned(16))) = {#id, program_##id};    \
	static void program_##id(void)

/* Runs the program that argv names: flow-tests --program NAME ADDRESS PORT WAY ARG. */
int program_main(int argc, char **argv);

/* Prints a line of the program's story. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The name of an errno, or "EOF" for 0. */
const char *error_name(int error);

/* A connected socket that waits in program.way; ends the program if that fails. */
int dial(void);

/* The same, before it is connected: to set options or bind. dial_on connects it. */
int dial_socket(void);
void dial_on(int fd);

/* Closes what dial gave. */
void hang_up(int fd);

/* Sends it all, waiting if need be. false, and errno, if that failed. */
bool put(int fd, const void *bytes, size_t len);

/*
 * Waits for bytes and reads them. Returns their count, 0 at the end of the stream, or -1 with
 * errno; ETIME if the connection stays silent for longer than any test lasts.
 */
ssize_t get(int fd, void *bytes, size_t size);

/* Waits until get would not; false if it stays silent. What get does in between. */
bool await(int fd);

/* Sends a request, with a body if that is not NULL; says so if it fails. */
bool ask(int fd, const char *method, const char *path, const char *body);

/* Reads one response and says "STATUS PATH", or what came instead. */
bool answer(int fd);
bool answer_to_head(int fd);

/* Both. */
bool exchange(int fd, const char *method, const char *path, const char *body);

/* Reads to the end and says how many bytes came, their sum, and how it ended. */
void read_to_the_end(int fd);

/* Waits until the peer has closed or reset the connection, without reading. */
void await_death(int fd);

/*
 * Asks for /2 and reads, without waiting for long, until redial is seen to be at work: it has
 * descriptors of its own. Needs a non-blocking socket and a policy under which the rescue pauses.
 */
bool begin_rescue(int fd);

/* The number of open descriptors. */
int descriptors(void);

/* Milliseconds of a clock that only goes forward. */
long now_ms(void);

#define FNV1A_START 2166136261u
uint32_t fnv1a(uint32_t sum, const void *bytes, size_t len);

#endif
