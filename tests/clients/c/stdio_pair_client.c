/* SPDX-License-Identifier: MIT */
/* A stream for each direction, the one for writing on a duplicate of the descriptor. */
#include "stream.h"

static int stream_open(int fd)
{
	static char buffer[4096];
	int out = dup(fd);

	from = fdopen(fd, "r");
	to = out < 0 ? NULL : fdopen(out, "w");
	if (!from || !to)
		return -1;
	return setvbuf(to, buffer, _IOFBF, sizeof buffer);
}

int main(int argc, char **argv)
{
	return client_run(argc, argv);
}
