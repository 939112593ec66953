/* SPDX-License-Identifier: MIT */
#include "option.h"

#include "sys.h"

bool os_option(int fd, int level, int name, void *value, socklen_t len)
{
	return sys6(getsockopt, fd, level, name, value, &len, 0) == 0;
}

int os_int(int fd, int level, int name)
{
	int value = 0;
	return os_option(fd, level, name, &value, sizeof(value)) ? value : 0;
}
