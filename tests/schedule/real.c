/* SPDX-License-Identifier: MIT */
/*
 * In the place of preload/os/real.c: the next function of each hooked call is one of libc.c, or
 * tells that there is none.
 */
#include <stdbool.h>
#include <stddef.h>

#include "../../preload/os/real.h"
#include "judge.h"
#include "preload.h"

#define X(result, name, parameters, ...)                                                           \
	__attribute__((weak)) result sim_##name parameters                                         \
	{                                                                                          \
		judge_fail("simulator", "there is no simulated %s (tests/schedule/libc.c)",        \
			   #name);                                                                 \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "../../preload/hooks/symbols.def"
#pragma GCC diagnostic pop
#undef X

/* Its constructor has nothing to do: setting.c configures it. */
static char *environment[] = {"REDIAL_DISABLE=1", NULL};
char **preload_environ = environment;

extern struct real preload_real;
void preload_real_resolve(void);
void preload_real_resolve_vfork(void);

void preload_real_resolve_early(void);
void *preload_real_find(const char *name);

struct real preload_real = {
#define X(result, name, parameters, ...) .name = sim_##name,
#include "../../preload/hooks/symbols.def"
#undef X
};

void preload_real_resolve(void)
{
}

void preload_real_resolve_early(void)
{
}

void preload_real_resolve_vfork(void)
{
}

/* Nothing but by preload_real. */
void *preload_next_find(const char *name);
void *preload_next_find(const char *name)
{
	(void)name;
	return NULL;
}

/* There is no other interposer. */
void *preload_next_find_libcs(const char *name);
void *preload_next_find_libcs(const char *name)
{
	(void)name;
	return (void *)preload_real.connect;
}

/* The kernel brings nothing along. */
void *preload_next_find_kernels(const char *name);
void *preload_next_find_kernels(const char *name)
{
	(void)name;
	return NULL;
}

void *preload_real_find(const char *name)
{
	(void)name;
	return NULL;
}
