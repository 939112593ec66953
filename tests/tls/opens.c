/* SPDX-License-Identifier: MIT */
/*
 * opens FOLDER PORT WORD...: connects, opens a plug-in (tests/tls/plugin.c), lets it converse over
 * the socket, and so on. WORD: the path of one; close, the last one is closed again behind what it
 * does; deep, those that follow are opened with RTLD_DEEPBIND.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connected(int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -1 : fd;
}

int main(int argc, char **argv)
{
	void *plugin = NULL;
	int deep = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "deep") == 0) {
			deep = RTLD_DEEPBIND;
		} else if (strcmp(argv[i], "close") == 0) {
			dlclose(plugin);
		} else {
			int fd = connected(atoi(argv[2]));
			plugin = dlopen(argv[i], RTLD_LAZY | RTLD_LOCAL | deep);
			int (*converse)(int, const char *) = NULL;
			if (plugin)
				*(void **)&converse = dlsym(plugin, "converse");
			if (fd < 0 || !converse)
				return 1;
			converse(fd, argv[1]);
			close(fd);
		}
	}
	return 0;
}
