/* SPDX-License-Identifier: MIT */
/*
 * Allows itself the system calls that it needs and no others; in the environment SECCOMP=connect
 * adds what redial does for a connection, SECCOMP=rescue what it does in a rescue, too. The first
 * other one ends the program, with its number.
 */
#include "client.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const int needed[] = {
    SYS_socket,	      SYS_connect,	SYS_read,	SYS_write,
    SYS_close,	      SYS_openat,	SYS_newfstatat, SYS_fstat,
    SYS_getdents64,   SYS_brk,		SYS_mmap,	SYS_munmap,
    SYS_rt_sigaction, SYS_rt_sigreturn, SYS_lseek,	SYS_clock_nanosleep,
    SYS_exit_group,   SYS_getrandom,
};

/* README's lists; sendto is what a write to the socket becomes. */
static const int connection[] = {SYS_getsockopt, SYS_sendto, SYS_getpid, SYS_madvise,
				 SYS_clock_gettime};

static const int rescue[] = {
    SYS_bind,	     SYS_dup3,	      SYS_epoll_create1,   SYS_epoll_ctl,
    SYS_epoll_pwait, SYS_fcntl,	      SYS_getpeername,	   SYS_getsockname,
    SYS_ioctl,	     SYS_nanosleep,   SYS_ppoll,	   SYS_recvfrom,
    SYS_sched_yield, SYS_setsockopt,  SYS_shutdown,	   SYS_timerfd_create,
    SYS_timerfd_settime,
    /* And to log to a file. */
    SYS_getrlimit,   SYS_rt_sigprocmask,
};

#define COUNT(calls) (sizeof(calls) / sizeof *(calls))

static void on_other(int sig, siginfo_t *info, void *context)
{
	char text[64];
	int n = snprintf(text, sizeof text, "system call %d is not allowed\n", info->si_syscall);

	(void)sig;
	(void)context;
	/* By syscall: our write could be the one that is looked at. */
	syscall(SYS_write, 1, text, n);
	syscall(SYS_exit_group, 3);
}

static size_t allow(struct sock_filter *code, const int *calls, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned)calls[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	return n;
}

static int lock_up(void)
{
	static struct sock_filter code[2 * (COUNT(needed) + COUNT(connection) + COUNT(rescue)) + 2];
	struct sigaction action = {.sa_sigaction = on_other, .sa_flags = SA_SIGINFO};
	const char *more = getenv("SECCOMP");
	struct sock_fprog program = {.filter = code};
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	n += allow(code + n, needed, COUNT(needed));
	if (more)
		n += allow(code + n, connection, COUNT(connection));
	if (more && !strcmp(more, "rescue"))
		n += allow(code + n, rescue, COUNT(rescue));
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
	program.len = (unsigned short)n;
	if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof *addr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int client_send(int fd, const char *data, size_t len)
{
	return write(fd, data, len) == (ssize_t)len ? 0 : -1;
}

static ssize_t client_recv(int fd, char *data, size_t size)
{
	return read(fd, data, size);
}

static void client_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	if (lock_up()) {
		perror("seccomp");
		return 2;
	}
	return client_run(argc, argv);
}
