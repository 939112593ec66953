/* SPDX-License-Identifier: MIT */
#include "sigpipe.h"

#include <signal.h>

#include "sys.h"

void os_raise_sigpipe(void)
{
	/* A process may send itself any code (rt_sigqueueinfo(2)); the kernel's own is SI_USER. */
	siginfo_t info = {.si_signo = SIGPIPE, .si_code = SI_USER};
	long pid = sys0(getpid);
	info.si_pid = (pid_t)pid;
	info.si_uid = (uid_t)sys0(getuid);
	sys4(rt_tgsigqueueinfo, pid, sys0(gettid), SIGPIPE, &info);
}
