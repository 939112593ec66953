/* SPDX-License-Identifier: MIT */
#include "tracee.h"

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)
static void set_number(pid_t pid, long number)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), number);
}

static void set_result(pid_t pid, long result)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), result);
}

static void set_third(pid_t pid, uint64_t value)
{
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rdx), value);
}
#elif defined(__aarch64__)
static void set_number(pid_t pid, long number)
{
	int which = (int)number;
	struct iovec iov = {&which, sizeof(which)};
	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov);
}

static void set_register(pid_t pid, int which, uint64_t value)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};
	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov);
	regs.regs[which] = value;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

static void set_result(pid_t pid, long result)
{
	set_register(pid, 0, (uint64_t)result);
}

static void set_third(pid_t pid, uint64_t value)
{
	set_register(pid, 2, value);
}
#endif

struct range tracee_library(pid_t pid)
{
	struct range found = {0, 0};
	char name[64], line[512];
	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	FILE *maps = fopen(name, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char rights[8];
		if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) == 3 && rights[2] == 'x' &&
		    strstr(line, "/libredial.so"))
			found = (struct range){start, end};
	}
	if (maps)
		fclose(maps);
	return found;
}

bool tracee_has(pid_t pid, int set, int fd)
{
	bool has = false;
	int one;
	char name[64], line[512];
	snprintf(name, sizeof(name), "/proc/%d/fdinfo/%d", pid, set);
	FILE *info = fopen(name, "re");
	while (info && fgets(line, sizeof(line), info))
		has |= sscanf(line, "tfd: %d", &one) == 1 && one == fd;
	if (info)
		fclose(info);
	return has;
}

void tracee_skip(pid_t pid)
{
	set_number(pid, -1);
}

void tracee_result(pid_t pid, long result)
{
	set_result(pid, result);
}

static uint64_t peek(pid_t pid, uint64_t at)
{
	return (uint64_t)ptrace(PTRACE_PEEKDATA, pid, at, NULL);
}

/* The last part of an iovec becomes a half. */
static bool shorten_parts(pid_t pid, uint64_t parts, uint64_t count, struct shortened *kept)
{
	if (count == 0 || count > 64)
		return false;
	kept->at = parts + (count - 1) * sizeof(struct iovec) + offsetof(struct iovec, iov_len);
	kept->was = peek(pid, kept->at);
	if (kept->was < 2)
		return false;
	ptrace(PTRACE_POKEDATA, pid, kept->at, kept->was / 2);
	return true;
}

bool tracee_shorten(pid_t pid, const struct __ptrace_syscall_info *info, struct shortened *kept)
{
	const uint64_t *args = (const uint64_t *)info->entry.args;
	switch (info->entry.nr) {
	case SYS_read:
	case SYS_write:
	case SYS_sendto:
	case SYS_recvfrom:
		if (args[2] < 2)
			return false;
		*kept = (struct shortened){.was = args[2]};
		set_third(pid, args[2] / 2);
		return true;
	case SYS_readv:
	case SYS_writev:
		return shorten_parts(pid, args[1], args[2], kept);
	case SYS_sendmsg:
	case SYS_recvmsg:
		return shorten_parts(pid, peek(pid, args[1] + offsetof(struct msghdr, msg_iov)),
				     peek(pid, args[1] + offsetof(struct msghdr, msg_iovlen)),
				     kept);
	}
	return false;
}

void tracee_restore(pid_t pid, const struct shortened *kept)
{
	if (kept->at)
		ptrace(PTRACE_POKEDATA, pid, kept->at, kept->was);
	else
		set_third(pid, kept->was);
}
