/* SPDX-License-Identifier: MIT */
/* Names of local services that lead elsewhere by the time of a rescue. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

static char folder[] = "/tmp/redial-flow-XXXXXX"; /* with a/ and b/ in it */
static pid_t services[4];
static int service_count;
static int gate[2]; /* a service says that it listens, and that its first connection is closed */

static struct sockaddr_un address_of(const char *path, socklen_t *len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool abstract = *path == '@';
	strcpy(address.sun_path, path);
	if (abstract)
		address.sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + !abstract);
	return address;
}

static void tell_gate(void)
{
	if (write(gate[1], "", 1) != 1)
		_exit(1);
}

static void await_gate(void)
{
	char byte;
	if (read(gate[0], &byte, 1) != 1)
		say("a service has ended");
}

/* Answers with its name before the path; hangs up on the first connection after one answer. */
static void serve(int listener, char name, bool as_nobody)
{
	char request[4096], text[256];
	for (int n = 1;; n++) {
		int fd = accept(listener, NULL, NULL);
		ssize_t len;
		while ((len = read(fd, request, sizeof(request) - 1)) > 0) {
			request[len] = '\0';
			char *path = strchr(request, '/');
			path[strcspn(path, " ")] = '\0';
			int size = snprintf(text, sizeof(text),
					    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n"
					    "{\"path\":\"%c%s\"}",
					    strlen(path) + 12, name, path);
			if (write(fd, text, (size_t)size) < 0 || n == 1)
				break;
		}
		if (n == 1 && as_nobody &&
		    (setegid(65534) || seteuid(65534) || listen(listener, 4)))
			say("not nobody");
		close(fd);
		if (n == 1)
			tell_gate();
	}
}

static pid_t start(const char *path, char name, bool as_nobody)
{
	pid_t child = fork();
	if (child) {
		services[service_count++] = child;
		await_gate();
		return child;
	}
	socklen_t len;
	struct sockaddr_un address = address_of(path, &len);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, len) || listen(listener, 4))
		say("%s: %s", path, error_name(errno));
	tell_gate();
	serve(listener, name, as_nobody);
	_exit(0);
}

static int dial_local(const char *path)
{
	socklen_t len;
	struct sockaddr_un address = address_of(path, &len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, len))
		say("connect %s: %s", path, error_name(errno));
	exchange(fd, "GET", "/1", NULL);
	await_gate(); /* it has hung up */
	return fd;
}

static void stop(pid_t service)
{
	kill(service, SIGKILL);
	waitpid(service, NULL, 0);
	for (int i = 0; i < service_count; i++) {
		if (services[i] == service)
			services[i] = 0;
	}
}

static char *in_folder(const char *name)
{
	static char path[4][200];
	static int turn;
	char *one = path[turn++ % 4];
	snprintf(one, sizeof(path[0]), "%s/%s", folder, name);
	return one;
}

static int nothing_happens(void)
{
	start("a/api", 'A', false);
	return dial_local("a/api");
}

static int another_folder_is_entered(void)
{
	start("a/api", 'A', false);
	start("b/api", 'B', false);
	if (chdir("a"))
		return -1;
	int fd = dial_local("api");
	return chdir("../b") ? -1 : fd;
}

/* The name that the service bound leads from here to another one; the one that was dialed does not.
 */
static int service_is_dialed_from_another_folder(void)
{
	if (chdir("a"))
		return -1;
	start("api", 'A', false);
	if (chdir("../b"))
		return -1;
	start("api", 'B', false);
	return dial_local("../a/api");
}

static int another_service_is_moved_there(void)
{
	start("a/api", 'A', false);
	start("b/api", 'B', false);
	int fd = dial_local("a/api");
	return rename("b/api", "a/api") ? -1 : fd;
}

static int another_service_binds_the_path(void)
{
	pid_t a = start("a/api", 'A', false);
	int fd = dial_local("a/api");
	stop(a);
	unlink("a/api");
	start("a/api", 'B', false);
	return fd;
}

static int path_is_gone(void)
{
	start("a/api", 'A', false);
	int fd = dial_local("a/api");
	return unlink("a/api") ? -1 : fd;
}

static int link_is_turned(void)
{
	start("a/api", 'A', false);
	start("b/api", 'B', false);
	if (symlink("a", "link"))
		return -1;
	int fd = dial_local("link/api");
	return unlink("link") || symlink("b", "link") ? -1 : fd;
}

static int link_is_made_anew(void)
{
	start("a/api", 'A', false);
	if (symlink("a", "link"))
		return -1;
	int fd = dial_local("link/api");
	return unlink("link") || symlink("a", "link") ? -1 : fd;
}

/* As programs reach a socket whose path is too long. */
static int descriptor_of_the_folder_is_another(void)
{
	char path[60];
	start("a/api", 'A', false);
	start("b/api", 'B', false);
	int a = open("a", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int b = open("b", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/api", a);
	int fd = dial_local(path);
	return dup2(b, a) < 0 ? -1 : fd;
}

static int folder_is_still_open(void)
{
	char path[60];
	start("a/api", 'A', false);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/api",
		 open("a", O_PATH | O_DIRECTORY | O_CLOEXEC));
	int fd = dial_local(path);
	return rename("a", "c") || rename("c", "a") ? -1 : fd;
}

static int root_is_another(void)
{
	start("a/api", 'A', false);
	start("b/api", 'B', false);
	int b = open("b", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (chroot("a"))
		return -1;
	int fd = dial_local("/api");
	return fchdir(b) || chroot(".") ? -1 : fd;
}

static const char *abstract_name(void)
{
	static char name[60];
	snprintf(name, sizeof(name), "@redial-flow-peer-%d", getpid());
	return name;
}

static int abstract_name_is_kept(void)
{
	start(abstract_name(), 'A', false);
	return dial_local(abstract_name());
}

static int abstract_name_is_taken_by_another_process(void)
{
	pid_t a = start(abstract_name(), 'A', false);
	int fd = dial_local(abstract_name());
	stop(a);
	start(abstract_name(), 'B', false);
	return fd;
}

static int service_is_another_users(void)
{
	if (getuid())
		return -1;
	start("a/api", 'A', true);
	return dial_local("a/api");
}

static const struct {
	const char *what;
	int (*happens)(void); /* a socket that was connected, or -1 if it cannot be had here */
	bool same;
} moves[] = {
    {"nothing", nothing_happens, true},
    {"chdir", another_folder_is_entered, false},
    {"bound elsewhere", service_is_dialed_from_another_folder, true},
    {"rename", another_service_is_moved_there, false},
    {"bind", another_service_binds_the_path, false},
    {"unlink", path_is_gone, false},
    {"link turned", link_is_turned, false},
    {"link made anew", link_is_made_anew, true},
    {"/proc/self/fd turned", descriptor_of_the_folder_is_another, false},
    {"/proc/self/fd", folder_is_still_open, true},
    {"chroot", root_is_another, false},
    {"abstract", abstract_name_is_kept, true},
    {"abstract taken", abstract_name_is_taken_by_another_process, false},
    {"another user", service_is_another_users, false},
};
enum { MOVES = sizeof(moves) / sizeof(moves[0]) };

static void clean_up(int root, int here)
{
	static const char *const names[] = {"a/api", "b/api", "link"};
	for (int i = 0; i < service_count; i++) {
		if (services[i])
			stop(services[i]);
	}
	if (fchdir(root) || chroot(".") || fchdir(here)) /* only root has left it */
		errno = 0;
	for (int i = 0; i < 3; i++)
		unlink(in_folder(names[i]));
	rmdir(in_folder("a"));
	rmdir(in_folder("b"));
	rmdir(folder);
}

PROGRAM(post_after_a_move)
{
	int i = 0;
	while (strcmp(moves[i].what, program.arg))
		i++;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder) || chdir(folder) || mkdir("a", 0755) || mkdir("b", 0755) ||
	    chmod(folder, 0755) || pipe2(gate, O_CLOEXEC))
		say("%s", error_name(errno));
	int fd = moves[i].happens();
	if (fd < 0) {
		say("not here");
	} else {
		exchange(fd, "POST", "/2", "order");
		close(fd);
	}
	clean_up(root, here);
}

static void local_peer_is_dialed_again_only_if_it_is_the_same(void)
{
	for (int i = 0; i < MOVES; i++) {
		struct flow flow = {.program = "post_after_a_move", .arg = moves[i].what};
		flow_bare(&flow);
		if (strstr(flow.result.out, "not here")) {
			printf("\n    skipped: %s ", moves[i].what);
			flow_end(&flow);
			continue;
		}
		expect_printed(&flow, "200 A/1\nEPIPE while sending /2\n");
		flow_redial(&flow);
		expect_printed(&flow, moves[i].same ? "200 A/1\n200 A/2\n"
						    : "200 A/1\nEPIPE while sending /2\n");
		if (strcmp(moves[i].what, "chroot")) /* its log is out of reach */
			expect_logged(&flow, 1,
				      moves[i].same ? "result=recovered" : "reason=identity", NULL);
		/* Which can be seen before anything is dialed. */
		if (!strcmp(moves[i].what, "bind") || !strcmp(moves[i].what, "unlink"))
			expect_logged(&flow, 0, "event=attempt", NULL);
		flow_end(&flow);
	}
}

const struct runner_test local_peer_tests[] = {T(local_peer_is_dialed_again_only_if_it_is_the_same),
					       T_END};
