/* SPDX-License-Identifier: MIT */
#include "real.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "early.h"
#include "next.h"
#include "stand_in.h"
#include "start.h"
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
#define LOADED_ALREADY	   0x5		      /* RTLD_LAZY | RTLD_NOLOAD, in glibc and musl */

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

/*
 * What glibc before 2.34 keeps in libraries beside libc. One that a plugin of the program's has
 * brought along is not among what comes next after us.
 */
static void *find_beside_libc(lookup *find, const char *name)
{
	static const char libraries[][16] = {"librt.so.1", "libutil.so.1", "libanl.so.1"};
	typedef void *open_library(const char *path, int mode);
	open_library *open_it = (open_library *)find(ANYWHERE, "dlopen");
	void *found = NULL;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]) && open_it && !found; i++) {
		void *library = open_it(libraries[i], LOADED_ALREADY);
		found = library ? find(library, name) : NULL;
	}
	return found;
}

/*
 * What a libc lacks can only be reached by a caller who declared the call himself. One for all: it
 * looks at no argument, and what it returns is found where any result is that is no structure.
 */
static long missing(void)
{
	set_errno(ENOSYS);
	return -1;
}

static void *find_as(const char *name, bool beside)
{
	void *found = next_find(name);
	if (found)
		return found;
	lookup *find = find_dlsym();
	found = find ? find(NEXT, name) : find_in_libc(name);
	return found || !find || !beside ? found : find_beside_libc(find, name);
}

static TRACKED void *find_next(const char *name, bool beside)
{
	char plain[STAND_IN_NAME_MAX];
	void *found = find_as(name, beside);
	if (!found && stand_in_name(name, plain))
		found = find_as(plain, beside);
	if (!found)
		found = stand_in(name);
	return found ? found : (void *)missing;
}

/* Each call has a word for what it does while a placeholder lies at its number. */
enum {
#define W(word) WORD_##word,
#include "../hooks/words.def"
#undef W
};
#define X(result, name, parameters, arguments, word) _Static_assert(WORD_##word >= 0, #name);
#define X_OVER(result, name, parameters, word)	     _Static_assert(WORD_##word >= 0, #name);
#include "../hooks/symbols.def"
#undef X

/* Their names, one after the other: an array of pointers would have to be relocated at each start.
 */
static const struct names {
#define X(result, name, parameters, arguments, word) char name[sizeof(#name)];
#include "../hooks/symbols.def"
#undef X
} names = {
#define X(result, name, parameters, arguments, word) #name,
#include "../hooks/symbols.def"
#undef X
};

/* Where each of them is, and whether it is looked up when it is called first, or before all else.
 */
enum { LATER = 0x8000, EARLY = 0x4000, NAME = EARLY - 1 };
static const uint16_t places[] = {
#define X(result, name, parameters, arguments, word)	   offsetof(struct names, name),
#define X_LATER(result, name, parameters, arguments, word) offsetof(struct names, name) | LATER,
#define X_EARLY(result, name, parameters, arguments, word) offsetof(struct names, name) | EARLY,
#include "../hooks/symbols.def"
#undef X
};

enum place {
#define X(result, name, parameters, arguments, word) AT_##name,
#include "../hooks/symbols.def"
#undef X
	PLACES
};

/* The entries as what they all are. */
static void **entry_at(unsigned place)
{
	return (void **)(void *)&real + place;
}

static void look_up(unsigned place)
{
	bool later = places[place] & LATER;
	const char *name = (const char *)&names + (places[place] & NAME);
	__atomic_store_n(entry_at(place), find_next(name, later), __ATOMIC_RELAXED);
}

/* What the entries hold at first: see below. */
extern const char redial_early[] __attribute__((visibility("hidden")));
#if defined(__x86_64__)
enum { STUB_LEN = 5 };
#elif defined(__aarch64__)
enum { STUB_LEN = 8 };
#endif

__attribute__((used)) void *redial_early_find(size_t place);

SET_AT_START static bool resolved;

static inline void set_stub(unsigned place)
{
	__atomic_store_n(entry_at(place), (void *)(redial_early + STUB_LEN * place),
			 __ATOMIC_RELAXED);
}

/* Where the loader has to be asked that is done at once, for it takes a lock. */
AT_START static void resolve(bool all)
{
	bool seen = next_see();
	if (seen) {
#define X(result, name, parameters, arguments, word)
#define X_EARLY(result, name, parameters, arguments, word) set_stub(AT_##name);
#include "../hooks/symbols.def"
#undef X
	}
	for (unsigned place = 0; place < PLACES && !seen; place++) {
		if (places[place] & EARLY || (all && !(places[place] & LATER)))
			look_up(place);
	}
	__atomic_store_n(&resolved, all || seen, __ATOMIC_RELEASE);
}

AT_START void real_resolve(void)
{
	resolve(true);
}

AT_START void real_resolve_early(void)
{
	resolve(false);
}

void real_resolve_vfork(void)
{
	if (__atomic_load_n(entry_at(AT_vfork), __ATOMIC_RELAXED) ==
	    redial_early + STUB_LEN * AT_vfork)
		redial_early_find(AT_vfork);
}

/* The first call of that entry. Returns what it is to go on with. */
void *redial_early_find(size_t place)
{
	if (!__atomic_load_n(&resolved, __ATOMIC_ACQUIRE) && !(places[place] & LATER))
		resolve(true);
	look_up((unsigned)place);
	return __atomic_load_n(entry_at((unsigned)place), __ATOMIC_RELAXED);
}

/*
 * What the entries hold until they are called: another library's constructor may do so before ours
 * ran. Each is a call of the same code, which knows by where it came from which entry that is; it
 * looks it up and goes on there, with all arguments as they were. (None of the calls takes any in
 * registers for floating-point numbers.)
 */
#if defined(__x86_64__)
#define STUB "	.byte 0xe8\n	.long redial_early_call - . - 4\n" /* call, never relaxed */
__asm__("	.text\n"
	"redial_early_call:\n"
	"	pushq %rax\n"
	"	pushq %rdi\n"
	"	pushq %rsi\n"
	"	pushq %rdx\n"
	"	pushq %rcx\n"
	"	pushq %r8\n"
	"	pushq %r9\n"
	"	movq 56(%rsp), %rax\n" /* behind the stub */
	"	leaq redial_early(%rip), %rcx\n"
	"	subq %rcx, %rax\n"
	"	xorl %edx, %edx\n"
	"	movl $5, %ecx\n"
	"	divq %rcx\n"
	"	leaq -1(%rax), %rdi\n"
	"	subq $8, %rsp\n"
	"	call redial_early_find\n"
	"	addq $8, %rsp\n"
	"	movq %rax, %r11\n"
	"	popq %r9\n"
	"	popq %r8\n"
	"	popq %rcx\n"
	"	popq %rdx\n"
	"	popq %rsi\n"
	"	popq %rdi\n"
	"	popq %rax\n"
	"	addq $8, %rsp\n"
	"	jmpq *%r11\n"
	"	.hidden redial_early\n"
	"	.globl redial_early\n"
	"redial_early:\n"
#elif defined(__aarch64__)
#define STUB "	mov x16, x30\n	bl redial_early_call\n"
__asm__("	.text\n"
	"redial_early_call:\n"
	"	stp x29, x16, [sp, #-96]!\n"
	"	stp x0, x1, [sp, #16]\n"
	"	stp x2, x3, [sp, #32]\n"
	"	stp x4, x5, [sp, #48]\n"
	"	stp x6, x7, [sp, #64]\n"
	"	str x8, [sp, #80]\n"
	"	adrp x0, redial_early\n"
	"	add x0, x0, :lo12:redial_early\n"
	"	sub x0, x30, x0\n" /* behind the stub */
	"	lsr x0, x0, #3\n"
	"	sub x0, x0, #1\n"
	"	bl redial_early_find\n"
	"	mov x17, x0\n"
	"	ldp x0, x1, [sp, #16]\n"
	"	ldp x2, x3, [sp, #32]\n"
	"	ldp x4, x5, [sp, #48]\n"
	"	ldp x6, x7, [sp, #64]\n"
	"	ldr x8, [sp, #80]\n"
	"	ldp x29, x30, [sp], #96\n"
	"	br x17\n"
	"	.hidden redial_early\n"
	"	.globl redial_early\n"
	"redial_early:\n"
#endif
#define X(result, name, parameters, arguments, word) STUB
#include "../hooks/symbols.def"
#undef X
);

SET_AT_START struct real real = {
#define X(result, name, parameters, arguments, word)                                               \
	.name = (result(*) parameters)(redial_early + STUB_LEN * AT_##name),
#define X_EARLY(result, name, parameters, arguments, word) .name = early_##name,
#include "../hooks/symbols.def"
#undef X
};

void *real_find(const char *name)
{
	lookup *find = find_dlsym();
	return find ? find(ANYWHERE, name) : NULL;
}
