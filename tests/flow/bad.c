/* SPDX-License-Identifier: MIT */
#include "bad.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

const char *const bad_names[BAD_ALL] = {"null",		  "unmapped",
					"protected",	  "page of the heap",
					"file cut short", "private file cut short",
					"read-only page"};

static char *map(int flags, int file)
{
	char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
	return at == MAP_FAILED ? NULL : at;
}

char *bad_begin(struct bad_memory *memory, enum bad kind, size_t good)
{
	*memory = (struct bad_memory){.kind = kind, .file = -1};
	switch (kind) {
	case BAD_NULL:
		return NULL;
	case BAD_HEAP:
		memory->pages = aligned_alloc(PAGE, 2 * PAGE);
		break;
	case BAD_CUT:
	case BAD_CUT_PRIVATE:
		memory->file = memfd_create("bad", MFD_CLOEXEC);
		if (ftruncate(memory->file, 2 * PAGE))
			abort();
		memory->pages = map(kind == BAD_CUT ? MAP_SHARED : MAP_PRIVATE, memory->file);
		break;
	default:
		memory->pages = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	}
	if (!memory->pages)
		abort();
	return memory->pages + PAGE - good;
}

void bad_spoil(struct bad_memory *memory)
{
	switch (memory->kind) {
	case BAD_NULL:
		break;
	case BAD_UNMAPPED:
		munmap(memory->pages + PAGE, PAGE);
		break;
	case BAD_PROTECTED:
	case BAD_HEAP:
		mprotect(memory->pages + PAGE, PAGE, PROT_NONE);
		break;
	case BAD_READ_ONLY:
		mprotect(memory->pages + PAGE, PAGE, PROT_READ);
		break;
	default:
		if (ftruncate(memory->file, PAGE))
			abort();
	}
}

void bad_end(struct bad_memory *memory)
{
	if (memory->kind == BAD_HEAP) {
		mprotect(memory->pages + PAGE, PAGE, PROT_READ | PROT_WRITE);
		free(memory->pages);
	} else if (memory->pages) {
		munmap(memory->pages, 2 * PAGE);
	}
	if (memory->file >= 0)
		close(memory->file);
}
