/* SPDX-License-Identifier: MIT */
/* Socket options, asked of the kernel itself: no other interposer has an interest in it. */
#ifndef REDIAL_OS_OPTION_H
#define REDIAL_OS_OPTION_H

#include <stdbool.h>
#include <sys/socket.h>

/* getsockopt(2) of up to len bytes. Returns false if there is no such option, or fd is none. */
bool os_option(int fd, int level, int name, void *value, socklen_t len);

/* An option that is an int; 0 if there is none. */
int os_int(int fd, int level, int name);

#endif
