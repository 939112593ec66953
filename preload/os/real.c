/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <errno.h>
#include <stddef.h>

#include "sys.h"

/*
 * No reference here may keep us from loading: dlsym is in libc from glibc 2.34 on and in every
 * musl; before that it is in libdl, which libc's private entries can open.
 */
extern void *dlsym(void *handle, const char *name) __attribute__((weak));
extern void *__libc_dlsym(void *handle, const char *name) __attribute__((weak));
extern void *__libc_dlopen_mode(const char *name, int mode) __attribute__((weak));

#define NEXT	 ((void *)-1L) /* RTLD_NEXT */
#define ANYWHERE ((void *)0)   /* RTLD_DEFAULT */

#define PRIVATE_DLOPEN_NOW ((int)0x80000002u) /* RTLD_NOW | __RTLD_DLOPEN */

typedef void *lookup(void *handle, const char *name);

static lookup *find_dlsym(void)
{
	if (dlsym)
		return dlsym;
	if (!__libc_dlsym || !__libc_dlopen_mode)
		return NULL;
	void *libdl = __libc_dlopen_mode("libdl.so.2", PRIVATE_DLOPEN_NOW);
	return libdl ? (lookup *)__libc_dlsym(libdl, "dlsym") : NULL;
}

/*
 * Where libdl is out of reach, as for a program that brings a glibc of its own, what libc itself
 * has is still better than nothing: other preloads are passed over then.
 */
static void *find_in_libc(const char *name)
{
	if (!__libc_dlsym || !__libc_dlopen_mode)
		return NULL;
	void *libc = __libc_dlopen_mode("libc.so.6", PRIVATE_DLOPEN_NOW);
	return libc ? __libc_dlsym(libc, name) : NULL;
}

static void *find_next(const char *name)
{
	lookup *find = find_dlsym();
	return find ? find(NEXT, name) : find_in_libc(name);
}

/* Entries that a libc lacks: they can only be reached by a caller who declared the call itself. */
#define X(result, name, parameters, arguments)                                                     \
	static result missing_##name parameters                                                    \
	{                                                                                          \
		set_errno(ENOSYS);                                                                 \
		return (result)-1;                                                                 \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "../hooks/symbols.def"
#pragma GCC diagnostic pop
#undef X

/* What the entries hold at first: another library's constructor may call us before ours ran. */
#define X(result, name, parameters, arguments)                                                     \
	static result early_##name parameters                                                      \
	{                                                                                          \
		real_resolve();                                                                    \
		return real.name arguments;                                                        \
	}
#define X_LATER(result, name, parameters, arguments)                                               \
	static result early_##name parameters                                                      \
	{                                                                                          \
		void *found = find_next(#name);                                                    \
		__atomic_store_n(&real.name, found ? (result(*) parameters)found : missing_##name, \
				 __ATOMIC_RELAXED);                                                \
		return real.name arguments;                                                        \
	}
#include "../hooks/symbols.def"
#undef X

struct real real = {
#define X(result, name, parameters, arguments) .name = early_##name,
#include "../hooks/symbols.def"
#undef X
};

void real_resolve(void)
{
	void *found;
#define X(result, name, parameters, arguments)                                                     \
	found = find_next(#name);                                                                  \
	__atomic_store_n(&real.name, found ? (result(*) parameters)found : missing_##name,         \
			 __ATOMIC_RELAXED);
#define X_LATER(result, name, parameters, arguments)
#include "../hooks/symbols.def"
#undef X
}

void *real_find(const char *name)
{
	lookup *find = find_dlsym();
	return find ? find(ANYWHERE, name) : NULL;
}
