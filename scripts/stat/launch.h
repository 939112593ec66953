/* SPDX-License-Identifier: MIT */
/*
 * One launch, as the memory tells that its processes share. Whatever another process has written
 * there, reading it comes to an end and leaves printable text; it is not changed.
 */
#ifndef REDIAL_STAT_LAUNCH_H
#define REDIAL_STAT_LAUNCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../policy/breaker.h"
#include "proc.h"
#include "../../policy/told_file.h"

enum { LAUNCH_PEER_MAX = 64 };

struct launch_process {
	uint32_t pid;
	char name[PROC_NAME_MAX];
	uint32_t gauges[PROCESS_GAUGES];
	uint32_t events[PROCESS_EVENTS];
	unsigned place;	 /* of its entry */
	bool off;	 /* it rescues nothing */
	bool pending;	 /* it has not looked yet since something was last asked of it */
	bool behind;	 /* it could not take the latest policy */
	uint64_t policy; /* the checksum of the one it goes by; 0: not known */
};

struct launch_breaker {
	char peer[LAUNCH_PEER_MAX];
	enum breaker_state state;
	uint64_t left_ms; /* that it stays open; 0: a resend may try */
};

struct launch {
	char path[PATH_MAX]; /* of its file; "" if that is gone */
	uint64_t nonce;	     /* tells it from all others */
	int32_t id;	     /* of its memory ... */
	bool ours;	     /* ... in our IPC namespace, it being known that it is in that */
	bool off;	     /* all of it, but for what was asked of one process */
	uint32_t reloads;    /* policies that were brought in */
	char policy_path[SWITCHBOARD_PATH]; /* "": built in, or not known */
	uint64_t policy;		    /* the checksum of the one that was brought in last */
	uint32_t pid;			    /* the process that it began with */
	char name[PROC_NAME_MAX];	    /* "" if that is gone */
	int64_t since_s;		    /* Unix time */
	uint64_t read_ms;		    /* when this was read, by CLOCK_MONOTONIC */
	int64_t told_s; /* when it was told in a folder, Unix time; 0: it was read where it lies */
	uint64_t requests;
	double per_second; /* of requests, since it was read before; below 0: not known */
	uint64_t events[PROCESS_EVENTS]; /* of all processes, those that are gone included */
	uint64_t gauges[PROCESS_GAUGES]; /* of those that are alive */
	bool crowded; /* those of some processes that were killed may be among the gauges */
	bool settled; /* what follows is known, as a process has connected */
	struct policy_budget budget;
	uint64_t budget_left, budget_all; /* resends that there may be in the window */
	unsigned process_count, breaker_count;
	struct launch_process processes[PROCESS_ENTRIES];
	struct launch_breaker breakers[STATE_PEERS];
};

enum launch_result {
	LAUNCH_ALIVE,
	LAUNCH_OVER,  /* none of its processes can be found */
	LAUNCH_OTHER, /* it is alive, but of another version of redial */
	LAUNCH_NONE,  /* no such file, or none of a launch, or not to be read: errno tells */
};

/*
 * Reads the one of which this is the file. pid: a process that is known to be of it and counts as
 * alive as long as it is; or 0.
 */
enum launch_result launch_read(struct launch *launch, const char *path, uint32_t pid);

/*
 * The same of the launch that this process is of, whether it shares its memory or has only been
 * told the file's name. LAUNCH_NONE with ESRCH: there is no such process, with ENOENT: it is of
 * none.
 */
enum launch_result launch_read_process(struct launch *launch, uint32_t pid);

/*
 * The same of what a process has told in a folder. Of a process of our own PID namespace the memory
 * is read instead, where that may be. LAUNCH_OVER too if it was told more than an hour ago by one
 * of another namespace, whose life cannot be looked up.
 */
enum launch_result launch_read_told(struct launch *launch, const char *path,
				    const struct told_head *told, const struct state *state);

#endif
