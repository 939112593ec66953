/* SPDX-License-Identifier: MIT */
/*
 * Looking at 64 bytes at once, for lines.c, on processors that can: BLOCKS marks functions for
 * them. What is looked at is copied to `copy` on the way, unless copies is false.
 */
#ifndef REDIAL_HTTP1_BLOCKS_H
#define REDIAL_HTTP1_BLOCKS_H

#include "lines.h"
#include "scan.h"

/*
 * blocks_stops(at, limit, copies, copy): a mask of the control characters in the 64 bytes at `at`,
 * the first byte's lowest; limit: blocks_limit(), which is to be made but once. Of 32 bytes:
 * blocks_target_stops(at, copy) for SCAN_TARGET, blocks_list_stops(at, limit) where an element of a
 * list may end. Each may have bytes beyond ASCII as well. blocks_first(stops): the place of the
 * first of a mask that is not 0.
 */
#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define BLOCKS __attribute__((target("avx2,bmi")))

/* Compilers put another instruction before it, for processors that are older than these. */
BLOCKS SCAN_INLINE uint64_t blocks_first(uint64_t stops)
{
	uint64_t place;
	__asm__("tzcnt %1, %0" : "=r"(place) : "r"(stops) : "cc");
	return place;
}

BLOCKS SCAN_INLINE __m256i blocks_load(const char *at, bool copies, char *copy)
{
	__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
	if (copies)
		_mm256_storeu_si256((__m256i *)(void *)copy, bytes);
	return bytes;
}

/* A byte that is compared with, in one instruction, where compilers take three. */
BLOCKS SCAN_INLINE __m256i blocks_of(const char *byte)
{
	__m256i each;
	__asm__("vpbroadcastb %1, %0" : "=x"(each) : "m"(*byte));
	return each;
}

typedef __m256i blocks_each;

BLOCKS SCAN_INLINE blocks_each blocks_limit(void)
{
	return blocks_of(" ");
}

/* Signed comparison: bytes beyond ASCII are below all others. */
BLOCKS SCAN_INLINE uint64_t blocks_stops(const char *at, blocks_each limit, bool copies, char *copy)
{
	__m256i low = _mm256_cmpgt_epi8(limit, blocks_load(at, copies, copy));
	__m256i high = _mm256_cmpgt_epi8(limit, blocks_load(at + 32, copies, copy + 32));
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							 << 32;
}

/* One added, DEL is beyond ASCII too. */
BLOCKS SCAN_INLINE uint32_t blocks_target_stops(const char *at, char *copy)
{
	static const char one = 1, limit = ' ' + 2;
	__m256i bytes = _mm256_add_epi8(blocks_load(at, true, copy), blocks_of(&one));
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(blocks_of(&limit), bytes));
}

BLOCKS SCAN_INLINE uint32_t blocks_list_stops(const char *at, blocks_each limit)
{
	__m256i bytes = blocks_load(at, false, NULL);
	__m256i commas = _mm256_cmpeq_epi8(bytes, blocks_of(","));
	return (uint32_t)_mm256_movemask_epi8(
	    _mm256_or_si256(commas, _mm256_cmpgt_epi8(limit, bytes)));
}

/* Has the processor registers of 32 bytes, and does the kernel keep them (Intel SDM, CPUID)? */
static __attribute__((noinline)) enum http1_blocks blocks_ask(void)
{
	enum { OSXSAVE = 1 << 27, AVX = 1 << 28, BMI1 = 1 << 3, AVX2 = 1 << 5, KEPT = 6 };
	unsigned a, b, c, d, kept = 0;
	if (__get_cpuid(1, &a, &b, &c, &d) && (c & (OSXSAVE | AVX)) == (OSXSAVE | AVX))
		__asm__("xgetbv" : "=a"(kept), "=d"(d) : "c"(0));
	if ((kept & KEPT) != KEPT || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return HTTP1_BLOCKS_NO;
	return (b & (BMI1 | AVX2)) == (BMI1 | AVX2) ? HTTP1_BLOCKS_YES : HTTP1_BLOCKS_NO;
}

#else

#include <arm_neon.h>

#define BLOCKS

typedef uint8x16_t blocks_each;

SCAN_INLINE blocks_each blocks_limit(void)
{
	return vdupq_n_u8(' ');
}

SCAN_INLINE uint64_t blocks_stops(const char *at, blocks_each limit, bool copies, char *copy)
{
	static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	const uint8_t *bytes = (const uint8_t *)at;
	uint8x16_t bit = vld1q_u8(bits), stops[4];
	for (int i = 0; i < 4; i++) {
		uint8x16_t block = vld1q_u8(bytes + 16 * i);
		if (copies)
			vst1q_u8((uint8_t *)copy + 16 * i, block);
		stops[i] = vandq_u8(vcltq_u8(block, limit), bit);
	}
	uint8x16_t sum = vpaddq_u8(vpaddq_u8(stops[0], stops[1]), vpaddq_u8(stops[2], stops[3]));
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

SCAN_INLINE unsigned blocks_first(uint64_t stops)
{
	return (unsigned)__builtin_ctzll(stops);
}

SCAN_INLINE uint32_t blocks_target_stops(const char *at, char *copy)
{
	uint32_t stops = 0;
	__builtin_memcpy(copy, at, 32);
	for (int i = 0; i < 32; i++)
		stops |= (uint32_t)scan_stops(at[i], SCAN_TARGET) << i;
	return stops;
}

SCAN_INLINE uint32_t blocks_list_stops(const char *at, blocks_each limit)
{
	uint32_t stops = 0;
	(void)limit;
	for (int i = 0; i < 32; i++)
		stops |= (uint32_t)(scan_stops(at[i], SCAN_LINE) || at[i] == ',') << i;
	return stops;
}

static inline enum http1_blocks blocks_ask(void)
{
	return HTTP1_BLOCKS_YES;
}

#endif

#endif
