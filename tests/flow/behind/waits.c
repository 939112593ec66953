/* SPDX-License-Identifier: MIT */
/*
 * A preload behind libredial.so that says which waits come through it with a mask and which
 * without, where WAITS names only one of the two: "plain" or "masked".
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MASK_BYTES = 8 };

static void came(const char *name, const char *kind)
{
	const char *waits = getenv("WAITS");

	if (waits && strcmp(waits, kind))
		puts(name);
}

int poll(struct pollfd *fds, nfds_t len, int ms)
{
	struct timespec timeout = {ms / 1000, ms % 1000 * 1000000L};

	came("poll", "plain");
	return (int)syscall(SYS_ppoll, fds, len, ms < 0 ? NULL : &timeout, NULL, MASK_BYTES);
}

int ppoll(struct pollfd *fds, nfds_t len, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left;

	came("ppoll", "masked");
	if (timeout)
		left = *timeout;
	return (int)syscall(SYS_ppoll, fds, len, timeout ? &left : NULL, mask, MASK_BYTES);
}

int select(int len, fd_set *in, fd_set *out, fd_set *special, struct timeval *timeout)
{
	struct timespec left;

	came("select", "plain");
	if (timeout)
		left = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000};
	return (int)syscall(SYS_pselect6, len, in, out, special, timeout ? &left : NULL, NULL);
}

int pselect(int len, fd_set *in, fd_set *out, fd_set *special, const struct timespec *timeout,
	    const sigset_t *mask)
{
	struct timespec left;
	struct {
		const sigset_t *mask;
		size_t size;
	} masked = {mask, MASK_BYTES};

	came("pselect", "masked");
	if (timeout)
		left = *timeout;
	return (int)syscall(SYS_pselect6, len, in, out, special, timeout ? &left : NULL, &masked);
}
