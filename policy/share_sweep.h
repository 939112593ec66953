/* SPDX-License-Identifier: MIT */
/* What launches leave behind: none of their processes knows that it is the last one. */
#ifndef REDIAL_SHARE_SWEEP_H
#define REDIAL_SHARE_SWEEP_H

#include "share_root.h"

/* Lets go of our memory that no launch uses any more. */
void sweep_memory(const struct root *ours);

/* Removes the files in the folder whose launch is over. After sweep_memory. */
void sweep_folder(int dir_fd, const struct root *ours);

#endif
