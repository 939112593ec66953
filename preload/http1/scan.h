/* SPDX-License-Identifier: MIT */
/*
 * Looking at many bytes at once, for http1.c. No function here reads outside the bounds that it
 * is given.
 */
#ifndef REDIAL_HTTP1_SCAN_H
#define REDIAL_HTTP1_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Keeps a constant in a register, where the compiler would make it anew each time round a loop. */
#define SCAN_KEEP(constant, kind) __asm__("" : "+" kind(constant))

#define SCAN_INLINE static inline __attribute__((always_inline))

/* What a scan stops at. */
enum scan {
	SCAN_LINE,   /* a control character, HTAB among them */
	SCAN_TARGET, /* a control character, a space, DEL */
	SCAN_COMMA,
};

/* A builtin: memcpy would be a real call in a freestanding build. */
SCAN_INLINE uint64_t load8(const char *at)
{
	uint64_t word;
	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

SCAN_INLINE uint32_t load4(const char *at)
{
	uint32_t word;
	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

SCAN_INLINE uint16_t load2(const char *at)
{
	uint16_t word;
	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

/*
 * Whether the len bytes at text (4 to 24) are those of lower, in any case. Only control characters
 * could be mistaken for others by folding so, and no line that gets here holds one.
 */
SCAN_INLINE bool folds_to(const char *text, const char *lower, size_t len)
{
	const uint64_t fold = UINT64_C(0x2020202020202020);
	if (len < 8) {
		return (load4(text) | (uint32_t)fold) == load4(lower) &&
		       (load4(text + len - 4) | (uint32_t)fold) == load4(lower + len - 4);
	}
	size_t last = len - 8;
	return (load8(text) | fold) == load8(lower) &&
	       (load8(text + last) | fold) == load8(lower + last) &&
	       (load8(text + last / 2) | fold) == load8(lower + last / 2);
}

/* Is bit number place & 31 of the mask set? One instruction, where compilers take four. */
SCAN_INLINE bool scan_bit(uint32_t mask, uint32_t place)
{
#ifdef __x86_64__
	bool is_set;
	__asm__("bt %2, %1" : "=@ccc"(is_set) : "r"(mask), "r"(place));
	return is_set;
#else
	return mask >> (place & 31) & 1;
#endif
}

/*
 * scan_block(): a mask of the bytes of a block that stop the scan, SCAN_BITS bits for each, the
 * first byte's lowest.
 */
#ifdef __SSE2__

enum { SCAN_BLOCK = 32, SCAN_BITS = 1 };
typedef uint32_t scan_mask;

SCAN_INLINE uint32_t scan_half(const char *at, enum scan what)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
	if (what == SCAN_COMMA)
		return ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(','))) &
		       0xffff;
	/* Saturated addition takes what passes, and nothing else, to 0x80 and above. */
	__m128i lift = _mm_set1_epi8(what == SCAN_TARGET ? 0x7f - ' ' : 0x80 - ' ');
	SCAN_KEEP(lift, "x");
	__m128i passes = _mm_adds_epu8(bytes, lift);
	if (what == SCAN_TARGET)
		passes = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)), passes);
	return (uint32_t)_mm_movemask_epi8(passes);
}

/* Two halves at a time: most lines end in the first block. */
SCAN_INLINE scan_mask scan_block(const char *at, enum scan what)
{
	return ~(scan_half(at, what) | scan_half(at + 16, what) << 16);
}

#else

enum { SCAN_BLOCK = 8, SCAN_BITS = 8 };
typedef uint64_t scan_mask;

/* Exact for every byte: no carry crosses from one into the next. */
SCAN_INLINE scan_mask scan_block(const char *at, enum scan what)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t word = load8(at);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	if (what == SCAN_COMMA) {
		uint64_t from_comma = word ^ each * ',';
		return ~(((from_comma & each * 0x7f) + each * 0x7f) | from_comma) & each * 0x80;
	}
	uint64_t below = what == SCAN_TARGET ? ' ' + 1 : ' ';
	uint64_t passes = ((word & each * 0x7f) + each * (0x80 - below)) | word;
	if (what == SCAN_TARGET) {
		uint64_t from_del = word ^ each * 0x7f;
		passes &= ((from_del & each * 0x7f) + each * 0x7f) | from_del;
	}
	return ~passes & each * 0x80;
}

#endif

/* One byte of the same. */
SCAN_INLINE bool scan_stops(char byte, enum scan what)
{
	unsigned char c = (unsigned char)byte;
	if (what == SCAN_COMMA)
		return c == ',';
	return what == SCAN_TARGET ? c <= ' ' || c == 0x7f : c < ' ';
}

SCAN_INLINE const char *scan_hit(const char *at, scan_mask stops)
{
	return at + (sizeof(stops) > 4 ? (unsigned)__builtin_ctzll(stops)
				       : (unsigned)__builtin_ctz((unsigned)stops)) /
			SCAN_BITS;
}

/* Of [at, last + SCAN_BLOCK), which is not empty: the block at last is read. */
SCAN_INLINE scan_mask scan_reach_back(const char *at, const char *last, enum scan what)
{
	return scan_block(last, what) >> (at - last) * SCAN_BITS;
}

/* The first byte of [at, end) that stops the scan, or NULL. The block before end may be read. */
SCAN_INLINE const char *scan_blocks(const char *at, const char *end, enum scan what)
{
	const char *last = end - SCAN_BLOCK;
	scan_mask stops;

	for (; at <= last; at += SCAN_BLOCK) {
		stops = scan_block(at, what);
		if (stops)
			return scan_hit(at, stops);
	}
	if (at >= end)
		return NULL;
	stops = scan_reach_back(at, last, what);
	return stops ? scan_hit(at, stops) : NULL;
}

/* The same where only the bytes from begin on may be read. */
static inline const char *scan(const char *at, const char *begin, const char *end, enum scan what)
{
	if (end - begin >= SCAN_BLOCK)
		return scan_blocks(at, end, what);
	for (; at < end; at++) {
		if (scan_stops(*at, what))
			return at;
	}
	return NULL;
}

#endif
