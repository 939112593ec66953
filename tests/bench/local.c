/* SPDX-License-Identifier: MIT */
/*
 * local PATH CONNECTIONS: connects to a local socket at PATH that often, one connection after the
 * other. For strace.
 */
#include <sys/un.h>

#include "bench.h"

int main(int argc, char **argv)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 3 || strlen(argv[1]) >= sizeof(addr.sun_path))
		return 2;
	strcpy(addr.sun_path, argv[1]);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		die("listen");
	for (int i = 0; i < atoi(argv[2]); i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
			die("connect");
		close(accept(listener, NULL, NULL));
		close(fd);
	}
	unlink(argv[1]);
	return 0;
}
