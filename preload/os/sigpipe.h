/* SPDX-License-Identifier: MIT */
#ifndef REDIAL_OS_SIGPIPE_H
#define REDIAL_OS_SIGPIPE_H

/* Sends the calling thread the SIGPIPE that write(2) sends, told by the same siginfo. */
void os_raise_sigpipe(void);

#endif
