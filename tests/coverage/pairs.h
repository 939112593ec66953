/* SPDX-License-Identifier: MIT */
/*
 * The states that a connection may be in, the events that it may meet there, and by which hooked
 * calls a program makes those that are its own. coverage.py reads the names here: one a line.
 */
#ifndef COVERAGE_PAIRS_H
#define COVERAGE_PAIRS_H

/* Without a rescue (preload/conn/conn.h), and the phases of one (preload/rescue/rescue.h). */
#define STATES(X)                                                                                  \
	X(fresh)   /* no response was read on it yet, and nothing is unanswered */                 \
	X(idle)	   /* one was */                                                                   \
	X(writing) /* a part of a request is out */                                                \
	X(asked)   /* all of it, and none of its answer is read */                                 \
	X(answering)                                                                               \
	X(backoff)                                                                                 \
	X(connecting)                                                                              \
	X(greeting)                                                                                \
	X(securing)                                                                                \
	X(sending)                                                                                 \
	X(resuming)                                                                                \
	X(awaiting)                                                                                \
	X(waiting)                                                                                 \
	X(failed)                                                                                  \
	X(holding)                                                                                 \
	X(giving)

#define EVENTS(X)                                                                                  \
	X(write)                                                                                   \
	X(read)                                                                                    \
	X(wait)	 /* by poll, select or epoll */                                                    \
	X(watch) /* it comes into an epoll set, or leaves it */                                    \
	X(ask)	 /* for an option, an address, what kind of file it is */                          \
	X(set)                                                                                     \
	X(shutdown)                                                                                \
	X(close)                                                                                   \
	X(replace) /* something else is put at its number */                                       \
	X(dup)                                                                                     \
	X(fork)                                                                                    \
	X(exec)                                                                                    \
	X(signal)   /* whose handler ends the call that waits */                                   \
	X(reset)    /* the connection, or the one to come, has failed */                           \
	X(end)	    /* its stream has come to an end */                                            \
	X(timeout)  /* what is waited for has not come in time */                                  \
	X(deadline) /* there is no time for another attempt */                                     \
	X(off)	    /* the operator, or a new policy, wants no rescues any more */

/* X(call, event, where its descriptors are) */
#define CALLS(X)                                                                                   \
	X(send, write, FIRST)                                                                      \
	X(sendto, write, FIRST)                                                                    \
	X(sendmsg, write, FIRST)                                                                   \
	X(sendmmsg, write, FIRST)                                                                  \
	X(write, write, FIRST)                                                                     \
	X(writev, write, FIRST)                                                                    \
	X(pwritev2, write, FIRST)                                                                  \
	X(recv, read, FIRST)                                                                       \
	X(recvfrom, read, FIRST)                                                                   \
	X(recvmsg, read, FIRST)                                                                    \
	X(recvmmsg, read, FIRST)                                                                   \
	X(read, read, FIRST)                                                                       \
	X(readv, read, FIRST)                                                                      \
	X(poll, wait, POLLED)                                                                      \
	X(ppoll, wait, POLLED)                                                                     \
	X(select, wait, SELECTED)                                                                  \
	X(pselect, wait, SELECTED)                                                                 \
	X(epoll_wait, wait, OF_SET)                                                                \
	X(epoll_pwait, wait, OF_SET)                                                               \
	X(epoll_pwait2, wait, OF_SET)                                                              \
	X(epoll_ctl, watch, THIRD)                                                                 \
	X(getsockopt, ask, FIRST)                                                                  \
	X(getpeername, ask, FIRST)                                                                 \
	X(getsockname, ask, FIRST)                                                                 \
	X(fstat, ask, FIRST)                                                                       \
	X(setsockopt, set, FIRST)                                                                  \
	X(ioctl, set, FIRST)                                                                       \
	X(fcntl, set, OF_FCNTL)                                                                    \
	X(shutdown, shutdown, FIRST)                                                               \
	X(close, close, FIRST)                                                                     \
	X(close_range, close, RANGE)                                                               \
	X(dup, dup, FIRST)                                                                         \
	X(dup2, dup, OVER)                                                                         \
	X(dup3, dup, OVER)                                                                         \
	X(fork, fork, ALL)                                                                         \
	X(_Fork, fork, ALL)                                                                        \
	X(vfork, fork, ALL)                                                                        \
	X(posix_spawn, fork, ALL)                                                                  \
	X(system, fork, ALL)                                                                       \
	X(popen, fork, ALL)                                                                        \
	X(execve, exec, ALL)                                                                       \
	X(execv, exec, ALL)                                                                        \
	X(execvp, exec, ALL)                                                                       \
	X(execl, exec, ALL)                                                                        \
	X(execlp, exec, ALL)

#endif
