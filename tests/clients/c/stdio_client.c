/* SPDX-License-Identifier: MIT */
/* One stream for both directions: fdopen(fd, "r+"). */
#include "stream.h"

static int stream_open(int fd)
{
	from = to = fdopen(fd, "r+");
	return to ? 0 : -1;
}

int main(int argc, char **argv)
{
	return client_run(argc, argv);
}
