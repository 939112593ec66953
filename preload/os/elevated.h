/* SPDX-License-Identifier: MIT */
#ifndef REDIAL_OS_ELEVATED_H
#define REDIAL_OS_ELEVATED_H

#include <stdbool.h>

/*
 * Has this process rights that whoever started it had not: set-user-ID, set-group-ID, capabilities
 * of its file (AT_SECURE, getauxval(3))? Its environment is theirs then. The loader drops LD_PRELOAD
 * for it, but not what /etc/ld.so.preload names. Not from a signal handler.
 */
bool os_is_elevated(void);

#endif
