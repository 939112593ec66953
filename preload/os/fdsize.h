/* SPDX-License-Identifier: MIT */
/* For how many descriptors the process has room now. */
#ifndef REDIAL_OS_FDSIZE_H
#define REDIAL_OS_FDSIZE_H

/*
 * The kernel's table of descriptors, in descriptors: select looks at no more of a set, whatever
 * length it is given. FDSize of /proc/PID/status (proc(5)); INT_MAX if that cannot be read.
 */
int os_fd_size(void);

#endif
