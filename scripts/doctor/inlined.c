/* SPDX-License-Identifier: MIT */
#include "inlined.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* How far before the instruction its number may be loaded: what comes between sets the arguments.
 */
enum { WINDOW_X86 = 64, WINDOW_ARM = 12 * 4 };

/* No call has a higher number: what is loaded then is another value. */
enum { NUMBER_MAX = 512 };

static const struct {
	short x86_64, aarch64; /* asm/unistd.h; -1: there is none */
	unsigned what;
	const char *name;
} calls[] = {
    {42, 203, INLINED_CONNECT, "connect"},	 {44, 206, INLINED_BYTES, "sendto"},
    {45, 207, INLINED_BYTES, "recvfrom"},	 {46, 211, INLINED_BYTES, "sendmsg"},
    {47, 212, INLINED_BYTES, "recvmsg"},	 {232, -1, INLINED_WAITS, "epoll_wait"},
    {281, 22, INLINED_WAITS, "epoll_pwait"},	 {441, 441, INLINED_WAITS, "epoll_pwait2"},
    {425, 425, INLINED_URING, "io_uring_setup"}, {426, 426, INLINED_URING, "io_uring_enter"},
};

static void note(const struct elf_file *file, struct inlined *inlined, long number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		size_t len = strlen(inlined->names);

		if (number != (file->machine == EM_X86_64 ? calls[i].x86_64 : calls[i].aarch64))
			continue;
		inlined->what |= calls[i].what;
		if (!strstr(inlined->names, calls[i].name))
			snprintf(inlined->names + len, sizeof(inlined->names) - len, "%s%s",
				 len ? ", " : "", calls[i].name);
	}
}

static long number_at(const unsigned char *at)
{
	uint32_t number =
	    (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;

	return number < NUMBER_MAX ? (long)number : -1;
}

/* What one instruction, which ends before `end`, puts into eax; -1 if it is none that does. */
static long put_into_eax(const unsigned char *at, const unsigned char *end)
{
	if (end - at >= 5 && at[0] == 0xb8)
		return number_at(at + 1);
	if (end - at >= 7 && at[0] == 0x48 && at[1] == 0xc7 && at[2] == 0xc0)
		return number_at(at + 3);
	if (end - at >= 3 && at[0] == 0x6a && at[2] == 0x58) /* push; pop rax */
		return at[1];
	if (end - at >= 2 && (at[0] == 0x31 || at[0] == 0x33) && at[1] == 0xc0)
		return 0; /* xor eax, eax */
	return -1;
}

static bool has(const unsigned char *at, const unsigned char *end, const char *bytes, size_t len)
{
	return memmem(at, (size_t)(end - at), bytes, len);
}

/*
 * The two bytes are part of many another instruction. Where no number is loaded the function itself
 * has to look like one that is handed it: rax from the first argument, or from the stack, before
 * the call, and a look at the result, or the end of the function, behind.
 */
static bool takes_its_number(const unsigned char *begin, const unsigned char *at,
			     const unsigned char *end)
{
	const unsigned char *near = at - begin > 40 ? at - 40 : begin;
	bool loads = has(near, at, "\x48\x89\xf8", 3) || has(near, at, "\x48\x63\xc7", 3) ||
		     has(near, at, "\x48\x8b\x44\x24", 4);

	return loads && (has(at + 2, end, "\x48\x3d", 2) || (at + 2 < end && at[2] == 0xc3));
}

/* Intel SDM, SYSCALL: 0f 05. The nearest number before it counts. */
static void look_at_syscall(const struct elf_file *file, struct inlined *inlined,
			    const unsigned char *text, size_t len, const unsigned char *at)
{
	enum { BEHIND = 6 };
	const unsigned char *end = text + len - at > BEHIND ? at + BEHIND : text + len;
	const unsigned char *begin = at - text > WINDOW_X86 ? at - WINDOW_X86 : text;

	for (const unsigned char *before = at; before > begin; before--) {
		long number = put_into_eax(before - 1, at);

		if (number >= 0) {
			note(file, inlined, number);
			return;
		}
		if (before - begin >= 2 && before[-2] == 0x0f && before[-1] == 0x05)
			break;
	}
	if (takes_its_number(begin, at, end))
		inlined->what |= INLINED_ANY;
}

/* Where a call at `at` of the file leads: by way of the entry of the PLT, to the word that holds
 * it. */
static uint64_t word_called(const struct elf_file *file, uint64_t at)
{
	uint64_t address = elf_address_of(file, at), stub;
	uint32_t first = (uint32_t)elf_number(file, at, 1);

	if (first == 0xe8) { /* call */
		address += 5 + (uint64_t)(int32_t)elf_number(file, at + 1, 4);
		stub = elf_offset_of(file, address);
		if (elf_number(file, stub, 4) == 0xfa1e0ff3) { /* endbr64 */
			stub += 4;
			address += 4;
		}
		if (elf_number(file, stub, 1) == 0xf2) { /* bnd */
			stub++;
			address++;
		}
		at = stub;
	} else if (elf_number(file, at, 2) != 0x15ff) { /* call *rip(N) */
		return 0;
	}
	if (first == 0xe8 && elf_number(file, at, 2) != 0x25ff) /* jmp *rip(N) */
		return 0;
	return address + 6 + (uint64_t)(int32_t)elf_number(file, at + 2, 4);
}

/* syscall(io_uring_setup, ...): the number in edi, and a call of that name right behind. */
static void look_at_edi(const struct elf_file *file, struct inlined *inlined, uint64_t at,
			uint64_t syscall)
{
	long number = (long)elf_number(file, at + 1, 4);

	if (number != 425 && number != 426)
		return;
	for (uint64_t i = 5; i < WINDOW_X86; i++)
		if (word_called(file, at + i) == syscall)
			note(file, inlined, number);
}

static void look_x86(const struct elf_file *file, struct inlined *inlined, uint64_t offset,
		     uint64_t len, uint64_t syscall)
{
	const unsigned char *text = file->data + offset;

	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] == 0x0f && text[i + 1] == 0x05)
			look_at_syscall(file, inlined, text, len, text + i);
		else if (text[i] == 0xbf && syscall)
			look_at_edi(file, inlined, offset + i, syscall);
	}
}

/* svc #0 is d4000001; movz w8 or x8, #number is [5d]2800008 with the number from bit 5 on. */
static void look_arm(const struct elf_file *file, struct inlined *inlined, uint64_t offset,
		     uint64_t len)
{
	for (uint64_t at = offset; at + 4 <= offset + len; at += 4) {
		uint64_t begin = at - offset > WINDOW_ARM ? at - WINDOW_ARM : offset;
		long number = -1;

		if (elf_number(file, at, 4) != 0xd4000001)
			continue;
		for (uint64_t before = at; before > begin && number < 0; before -= 4) {
			uint64_t word = elf_number(file, before - 4, 4);

			if ((word & 0x7fe0001f) == 0x52800008)
				number = (long)(word >> 5 & 0xffff);
		}
		if (number < 0)
			inlined->what |= INLINED_ANY;
		else
			note(file, inlined, number);
	}
}

void inlined_find(const struct elf_file *file, struct inlined *inlined)
{
	uint64_t offset, len, syscall = elf_word_of(file, "syscall");

	memset(inlined, 0, sizeof(*inlined));
	for (uint32_t i = 0; elf_executable(file, i, &offset, &len); i++) {
		if (file->machine == EM_X86_64 && file->wide)
			look_x86(file, inlined, offset, len, syscall);
		else if (file->machine == EM_AARCH64)
			look_arm(file, inlined, offset, len);
	}
}
