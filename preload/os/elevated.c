/* SPDX-License-Identifier: MIT */
#include "elevated.h"

#include <elf.h>

#include "next.h"
#include "real.h"
#include "start.h"
#include "sys.h"

AT_START bool os_is_elevated(void)
{
	typedef unsigned long look_up(unsigned long type);
	static const char name[] = "getauxval";
	look_up *look = (look_up *)next_find(name);
	if (!look)
		look = (look_up *)real_find(name);
	if (look)
		return look(AT_SECURE);
	return sys0(getuid) != sys0(geteuid) || sys0(getgid) != sys0(getegid);
}
