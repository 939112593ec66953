/* SPDX-License-Identifier: MIT */
/*
 * connect and close are cancellation points (pthreads(7)). A rescue makes them with its connection
 * locked, and a thread that was cancelled there would never unlock it.
 */
#ifndef REDIAL_OS_CANCEL_H
#define REDIAL_OS_CANCEL_H

#include <pthread.h>

/* In every libc, with one meaning in all its versions; weak, like all that we refer to. */
int pthread_setcancelstate(int state, int *old) __attribute__((weak));

static inline int cancel_set(int state)
{
	int old = PTHREAD_CANCEL_ENABLE;
	if (pthread_setcancelstate)
		pthread_setcancelstate(state, &old);
	return old;
}

/* The result of a call during which cancellation is put off. */
#define UNCANCELLED(call)                                                                          \
	({                                                                                         \
		int cancel_state = cancel_set(PTHREAD_CANCEL_DISABLE);                             \
		__typeof__(call) cancel_result = (call);                                           \
		cancel_set(cancel_state);                                                          \
		cancel_result;                                                                     \
	})

#endif
