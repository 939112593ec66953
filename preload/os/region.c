/* SPDX-License-Identifier: MIT */
#include "region.h"

#include <errno.h>
#include <fcntl.h>

#include "mem.h"
#include "sys.h"

/* malloc's arenas of threads begin on such a bound (glibc's HEAP_MAX_SIZE), and last. */
enum { ARENA_BOUND = 64 << 20 };

/* A line of the text, as far as it matters. */
struct line {
	struct region region;
	bool readable, executable, shared;
	uint64_t device, inode;
	const char *name; /* its first bytes, with a NUL behind them */
};

void region_begin(struct region_search *search, uintptr_t at, uintptr_t own_stack)
{
	memset(search, 0, sizeof(*search));
	search->at = at;
	search->own_stack = own_stack;
}

static uint64_t number(const char **at, unsigned base)
{
	uint64_t value = 0;
	for (;; (*at)++) {
		unsigned char c = (unsigned char)**at;
		unsigned digit = c >= 'a' ? c - 'a' + 10u : c - '0' + 0u;
		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

/* "START-END rwxp OFFSET MAJOR:MINOR INODE   NAME" */
static void read_line(const char *at, struct line *line)
{
	line->region.start = number(&at, 16);
	at += *at == '-';
	line->region.end = number(&at, 16);
	line->region.kind = REGION_NONE;
	at += *at == ' ';
	size_t len = text_len(at, 4);
	line->readable = len > 0 && at[0] == 'r';
	line->executable = len > 2 && at[2] == 'x';
	line->shared = len > 3 && at[3] == 's';
	at += len;
	at += *at == ' ';
	while (*at && *at != ' ') /* the offset */
		at++;
	at += *at == ' ';
	uint64_t major = number(&at, 16);
	at += *at == ':';
	line->device = major << 32 | number(&at, 16);
	at += *at == ' ';
	line->inode = number(&at, 10);
	while (*at == ' ')
		at++;
	line->name = at;
}

static bool holds(const struct region *region, uintptr_t at)
{
	return at >= region->start && at < region->end;
}

/* Files that are none, and code that is written while it runs. */
static bool may_be_object(const struct line *line)
{
	return !line->shared && line->name[0] == '/' && !text_after(line->name, "/memfd:") &&
	       !text_after(line->name, "/dev/");
}

/* Of memory that belongs to no file. */
static enum region_kind anonymous(const struct region_search *search, const struct line *line)
{
	const struct region *region = &line->region;
	if (!line->readable)
		return REGION_NONE;
	if (text_equal(line->name, "[heap]"))
		return REGION_HEAP;
	if (text_equal(line->name, "[stack]"))
		return REGION_STACK;
	if (line->name[0] && !text_after(line->name, "[anon:") &&
	    !text_after(line->name, "[stack:"))
		return REGION_NONE;
	bool behind_object = search->file.is_code && region->start == search->file.end;
	if (behind_object || holds(region, search->own_stack) || region->start % ARENA_BOUND == 0)
		return REGION_PLAIN;
	return REGION_LOOSE;
}

/* All parts of a file have been seen. true: the address is in one. */
static bool end_file(struct region_search *search)
{
	if (!search->file.wanted.end)
		return false;
	search->found = search->file.wanted;
	if (!search->file.is_code)
		search->found.kind = REGION_FILE;
	return true;
}

static void take_file(struct region_search *search, const struct line *line)
{
	search->file.inode = line->inode;
	search->file.device = line->device;
	search->file.end = line->region.end;
	search->file.is_code |= line->executable && may_be_object(line);
	if (!holds(&line->region, search->at) || !line->readable)
		return;
	search->file.wanted = line->region;
	search->file.wanted.kind = line->shared ? REGION_FILE : REGION_PLAIN;
}

/* true: all is known. */
static bool take_line(struct region_search *search)
{
	struct line line;
	search->line[search->line_len] = '\0';
	read_line(search->line, &line);
	bool goes_on =
	    line.inode && line.inode == search->file.inode && line.device == search->file.device;
	if (!goes_on && end_file(search))
		return true;
	if (line.inode) {
		if (!goes_on)
			memset(&search->file, 0, sizeof(search->file));
		take_file(search, &line);
		return line.region.start > search->at && !search->file.wanted.end;
	}
	line.region.kind = anonymous(search, &line);
	memset(&search->file, 0, sizeof(search->file));
	if (line.region.kind == REGION_HEAP)
		search->heap = line.region;
	if (line.region.kind == REGION_STACK)
		search->stack = line.region;
	if (holds(&line.region, search->at))
		search->found = line.region;
	return line.region.end > search->at;
}

/* How many of these bytes are before the first LF; all of them if there is none. */
static size_t before_feed(const char *text, size_t len)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	size_t at = 0;
	for (; len - at >= sizeof(each); at += sizeof(each)) {
		uint64_t word;
		__builtin_memcpy(&word, text + at, sizeof(word));
		word ^= each * '\n';
		/* The lowest bit of these is that of the first LF: a borrow goes upwards. */
		uint64_t feeds = (word - each) & ~word & each << 7;
		if (feeds)
			return at + (size_t)__builtin_ctzll(feeds) / 8;
	}
	while (at < len && text[at] != '\n')
		at++;
	return at;
}

bool region_feed(struct region_search *search, const char *text, size_t len)
{
	while (len) {
		size_t part = before_feed(text, len);
		size_t room = REGION_LINE - 1 - search->line_len;
		size_t kept = part < room ? part : room;
		memcpy(search->line + search->line_len, text, kept);
		search->line_len += kept;
		if (part == len)
			return false;
		bool known = take_line(search);
		search->line_len = 0;
		if (known)
			return true;
		text += part + 1;
		len -= part + 1;
	}
	return false;
}

void region_end(struct region_search *search)
{
	end_file(search);
}

void region_find(struct region_search *search, uintptr_t at, uintptr_t own_stack)
{
	enum { READS_MAX = 512 };
	char text[2048];
	bool known = false;
	region_begin(search, at, own_stack);
	/* /proc/self is the first thread's, which may have ended. */
	int file = (int)sys4(openat, AT_FDCWD, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
	if (file == -ENOENT) /* before Linux 3.17 */
		file = (int)sys4(openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	if (file < 0)
		return;
	for (int reads = 0; reads < READS_MAX && !known; reads++) {
		long got = sys3(read, file, text, sizeof(text));
		if (got == 0)
			region_end(search);
		if (got <= 0)
			break;
		known = region_feed(search, text, (size_t)got);
	}
	sys1(close, file);
}
