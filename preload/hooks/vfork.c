/* SPDX-License-Identifier: MIT */
/*
 * vfork. Its child goes on in the stack frame that its parent will return to, so what stands
 * between the two must not keep anything there: the return address stays in a register, which the
 * kernel gives back to each of them. If there is nothing for the child to settle, this is a jump to
 * libc's; else the system call is made here, and the child puts the sockets to their numbers before
 * it returns. Those of its rescues' descriptors that it has copies of are close-on-exec.
 */
#include "../calls/child.h"
#include "../conn/table.h"
#include "../os/real.h"

struct plan {
	struct heirs *heirs; /* NULL: go on with what is next */
	pid_t (*next)(void); /* both are returned in registers */
};

__attribute__((used)) struct plan redial_vfork_plan(void);
__attribute__((used)) void redial_vfork_child(const struct heirs *heirs);
__attribute__((used)) pid_t redial_vfork_parent(struct heirs *heirs, long result);

struct plan redial_vfork_plan(void)
{
	real_resolve_vfork();
	struct heirs *heirs = __builtin_expect(!table.near, 1) ? NULL : call_before_vfork();
	return (struct plan){heirs, real.vfork};
}

void redial_vfork_child(const struct heirs *heirs)
{
	rescue_heirs_settle(heirs, false);
}

pid_t redial_vfork_parent(struct heirs *heirs, long result)
{
	rescue_heirs_free(heirs);
	if (result >= 0)
		return (pid_t)result;
	set_errno((int)-result);
	return -1;
}

#if defined(__x86_64__)
__asm__("	.text\n"
	"	.globl vfork\n"
	"	.type vfork, @function\n"
	"vfork:\n"
	"	.cfi_startproc\n"
	"	subq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call redial_vfork_plan\n"
	"	addq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	testq %rax, %rax\n"
	"	jnz 1f\n"
	"	jmpq *%rdx\n"
	"1:	movq %rax, %rdi\n" /* the heirs, for either */
	"	popq %rdx\n"	   /* the return address */
	"	.cfi_adjust_cfa_offset -8\n"
	"	.cfi_register %rip, %rdx\n"
	"	movl $58, %eax\n" /* SYS_vfork */
	"	syscall\n"
	"	pushq %rdx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_offset %rip, -8\n"
	"	subq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	testq %rax, %rax\n"
	"	jz 2f\n"
	"	movq %rax, %rsi\n"
	"	call redial_vfork_parent\n"
	"	jmp 3f\n"
	"2:	call redial_vfork_child\n"
	"	xorl %eax, %eax\n"
	"3:	addq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size vfork, . - vfork\n");
#elif defined(__aarch64__)
__asm__("	.text\n"
	"	.globl vfork\n"
	"	.type vfork, %function\n"
	"vfork:\n"
	"	.cfi_startproc\n"
	"	stp x29, x30, [sp, #-16]!\n"
	"	.cfi_adjust_cfa_offset 16\n"
	"	.cfi_offset x29, -16\n"
	"	.cfi_offset x30, -8\n"
	"	bl redial_vfork_plan\n"
	"	ldp x29, x30, [sp], #16\n"
	"	.cfi_adjust_cfa_offset -16\n"
	"	.cfi_restore x29\n"
	"	.cfi_restore x30\n"
	"	cbnz x0, 1f\n"
	"	br x1\n"
	"1:	mov x9, x0\n"	/* the heirs, for either */
	"	mov x10, x30\n" /* the return address */
	"	.cfi_register x30, x10\n"
	"	mov x0, #0x4111\n" /* CLONE_VM | CLONE_VFORK | SIGCHLD */
	"	mov x1, xzr\n"
	"	mov x2, xzr\n"
	"	mov x3, xzr\n"
	"	mov x4, xzr\n"
	"	mov x8, #220\n" /* SYS_clone */
	"	svc #0\n"
	"	stp x29, x10, [sp, #-16]!\n"
	"	.cfi_adjust_cfa_offset 16\n"
	"	.cfi_offset x29, -16\n"
	"	.cfi_offset x30, -8\n"
	"	cbz x0, 2f\n"
	"	mov x1, x0\n"
	"	mov x0, x9\n"
	"	bl redial_vfork_parent\n"
	"	b 3f\n"
	"2:	mov x0, x9\n"
	"	bl redial_vfork_child\n"
	"	mov x0, xzr\n"
	"3:	ldp x29, x30, [sp], #16\n"
	"	.cfi_adjust_cfa_offset -16\n"
	"	.cfi_restore x29\n"
	"	.cfi_restore x30\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"	.size vfork, . - vfork\n");
#endif
