/* SPDX-License-Identifier: MIT */
/*
 * children_client http://127.0.0.1:PORT/PATH: while an answer is awaited, asks what the descriptor
 * is and starts children of each kind, on a connection of its own for each. Says "ok WHAT" where
 * they find a socket, "placed" where redial's placeholder was there in fact.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char script[64];

static int is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);
	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

static int is_fine(pid_t child)
{
	int status = -1;
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int by_fstat(int fd)
{
	struct stat file;
	return fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode);
}

static int by_fstatat(int fd)
{
	struct stat file;
	return fstatat(fd, "", &file, AT_EMPTY_PATH) == 0 && S_ISSOCK(file.st_mode);
}

static int by_lseek(int fd)
{
	return lseek(fd, 0, SEEK_CUR) == -1 && errno == ESPIPE;
}

static int by_fork(int fd)
{
	pid_t child = fork();
	if (child == 0)
		_exit(!is_socket(fd));
	return is_fine(child);
}

static int by_vfork(int fd)
{
	pid_t child = vfork();
	if (child == 0)
		_exit(!is_socket(fd));
	return is_fine(child);
}

static int by_vfork_and_exec(int fd)
{
	pid_t child = vfork();
	if (child == 0) {
		dup2(fd, STDIN_FILENO);
		execlp("sh", "sh", "-c", "[ -S /proc/self/fd/0 ]", (char *)NULL);
		_exit(99);
	}
	return is_fine(child);
}

static int by_exec(int fd)
{
	pid_t child = fork();
	if (child == 0) {
		fcntl(fd, F_SETFD, 0);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(99);
	}
	return is_fine(child);
}

static int by_spawn(int fd)
{
	char *argv[] = {"sh", "-c", script, NULL};
	pid_t child = -1;
	fcntl(fd, F_SETFD, 0);
	return posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ) == 0 && is_fine(child);
}

static int by_system(int fd)
{
	fcntl(fd, F_SETFD, 0);
	return system(script) == 0;
}

static int by_popen(int fd)
{
	fcntl(fd, F_SETFD, 0);
	FILE *pipe = popen(script, "r");
	return pipe && pclose(pipe) == 0;
}

static const struct kind {
	const char *name;
	int (*is_right)(int fd);
} kinds[] = {
    {"fstat", by_fstat}, {"fstatat", by_fstatat},   {"lseek", by_lseek},
    {"fork", by_fork},	 {"vfork", by_vfork},	    {"vfork and exec", by_vfork_and_exec},
    {"exec", by_exec},	 {"posix_spawn", by_spawn}, {"system", by_system},
    {"popen", by_popen},
};

static int dial(int port)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return connect(fd, (struct sockaddr *)&peer, sizeof(peer)) ? -1 : fd;
}

static int ask(int fd)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	return write(fd, request, sizeof(request) - 1) == sizeof(request) - 1;
}

static int answered(int fd)
{
	char text[1024];
	return read(fd, text, sizeof(text)) > 12 && !memcmp(text, "HTTP/1.1 200", 12);
}

static int is_placed(int fd)
{
	char path[40], text[40] = "";
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, text, sizeof(text) - 1) > 0 && strstr(text, "eventpoll");
}

int main(int argc, char **argv)
{
	const char *colon = argc > 1 ? strrchr(argv[1], ':') : NULL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; colon && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = dial(atoi(colon + 1));
		if (fd < 0 || !ask(fd) || !answered(fd) || !ask(fd))
			return 1;
		snprintf(script, sizeof(script), "[ -S /proc/self/fd/%d ]", fd);
		if (is_placed(fd))
			puts("placed");
		int right = kinds[i].is_right(fd);
		printf("%s %s\n", right && answered(fd) ? "ok" : "failed:", kinds[i].name);
		close(fd);
	}
	return 0;
}
