/* SPDX-License-Identifier: MIT */
/*
 * A preload behind libredial.so: a thread that poll has put to sleep is slow to run once it is
 * woken, as on a busy machine. Like the kernel, it is woken by what lay at the number when it went
 * to sleep, and looks then at what lies there by now (fs/select.c, do_poll).
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool inside;

/* For the program, which finds it by its name. */
bool poll_is_inside(void);

bool poll_is_inside(void)
{
	return __atomic_load_n(&inside, __ATOMIC_ACQUIRE);
}

int poll(struct pollfd *fds, nfds_t len, int timeout)
{
	enum { LATE_US = 5000 };
	typedef int poll_function(struct pollfd * fds, nfds_t len, int timeout);
	poll_function *next = (poll_function *)dlsym(RTLD_NEXT, "poll");
	int ready = next(fds, len, 0);
	if (ready || len != 1 || timeout <= 0 || gettid() == getpid())
		return ready || !timeout ? ready : next(fds, len, timeout);
	struct pollfd slept_on = {.fd = (int)syscall(SYS_dup, fds->fd), .events = fds->events};
	__atomic_store_n(&inside, true, __ATOMIC_RELEASE);
	ready = next(&slept_on, 1, timeout);
	syscall(SYS_close, slept_on.fd);
	if (!ready)
		return 0;
	usleep(LATE_US);
	ready = next(fds, 1, 0);
	return ready ? ready : next(NULL, 0, timeout); /* nothing wakes it any more */
}
