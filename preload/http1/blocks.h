/* SPDX-License-Identifier: MIT */
/*
 * Looking at 64 bytes at once, for lines.c, on processors that can: BLOCKS marks functions for
 * them.
 */
#ifndef REDIAL_HTTP1_BLOCKS_H
#define REDIAL_HTTP1_BLOCKS_H

#include "lines.h"
#include "scan.h"

/*
 * blocks_stops(at, limit): a mask of the control characters in the 64 bytes at `at`, the first
 * byte's lowest; limit: blocks_limit(), which is to be made but once. Of 32 bytes:
 * blocks_target_stops(at, copy) for SCAN_TARGET, blocks_list_stops(at, limit) where an element of a
 * list may end. Each may have bytes beyond ASCII as well. blocks_first(stops): the place of the
 * first of a mask that is not 0.
 *
 * blocks_pass(at, copy, names): copies 32 bytes; may the lines behind each LF in them be passed
 * over? blocks_feeds(at, names): a mask of those LF whose lines may not; they, or others.
 * names: blocks_names(), likewise made once, of two tables of 16 classes, a bit for each, by the
 * low half of a byte: those that a line's first byte may be of, and those that its fourth rules
 * out. A line may be passed over if no class is left; 36 bytes are read.
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

BLOCKS SCAN_INLINE __m256i blocks_load(const char *at)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

BLOCKS SCAN_INLINE __m256i blocks_copy(const char *at, char *copy)
{
	__m256i bytes = blocks_load(at);
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
BLOCKS SCAN_INLINE uint64_t blocks_stops(const char *at, blocks_each limit)
{
	__m256i low = _mm256_cmpgt_epi8(limit, blocks_load(at));
	__m256i high = _mm256_cmpgt_epi8(limit, blocks_load(at + 32));
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							 << 32;
}

/* One added, DEL is beyond ASCII too. */
BLOCKS SCAN_INLINE uint32_t blocks_target_stops(const char *at, char *copy)
{
	static const char one = 1, limit = ' ' + 2;
	__m256i bytes = _mm256_add_epi8(blocks_copy(at, copy), blocks_of(&one));
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(blocks_of(&limit), bytes));
}

BLOCKS SCAN_INLINE uint32_t blocks_list_stops(const char *at, blocks_each limit)
{
	__m256i bytes = blocks_load(at);
	__m256i commas = _mm256_cmpeq_epi8(bytes, blocks_of(","));
	return (uint32_t)_mm256_movemask_epi8(
	    _mm256_or_si256(commas, _mm256_cmpgt_epi8(limit, bytes)));
}

struct blocks_names {
	__m256i feed, firsts, not_fourths;
};

BLOCKS SCAN_INLINE struct blocks_names blocks_names(const uint8_t firsts[16],
						    const uint8_t not_fourths[16])
{
	const __m128i *first = (const __m128i *)(const void *)firsts;
	const __m128i *fourth = (const __m128i *)(const void *)not_fourths;
	return (struct blocks_names){
	    .feed = blocks_of("\n"),
	    .firsts = _mm256_broadcastsi128_si256(_mm_loadu_si128(first)),
	    .not_fourths = _mm256_broadcastsi128_si256(_mm_loadu_si128(fourth)),
	};
}

/* Which classes are left, if a line began behind each of these bytes; none is beyond ASCII. */
BLOCKS SCAN_INLINE __m256i blocks_classes(const char *at, const struct blocks_names *names)
{
	__m256i first = _mm256_shuffle_epi8(names->firsts, blocks_load(at + 1));
	return _mm256_andnot_si256(_mm256_shuffle_epi8(names->not_fourths, blocks_load(at + 4)),
				   first);
}

BLOCKS SCAN_INLINE bool blocks_pass(const char *at, char *copy, const struct blocks_names *names)
{
	__m256i feeds = _mm256_cmpeq_epi8(names->feed, blocks_copy(at, copy));
	return _mm256_testz_si256(feeds, blocks_classes(at, names));
}

BLOCKS SCAN_INLINE uint32_t blocks_feeds(const char *at, const struct blocks_names *names)
{
	__m256i none = _mm256_cmpeq_epi8(blocks_classes(at, names), _mm256_setzero_si256());
	__m256i feeds = _mm256_cmpeq_epi8(names->feed, blocks_load(at));
	return (uint32_t)_mm256_movemask_epi8(_mm256_andnot_si256(none, feeds));
}

/* Has the processor registers of 32 bytes, and does the kernel keep them (Intel SDM, CPUID)? */
static __attribute__((noinline, unused)) enum http1_blocks blocks_ask(void)
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

SCAN_INLINE uint64_t blocks_stops(const char *at, blocks_each limit)
{
	static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	const uint8_t *bytes = (const uint8_t *)at;
	uint8x16_t bit = vld1q_u8(bits), stops[4];
	for (int i = 0; i < 4; i++) {
		stops[i] = vandq_u8(vcltq_u8(vld1q_u8(bytes + 16 * i), limit), bit);
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

struct blocks_names {
	uint8x16_t firsts, not_fourths;
};

SCAN_INLINE struct blocks_names blocks_names(const uint8_t firsts[16],
					     const uint8_t not_fourths[16])
{
	return (struct blocks_names){vld1q_u8(firsts), vld1q_u8(not_fourths)};
}

/* Of 16 bytes, those LF whose lines have a class left. */
SCAN_INLINE uint8x16_t blocks_loud(const char *at, uint8x16_t bytes,
				   const struct blocks_names *names)
{
	const uint8x16_t low = vdupq_n_u8(0x0f), feeds = vceqq_u8(bytes, vdupq_n_u8('\n'));
	uint8x16_t first = vandq_u8(vld1q_u8((const uint8_t *)at + 1), low);
	uint8x16_t fourth = vandq_u8(vld1q_u8((const uint8_t *)at + 4), low);
	uint8x16_t classes =
	    vbicq_u8(vqtbl1q_u8(names->firsts, first), vqtbl1q_u8(names->not_fourths, fourth));
	return vandq_u8(feeds, vtstq_u8(classes, classes));
}

SCAN_INLINE bool blocks_pass(const char *at, char *copy, const struct blocks_names *names)
{
	uint8x16_t low = vld1q_u8((const uint8_t *)at), high = vld1q_u8((const uint8_t *)at + 16);
	vst1q_u8((uint8_t *)copy, low);
	vst1q_u8((uint8_t *)copy + 16, high);
	return !vmaxvq_u8(vorrq_u8(blocks_loud(at, low, names), blocks_loud(at + 16, high, names)));
}

SCAN_INLINE uint32_t blocks_feeds(const char *at, const struct blocks_names *names)
{
	uint8_t loud[32];
	uint32_t feeds = 0;
	for (int i = 0; i < 32; i += 16)
		vst1q_u8(loud + i, blocks_loud(at + i, vld1q_u8((const uint8_t *)at + i), names));
	for (int i = 0; i < 32; i++)
		feeds |= (uint32_t)(loud[i] != 0) << i;
	return feeds;
}

static inline enum http1_blocks blocks_ask(void)
{
	return HTTP1_BLOCKS_YES;
}

#endif

#endif
