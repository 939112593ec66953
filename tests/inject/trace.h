/* SPDX-License-Identifier: MIT */
/* One run of the client under ptrace(2), with the calls between its marks seen, and one failing. */
#ifndef REDIAL_INJECT_TRACE_H
#define REDIAL_INJECT_TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum { CALLS_MAX = 2000, SAID_MAX = 16384, RUN_S = 6 };

/* Besides an errno: the call moves half of the bytes that it was asked to. */
enum { SHORTER = 100000 };

struct call {
	long number; /* of the system call */
	int nth;     /* of that number, in its round */
	bool own;    /* the program's: it hands over memory of the client's, or is made by libc */
	bool inner;  /* made by the code of libredial.so itself */
};

/* Which call fails: the nth of that number between the marks of each round. */
struct plan {
	long number; /* -1: none */
	int nth;
	bool ever;  /* and all later ones of that number there */
	bool inner; /* only if libredial.so makes it itself */
	int error;  /* an errno, or SHORTER */
};

struct run {
	int rounds; /* in: how many times RUN_S it may take, at most */
	bool tells; /* in: each call is printed as it comes */
	int count;  /* of calls, those of the first round */
	struct call calls[CALLS_MAX];
	int injected;	   /* how many failed */
	bool own_failed;   /* one of them was the program's own */
	bool killed;	   /* it did not end in RUN_S */
	int status;	   /* of waitpid */
	char said[SAID_MAX];
};

/*
 * argv and envp as of execve(2). The library is found by its name in the client's maps. false:
 * it could not be run at all.
 */
bool trace_run(char *const argv[], char *const envp[], const struct plan *plan, struct run *run);

#endif
