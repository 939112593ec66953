/* SPDX-License-Identifier: MIT */
/* redial doctor: can redial help a program, or does it help a process, and if not why? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "report.h"

static const char help[] =
    "usage: redial doctor [--policy FILE] [--] COMMAND [ARG...]\n"
    "       redial doctor --pid PID\n"
    "\n"
    "Says whether redial can help COMMAND, and why not; nothing is started. Of a\n"
    "process that runs it says whether redial is in, and under which policy.\n"
    "\n"
    "  --policy FILE  the policy that COMMAND would be started with\n"
    "  --pid PID      look at a process that runs\n"
    "  --version      print the version\n"
    "  --help         print this\n"
    "\n"
    "Each line of the answer begins with ok, warn (something is out of reach, the\n"
    "rest is not), no (redial cannot help, therefore) or ? (cannot be told).\n"
    "\n"
    "Exit status: 0 redial can help, or is at work; 1 it cannot, or is not; 2 wrong\n"
    "usage; 3 that cannot be told, as there is no such program or process, or it may\n"
    "not be looked at.\n";

static int usage(const char *what, const char *why)
{
	fprintf(stderr, "redial doctor: %s%s; see redial doctor --help\n", what, why);
	return DOCTOR_USAGE;
}

int main(int argc, char **argv)
{
	static struct installed installed;
	const char *policy = NULL, *pid = NULL;
	long number = 0;
	char *end;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char **value = NULL;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "--help") == 0)
			return fputs(help, stdout) < 0 || fflush(stdout) != 0;
		if (strcmp(argv[i], "--version") == 0)
			return puts("redial " REDIAL_VERSION) < 0 || fflush(stdout) != 0;
		if (strncmp(argv[i], "--policy=", 9) == 0 && argv[i][9]) {
			policy = argv[i] + 9;
			continue;
		}
		if (strncmp(argv[i], "--pid=", 6) == 0) {
			pid = argv[i] + 6;
			continue;
		}
		if (strcmp(argv[i], "--policy") == 0)
			value = &policy;
		else if (strcmp(argv[i], "--pid") == 0)
			value = &pid;
		else
			return usage(argv[i], " is not an option");
		if (i + 1 == argc || !*argv[i + 1])
			return usage(argv[i], " needs a value");
		*value = argv[++i];
	}
	if (pid) {
		number = strtol(pid, &end, 10);
		if (*end || number < 1 || number > INT_MAX)
			return usage(pid, " is no process id");
		if (i < argc || policy)
			return usage("--pid", " stands alone");
	} else if (i == argc) {
		return usage("COMMAND or --pid", " is missing");
	}
	if (!installed_find(&installed))
		return report_cannot() ? DOCTOR_CANNOT : DOCTOR_UNTOLD;
	return pid ? process_examine(&installed, (int)number)
		   : command_examine(&installed, argv + i, policy);
}
