#!/bin/sh
# SPDX-License-Identifier: MIT
# libfaketime 0.9.10 (Debian 12), preloaded, told of tomorrow: FAKETIME=+1d.
# Guess: the time of day is a day ahead; the clocks that count from the start of the machine are not
#   about days and stay, or go a day ahead too.
# Instead: CLOCK_MONOTONIC and CLOCK_BOOTTIME give the time of day, tomorrow's, in seconds since
#   1970. The kernel's own, asked by syscall(), stays; so it does with DONT_FAKE_MONOTONIC.
# Matters: whoever takes one time by libc and the other by the kernel (a timerfd with an absolute
#   time, a preload that calls the kernel, SO_TIMESTAMP) finds connections that were idle for
#   half a century.
# Seen 2026-11-28: monotonic and boottime less than 2 s off the faked time of day; with
#   FAKETIME_DONT_FAKE_MONOTONIC=1, and by the kernel, more than a year off it.
. "$(dirname "$0")/support/find.sh"

get_deb libfaketime=0.9.10-2.1
need cc --version
cat >"$tmp/find.c" <<'C'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void show(const char *name, long at)
{
	struct timespec day;
	clock_gettime(CLOCK_REALTIME, &day);
	printf("%s %s\n", name, labs(at - day.tv_sec) < 2 ? "the time of day" : "its own");
}

int main(void)
{
	struct timespec at;
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &at);
	printf("ahead %ld h\n", (time(NULL) - at.tv_sec + 60) / 3600);
	clock_gettime(CLOCK_MONOTONIC, &at);
	show("monotonic", at.tv_sec);
	clock_gettime(CLOCK_BOOTTIME, &at);
	show("boottime", at.tv_sec);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &at);
	show("kernels", at.tv_sec);
	return 0;
}
C
need cc -o "$tmp/find" "$tmp/find.c"
clocks() {
	run env "LD_PRELOAD=$libs/faketime/libfaketime.so.1" FAKETIME=+1d "$@" ./find | xargs
}

expect "tomorrow" \
	"ahead 24 h monotonic the time of day boottime the time of day kernels its own" \
	"$(clocks)"
expect "tomorrow, monotonic left alone" \
	"ahead 24 h monotonic its own boottime its own kernels its own" \
	"$(clocks FAKETIME_DONT_FAKE_MONOTONIC=1)"
find_end
