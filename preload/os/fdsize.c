/* SPDX-License-Identifier: MIT */
#include "fdsize.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>

#include "mem.h"
#include "sys.h"

static int number_after(const char *text, size_t len, const char *name, size_t name_len)
{
	for (size_t i = 0; i + name_len < len; i++) {
		if (memcmp(text + i, name, name_len) != 0)
			continue;
		int number = 0;
		for (i += name_len; i < len && text[i] != '\n'; i++) {
			if (text[i] >= '0' && text[i] <= '9' && number < INT_MAX / 10)
				number = number * 10 + text[i] - '0';
		}
		return number ? number : INT_MAX;
	}
	return INT_MAX;
}

int os_fd_size(void)
{
	static const char name[] = "\nFDSize:";
	char text[2048]; /* it is among the first lines */
	int file =
	    (int)sys4(openat, AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return INT_MAX;
	long len = sys3(read, file, text, sizeof(text));
	sys1(close, file);
	return len > 0 ? number_after(text, (size_t)len, name, sizeof(name) - 1) : INT_MAX;
}
