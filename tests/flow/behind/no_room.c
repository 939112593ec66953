/* SPDX-License-Identifier: MIT */
/* A preload behind libredial.so: there is room for one registration with epoll, and no more. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/epoll.h>

typedef int epoll_ctl_function(int epfd, int op, int fd, struct epoll_event *event);

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	static epoll_ctl_function *next;
	static int added;

	if (!next)
		next = (epoll_ctl_function *)dlsym(RTLD_NEXT, "epoll_ctl");
	if (op == EPOLL_CTL_ADD && added++) {
		errno = ENOSPC;
		return -1;
	}
	return next(epfd, op, fd, event);
}
