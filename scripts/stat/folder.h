/* SPDX-License-Identifier: MIT */
/* Launches that are told in a folder, REDIAL_STATE: policy/told_file.h. */
#ifndef REDIAL_STAT_FOLDER_H
#define REDIAL_STAT_FOLDER_H

#include "launches.h"

/*
 * Adds those of the folder that are alive, of all users and PID namespaces that have told one.
 * What is there may be anything: it is read, never followed, waited for or changed. 0 or an errno.
 */
int folder_find(struct launches *found, const char *folder);

#endif
