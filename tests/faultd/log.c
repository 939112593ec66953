/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int log_fd = -1;

int log_open(const char *path)
{
	log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	return log_fd < 0 ? -errno : 0;
}

void log_line(const char *format, ...)
{
	char line[2048];
	va_list ap;
	int len;

	if (log_fd < 0)
		return;
	va_start(ap, format);
	len = vsnprintf(line, sizeof line - 1, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	if (len > (int)sizeof line - 2)
		len = (int)sizeof line - 2;
	line[len++] = '\n';
	if (write(log_fd, line, (size_t)len) < 0)
		perror("faultd: log");
}
