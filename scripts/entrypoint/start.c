/* SPDX-License-Identifier: MIT */
/* What a C library does before main. */
#include <elf.h>

#include "../../preload/os/sys.h"
#include "entrypoint.h"

/* The kernel enters here, the stack pointer at argc (System V ABI, process initialization). */
#if defined(__x86_64__)
__asm__(".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call start\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	mov x0, sp\n"
	"	bl start\n");
#endif

__attribute__((noreturn, used)) void start(long *stack);

void start(long *stack)
{
	struct process process = {.argv = (char **)(stack + 1)};
	process.envp = process.argv + *stack + 1;
	char **end = process.envp;
	while (*end)
		end++;
	for (const Elf64_auxv_t *entry = (const Elf64_auxv_t *)(end + 1); entry->a_type != AT_NULL;
	     entry++) {
		if (entry->a_type == AT_EXECFN)
			process.file = (const char *)entry->a_un.a_val;
	}
	int status = entrypoint(&process);
	for (;;)
		sys1(exit_group, status);
}
