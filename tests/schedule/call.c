/* SPDX-License-Identifier: MIT */
/*
 * Where the preload's direct system calls arrive (preload/os/sys.h), and what it asks of its
 * thread. All names of the preload's objects have preload_ in front in this program.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
#include "draw.h"
#include "judge.h"
#include "kernel.h"
#include "thread.h"
#include "trace.h"

enum { PID = 4711, REALTIME_S = 1700000000 };

/* Instead of MSG_... flags: by read or write, which serve all things. */
enum { AS_FILE = -1 };

long preload_sim_call(long number, long a, long b, long c, long d, long e, long f);
uintptr_t preload_sim_self(void);
int *preload___errno_location(void);
void preload___sanitizer_cov_trace_pc(void);

/* Asked at each entry of a connection: a good moment for another thread to be there first. */
uintptr_t preload_sim_self(void)
{
	if (!thread_current)
		return 1 << 20;
	thread_step();
	return (uintptr_t)thread_current;
}

int *preload___errno_location(void)
{
	static int nobodys;
	return thread_current ? &thread_current->error : &nobodys;
}

/* Between the preload's own instructions (-fsanitize-coverage=trace-pc). */
void preload___sanitizer_cov_trace_pc(void)
{
	if (thread_current)
		thread_fine_step();
}

static long clock_get(long id, struct timespec *now)
{
	uint64_t ns = world.now_ns;
	now->tv_sec = (time_t)(ns / 1000000000) + (id == CLOCK_REALTIME ? REALTIME_S : 1000);
	now->tv_nsec = (long)(ns % 1000000000);
	return 0;
}

static uint64_t length_of(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

static long nap(const struct timespec *length)
{
	enum woken woken = thread_wait(NULL, NULL, world.now_ns + length_of(length), true);
	return woken == INTERRUPTED ? -EINTR : 0;
}

static uint64_t timeout_of_ms(long ms)
{
	return (int)ms < 0 ? NEVER : (uint64_t)ms * 1000000;
}

static uint64_t timeout_of(const struct timespec *timeout)
{
	return timeout ? length_of(timeout) : NEVER;
}

/* /proc/self/fdinfo/N, which tells an epoll set's registrations, and the log. */
static long open_file(const char *path, int flags)
{
	static const char folder[] = "/proc/self/fdinfo/";
	char text[2048];
	if (strncmp(path, folder, sizeof(folder) - 1) == 0) {
		size_t len = epoll_text(atoi(path + sizeof(folder) - 1), text, sizeof(text));
		int fd = fd_new(object_new(IS_FILE), 0, flags & O_CLOEXEC);
		if (fd >= 0)
			bytes_add(&object_at(fd)->bytes, text, (uint32_t)len);
		return fd;
	}
	if (strcmp(path, CALL_LOG) == 0)
		return fd_new(object_new(IS_LOG), 0, flags & O_CLOEXEC);
	return -ENOENT;
}

static long signal_action(long number, void *old)
{
	struct {
		uintptr_t handler;
		unsigned long flags;
	} action = {0};
	if (number == SIGUSR1 && world.set.signal_rate) {
		action.handler = 4096;
		action.flags = world.set.restarts ? SA_RESTART : 0;
	}
	if (old)
		memcpy(old, &action, sizeof(action));
	return 0;
}

static long random_bytes(unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(draw(256) + 1);
	return (long)len;
}

static long move(long fd, const struct data *data, bool out)
{
	struct object *thing = move_begin((int)fd, out);
	return move_end(thing, out ? move_out(thing, data) : move_in(thing, data));
}

static long piece(long fd, const void *bytes, size_t len, long flags, bool out)
{
	struct iovec one = {(void *)bytes, len};
	struct data data = {&one, 1, (int)flags, flags == AS_FILE};
	if (flags == AS_FILE)
		data.flags = 0;
	return move(fd, &data, out);
}

static long pieces(long fd, const struct iovec *iov, size_t count, bool out)
{
	struct data data = {iov, count, 0, true};
	return move(fd, &data, out);
}

static long message_of(struct object *thing, struct msghdr *message, long flags, bool out)
{
	struct data data = {message->msg_iov, message->msg_iovlen, (int)flags, false};
	if (out)
		return move_out(thing, &data);
	message->msg_namelen = 0;
	message->msg_controllen = 0;
	message->msg_flags = 0;
	return move_in(thing, &data);
}

static long message(long fd, struct msghdr *message, long flags, bool out)
{
	struct object *thing = move_begin((int)fd, out);
	return move_end(thing,
			is_bad(message, 1) ? -EFAULT : message_of(thing, message, flags, out));
}

static size_t total(const struct msghdr *one)
{
	size_t len = 0;
	for (size_t i = 0; i < one->msg_iovlen; i++)
		len += one->msg_iov[i].iov_len;
	return len;
}

static long messages(long fd, struct mmsghdr *all, unsigned count, long flags, bool out)
{
	struct object *thing = move_begin((int)fd, out);
	unsigned done = 0;
	long result = 0;
	while (done < count) {
		struct msghdr *one = &all[done].msg_hdr;
		long later = done && !out ? flags | MSG_DONTWAIT : flags;
		result = message_of(thing, one, later, out);
		if (result < 0)
			break;
		all[done++].msg_len = (unsigned)result;
		if (out ? (size_t)result < total(one) : !result)
			break;
	}
	return move_end(thing, done ? (long)done : result);
}

/* Of memory: the kernel's own, at the same place in every run, and given back when it ends. */
static long memory(long number, long a, long b, long c, long d, long e, long f)
{
	if (number == SYS_mmap && fault("mmap", ENOMEM, ENOMEM))
		return -ENOMEM;
	if (number == SYS_mmap && !a) {
		a = call_next_memory(b);
		d |= MAP_FIXED_NOREPLACE;
	}
	long result = syscall(number, a, b, c, d, e, f);
	if (result == -1)
		return -errno;
	call_note_memory(number, a, b, result);
	return result;
}

static long about_sockets(long number, long a, long b, long c, long d, long e, long f)
{
	(void)f;
	switch (number) {
	case SYS_socket:
		return socket_new((int)a, (int)b, (int)c);
	case SYS_connect:
		return socket_connect((int)a, (const void *)b, (socklen_t)c);
	case SYS_bind:
		return object_at((int)a) ? 0 : -EBADF;
	case SYS_shutdown:
		return socket_shutdown((int)a, (int)b);
	case SYS_getsockname:
	case SYS_getpeername:
		return socket_name((int)a, (void *)b, (socklen_t *)c, number == SYS_getpeername);
	case SYS_getsockopt:
		return socket_get((int)a, (int)b, (int)c, (void *)d, (socklen_t *)e);
	case SYS_setsockopt:
		return socket_set((int)a, (int)b, (int)c, (const void *)d, (socklen_t)e);
	case SYS_sendto:
		return piece(a, (const void *)b, (size_t)c, d, true);
	case SYS_recvfrom:
		return piece(a, (const void *)b, (size_t)c, d, false);
	case SYS_sendmsg:
	case SYS_recvmsg:
		return message(a, (void *)b, c, number == SYS_sendmsg);
	case SYS_sendmmsg:
	case SYS_recvmmsg:
		return messages(a, (void *)b, (unsigned)c, d, number == SYS_sendmmsg);
	default:
		return CALL_UNKNOWN;
	}
}

static long about_files(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
	case SYS_write:
		return piece(a, (const void *)b, (size_t)c, AS_FILE, true);
	case SYS_read:
		return piece(a, (const void *)b, (size_t)c, AS_FILE, false);
	case SYS_writev:
	case SYS_readv:
		return pieces(a, (const void *)b, (size_t)c, number == SYS_writev);
	case SYS_sendfile:
		return move_file((int)a, (int)b, (int64_t *)c, (size_t)d);
	case SYS_splice:
		return move_splice((int)a, (int)c, (size_t)e, (unsigned)f);
	case SYS_pipe2:
		return pipe_new((int *)a);
	case SYS_close:
		return fd_close((int)a);
	case SYS_close_range:
		return fd_close_range((unsigned)a, (unsigned)b, (int)c);
	case SYS_dup:
		return told(fd_dup((int)a, 0, false));
	case SYS_dup3:
		return told(fd_dup_to((int)a, (int)b, (int)c, false));
#ifdef SYS_dup2
	case SYS_dup2:
		return told(fd_dup_to((int)a, (int)b, 0, true));
#endif
	case SYS_fcntl:
		return told(fd_control((int)a, (int)b, c));
	case SYS_ioctl:
		return told(fd_ioctl((int)a, (unsigned long)b, (void *)c));
	case SYS_fstat:
		return fd_stat((int)a, (void *)b);
	case SYS_kcmp: /* of files alone: 0 if they are one, else 3, which says nothing of an order
			*/
		if (!object_at((int)d) || !object_at((int)e))
			return -EBADF;
		return object_at((int)d) == object_at((int)e) ? 0 : 3;
	case SYS_lseek:
		return object_at((int)a) ? -ESPIPE : -EBADF;
	case SYS_openat:
		return open_file((const char *)b, (int)c);
	default:
		return CALL_UNKNOWN;
	}
}

static long about_waiting(long number, long a, long b, long c, long d, long e, long f)
{
	void *sets[3] = {(void *)b, (void *)c, (void *)d};
	(void)f;
	switch (number) {
	case SYS_ppoll:
		return poll_wait((void *)a, (size_t)b, timeout_of((const void *)c));
	case SYS_pselect6:
		return poll_select((int)a, sets, timeout_of((const void *)e));
	case SYS_epoll_create1:
		return epoll_new((int)a);
	case SYS_epoll_ctl:
		return epoll_change((int)a, (int)b, (int)c, (const void *)d);
	case SYS_epoll_pwait:
		return epoll_collect((int)a, (void *)b, (int)c, timeout_of_ms(d));
	case SYS_epoll_pwait2:
		return epoll_collect((int)a, (void *)b, (int)c, timeout_of((const void *)d));
	case SYS_timerfd_create:
		return timer_new((int)b);
	case SYS_timerfd_settime:
		return timer_set((int)a, (int)b, (const void *)c);
	case SYS_nanosleep:
		return nap((const void *)a);
	case SYS_clock_nanosleep:
		return nap((const void *)c);
	case SYS_sched_yield:
		thread_stand_back();
		return 0;
	default:
		return CALL_UNKNOWN;
	}
}

static long about_all_else(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
	case SYS_clock_gettime:
		return clock_get(a, (void *)b);
	case SYS_getpid:
		return PID;
	case SYS_gettid:
		return PID + (thread_current ? (long)thread_current->weight : 0);
	case SYS_geteuid:
	case SYS_getuid:
		return 0;
	case SYS_kill:
	case SYS_tgkill:
	case SYS_prctl:
		return 0;
	case SYS_rt_sigaction:
		return signal_action(a, (void *)c);
	case SYS_rt_sigprocmask:
	case SYS_rt_sigpending:
		if (number == SYS_rt_sigpending ? a : c)
			memset((void *)(number == SYS_rt_sigpending ? a : c), 0, 8);
		return 0;
	case SYS_rt_sigtimedwait:
		return -EAGAIN;
	case SYS_rt_tgsigqueueinfo:
		thread_current->call.sigpipes += c == SIGPIPE;
		trace("  signal %ld is sent", c);
		return 0;
	case SYS_getrandom:
		return random_bytes((void *)a, (size_t)b);
	case SYS_uname:
		memset((void *)a, 0, sizeof(struct utsname));
		return 0;
	case SYS_process_vm_readv:
	case SYS_process_vm_writev:
		return call_copy(number, (void *)b, (void *)d, (size_t)e);
	case SYS_mmap:
	case SYS_munmap:
	case SYS_madvise:
	case SYS_mprotect:
	case SYS_mremap:
		return memory(number, a, b, c, d, e, f);
	default:
		return CALL_UNKNOWN;
	}
}

long call_kernel(long number, long a, long b, long c, long d, long e, long f)
{
	long result = about_sockets(number, a, b, c, d, e, f);
	if (result == CALL_UNKNOWN)
		result = about_files(number, a, b, c, d, e, f);
	if (result == CALL_UNKNOWN)
		result = about_waiting(number, a, b, c, d, e, f);
	if (result == CALL_UNKNOWN)
		result = about_all_else(number, a, b, c, d, e, f);
	if (result == CALL_UNKNOWN)
		judge_fail("simulator",
			   "the simulated kernel (tests/schedule/call.c) does not "
			   "know the system call %ld",
			   number);
	return result;
}

long preload_sim_call(long number, long a, long b, long c, long d, long e, long f)
{
	if (!thread_current) /* the constructor, before there is a world; or the judge's questions
			      */
		return number == SYS_getpid ? PID : -ENOSYS;
	thread_step();
	long result = call_kernel(number, a, b, c, d, e, f);
	if (number != SYS_clock_gettime && number != SYS_getpid)
		call_trace(number, a, b, c, result);
	thread_step();
	return result;
}
