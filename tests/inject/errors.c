/* SPDX-License-Identifier: MIT */
#include "errors.h"

#include <errno.h>
#include <sys/syscall.h>

#include "trace.h"

#define CALL(name, ...)                                                                            \
	{                                                                                          \
		SYS_##name, #name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

#define OPEN                                                                                       \
	EACCES, EBUSY, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EISDIR, ELOOP, EMFILE,        \
	    ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOTDIR, ENXIO, EOVERFLOW,       \
	    EPERM, EROFS, EAGAIN
#define SEND                                                                                       \
	EACCES, EAGAIN, EALREADY, EBADF, ECONNRESET, EDESTADDRREQ, EFAULT, EINTR, EINVAL, EISCONN, \
	    EMSGSIZE, ENOBUFS, ENOMEM, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPIPE, SHORTER
#define RECV                                                                                       \
	EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EFAULT, EINTR, EINVAL, ENOMEM, ENOTCONN,          \
	    ENOTSOCK, ETIMEDOUT, SHORTER
#define WRITE                                                                                      \
	EAGAIN, EBADF, EDESTADDRREQ, EDQUOT, EFAULT, EFBIG, EINTR, EINVAL, EIO, ENOSPC, EPERM,     \
	    EPIPE, SHORTER
#define READ EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EIO, EISDIR, SHORTER
#define STAT EACCES, EBADF, EFAULT, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW

static const struct errors table[] = {
    CALL(socket, EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT),
    CALL(connect, EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF,
	 ECONNREFUSED, EFAULT, EINPROGRESS, EINTR, EISCONN, ENETUNREACH, EHOSTUNREACH, ENOTSOCK,
	 EPROTOTYPE, ETIMEDOUT),
    CALL(bind, EACCES, EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL, ENOTSOCK, EFAULT, ENOMEM),
    CALL(shutdown, EBADF, EINVAL, ENOTCONN, ENOTSOCK),
    CALL(getsockopt, EBADF, EFAULT, EINVAL, ENOPROTOOPT, ENOTSOCK),
    CALL(setsockopt, EBADF, EDOM, EFAULT, EINVAL, EISCONN, ENOBUFS, ENOMEM, ENOPROTOOPT, ENOTSOCK),
    CALL(getpeername, EBADF, EFAULT, EINVAL, ENOBUFS, ENOTCONN, ENOTSOCK),
    CALL(getsockname, EBADF, EFAULT, EINVAL, ENOBUFS, ENOTSOCK), CALL(sendto, SEND),
    CALL(sendmsg, SEND), CALL(recvfrom, RECV), CALL(recvmsg, RECV), CALL(write, WRITE),
    CALL(writev, WRITE), CALL(read, READ), CALL(readv, READ), CALL(pread64, READ),
#ifdef SYS_poll
    CALL(poll, EFAULT, EINTR, EINVAL, ENOMEM), CALL(select, EBADF, EINTR, EINVAL, ENOMEM),
    CALL(epoll_wait, EBADF, EFAULT, EINTR, EINVAL), CALL(open, OPEN), CALL(stat, STAT),
    CALL(dup2, EBADF, EBUSY, EINTR, EMFILE),
    CALL(readlink, EACCES, EFAULT, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR),
    CALL(getrlimit, EFAULT, EINVAL),
    CALL(rename, EACCES, EBUSY, EDQUOT, EFAULT, EINVAL, EISDIR, ENOENT, ENOMEM, ENOSPC, EPERM,
	 EROFS),
    CALL(access, EACCES, ELOOP, ENOENT, ENOTDIR, ENOMEM), CALL(arch_prctl, EFAULT, EINVAL),
#endif
    CALL(ppoll, EFAULT, EINTR, EINVAL, ENOMEM), CALL(pselect6, EBADF, EINTR, EINVAL, ENOMEM),
    CALL(epoll_pwait, EBADF, EFAULT, EINTR, EINVAL),
    CALL(epoll_ctl, EBADF, EEXIST, EINVAL, ELOOP, ENOENT, ENOMEM, ENOSPC, EPERM),
    CALL(epoll_create1, EINVAL, EMFILE, ENFILE, ENOMEM),
    CALL(timerfd_create, EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM, EPERM),
    CALL(timerfd_settime, EBADF, EFAULT, EINVAL, ECANCELED),
    CALL(eventfd2, EINVAL, EMFILE, ENFILE, ENODEV, ENOMEM), CALL(dup, EBADF, EMFILE),
    CALL(dup3, EBADF, EBUSY, EINTR, EINVAL, EMFILE),
    CALL(fcntl, EACCES, EAGAIN, EBADF, EBUSY, EFAULT, EINTR, EINVAL, EMFILE, EPERM),
    CALL(ioctl, EBADF, EFAULT, EINVAL, ENOTTY), CALL(close, EBADF, EINTR, EIO, ENOSPC, EDQUOT),
    CALL(openat, OPEN), CALL(fstat, STAT), CALL(newfstatat, STAT), CALL(statx, STAT),
    CALL(readlinkat, EACCES, EFAULT, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR),
    CALL(renameat, EACCES, EBUSY, EDQUOT, EFAULT, EINVAL, EISDIR, ENOENT, ENOMEM, ENOSPC, EPERM,
	 EROFS),
    CALL(getdents64, EBADF, EFAULT, EINVAL, ENOENT, ENOTDIR), CALL(sysinfo, EFAULT),
    CALL(lseek, EBADF, EINVAL, ENXIO, EOVERFLOW, ESPIPE),
    CALL(ftruncate, EACCES, EFBIG, EINTR, EINVAL, EIO, EISDIR, EPERM, EROFS),
    CALL(fallocate, EBADF, EFBIG, EINTR, EINVAL, EIO, ENODEV, ENOSPC, EOPNOTSUPP, EPERM),
    CALL(flock, EBADF, EINTR, EINVAL, ENOLCK, EAGAIN),
    CALL(memfd_create, EFAULT, EINVAL, EMFILE, ENFILE, ENOMEM),
    CALL(mmap, EACCES, EAGAIN, EBADF, EINVAL, ENFILE, ENODEV, ENOMEM, EOVERFLOW, EPERM),
    CALL(munmap, EINVAL, ENOMEM), CALL(mremap, EAGAIN, EFAULT, EINVAL, ENOMEM),
    CALL(mprotect, EACCES, EINVAL, ENOMEM),
    CALL(madvise, EACCES, EAGAIN, EBADF, EINVAL, EIO, ENOMEM, EPERM),
    CALL(mincore, EAGAIN, EFAULT, EINVAL, ENOMEM),
    CALL(process_vm_readv, EFAULT, EINVAL, ENOMEM, EPERM, ESRCH),
    CALL(process_vm_writev, EFAULT, EINVAL, ENOMEM, EPERM, ESRCH),
    CALL(shmget, EACCES, EEXIST, EINVAL, ENFILE, ENOENT, ENOMEM, ENOSPC, EPERM),
    CALL(shmat, EACCES, EIDRM, EINVAL, ENOMEM),
    CALL(shmctl, EACCES, EFAULT, EIDRM, EINVAL, EOVERFLOW, EPERM),
    CALL(clock_gettime, EACCES, EFAULT, EINVAL, EPERM),
    CALL(clock_getres, EACCES, EFAULT, EINVAL, EPERM), CALL(nanosleep, EFAULT, EINTR, EINVAL),
    CALL(clock_nanosleep, EFAULT, EINTR, EINVAL),
    CALL(futex, EACCES, EAGAIN, EFAULT, EINTR, EINVAL, ENOSYS, ETIMEDOUT),
    CALL(membarrier, EINVAL, ENOSYS, EPERM), CALL(getrandom, EAGAIN, EFAULT, EINTR, EINVAL, ENOSYS),
    CALL(kcmp, EBADF, EFAULT, EINVAL, EPERM, ESRCH), CALL(prlimit64, EFAULT, EINVAL, EPERM, ESRCH),
    CALL(sched_getaffinity, EFAULT, EINVAL, EPERM, ESRCH), CALL(uname, EFAULT),
    CALL(gettimeofday, EFAULT, EINVAL), CALL(rt_sigaction, EFAULT, EINVAL),
    CALL(rt_sigprocmask, EFAULT, EINVAL), CALL(rt_sigpending, EFAULT),
    CALL(rt_sigtimedwait, EAGAIN, EINTR, EINVAL), CALL(tgkill, EAGAIN, EINVAL, EPERM, ESRCH),
    /* These cannot fail. */
    CALL(getpid, 0), CALL(gettid, 0), CALL(getppid, 0), CALL(getuid, 0), CALL(geteuid, 0),
    CALL(getgid, 0), CALL(getegid, 0), CALL(sched_yield, 0), CALL(brk, 0), /* libc's alone */
};

const struct errors *errors_of(long number)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].number == number)
			return &table[i];
	return NULL;
}
