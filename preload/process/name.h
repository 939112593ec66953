/* SPDX-License-Identifier: MIT */
/* What the program is called, in a log line. */
#ifndef REDIAL_PROCESS_NAME_H
#define REDIAL_PROCESS_NAME_H

enum { NAME_ROOM = 16 }; /* as prctl(2), PR_GET_NAME, has it */

/*
 * The name that the kernel gave the process when it began. Where that is only the way by which it
 * was started (/proc/self/exe, a descriptor, the loader as a command) the name of the program's
 * file.
 */
void name_of_program(char name[NAME_ROOM]);

#endif
