/* SPDX-License-Identifier: MIT */
/*
 * objects PORT FOLDER COUNT: opens the libraries FOLDER/1 to COUNT, and connects twice. For callgrind
 * (toggle on `first_connect`, or on `second_connect`).
 */
#include "bench.h"

#include <dlfcn.h>

__attribute__((noinline)) static int first_connect(const struct sockaddr_in *addr)
{
	return dial(addr);
}

__attribute__((noinline)) static int second_connect(const struct sockaddr_in *addr)
{
	return dial(addr) + 1;
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 4)
		return 2;
	for (int i = 1; i <= atoi(argv[3]); i++) {
		snprintf(path, sizeof(path), "%s/%d", argv[2], i);
		if (!dlopen(path, RTLD_NOW | RTLD_LOCAL))
			return 1;
	}
	struct sockaddr_in addr = loopback(argv[1]);
	close(first_connect(&addr));
	close(second_connect(&addr) - 1);
	return 0;
}
