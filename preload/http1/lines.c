/* SPDX-License-Identifier: MIT */
#include "lines.h"
#include "private.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

enum http1_width http1_width;

enum {
	LINES_BLOCK = 64,
	/* No line is looked for whose start, and what its name begins with, could not be read. */
	LINES_UNSEEN = 5,
	LINES_MIN = LINES_BLOCK + LINES_UNSEEN,
};

#define BIT(byte) (UINT32_C(1) << ((byte)&31))

/* The first bytes of lines that matter, or are bad, and of the empty one: by their low bits. */
#define FIRST_BYTES                                                                                \
	(BIT('a') | BIT('c') | BIT('e') | BIT('p') | BIT('t') | BIT('w') | BIT(' ') | BIT('\t') |  \
	 BIT(':') | BIT('\r'))

/*
 * Names that matter begin with one of `cont`, `conn`, `tran`, `expe`, `auth`, `prox`, `www-`, in
 * any case. This takes them, and few others, to three numbers below 32: the factor was looked for.
 */
SCAN_INLINE bool lines_may_matter(const char *line)
{
	const uint32_t numbers = BIT(8) | BIT(13) | BIT(29);
	uint32_t begin = load4(line) | UINT32_C(0x20202020);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	begin = __builtin_bswap32(begin);
#endif
	return scan_bit(numbers, begin * UINT32_C(1466207445) >> 27);
}

/* What is before the end is the rest of a line and the empty one, where nobody has looked. */
SCAN_INLINE const char *lines_end(const char *end)
{
	bool whole =
	    (unsigned char)end[-LINES_UNSEEN] >= ' ' && load4(end - 4) == load4("\r\n\r\n");
	return whole ? end : NULL;
}

/* Connection: keep-alive, as nearly every client and many servers say it. */
SCAN_INLINE bool lines_take_keep_alive(struct http1 *message, const char *line)
{
	const uint64_t fold = UINT64_C(0x2020202020202020);
	if ((load8(line + 8) | fold) != load8("on: keep") ||
	    (load8(line + 14) | fold) != load8("ep-alive") || load2(line + 22) != load2("\r\n"))
		return false;
	message->seen |= SEEN_KEEP_ALIVE;
	return true;
}

/* Content-Length, as it is nearly always written, and the first of its kind. */
SCAN_INLINE bool lines_take_length(struct http1 *message, const char *line, const char *end)
{
	enum { NAME_LEN = 16, DIGITS_MAX = 18 };
	const uint64_t fold = UINT64_C(0x2020202020202020);
	if (end - line < NAME_LEN + DIGITS_MAX + 2 ||
	    (load8(line + 8) | fold) != load8("length: ") ||
	    message->seen & (SEEN_LENGTH | SEEN_CHUNKED))
		return false;
	uint64_t length = 0;
	size_t at = NAME_LEN;
	for (; at < NAME_LEN + DIGITS_MAX; at++) {
		unsigned digit = (unsigned char)line[at] - (unsigned)'0';
		if (digit > 9)
			break;
		length = length * 10 + digit;
	}
	if (at == NAME_LEN || load2(line + at) != load2("\r\n"))
		return false;
	message->remaining = length;
	message->seen |= SEEN_LENGTH;
	return true;
}

/*
 * Either of them, or Content-Type and its kin, which do not matter. Control characters in a name
 * are folded as well, but found as such elsewhere.
 */
SCAN_INLINE bool lines_take_usual(struct http1 *message, const char *line, const char *end)
{
	if (end - line < 24)
		return false;
	uint64_t begin = load8(line) | UINT64_C(0x2020202020202020);
	if (begin == load8("content-"))
		return (line[8] | 0x20) != 'l' || lines_take_length(message, line, end);
	return begin == load8("connecti") && lines_take_keep_alive(message, line);
}

/*
 * Behind the status line of a final response with HTTP/1.1; NULL for any other, and for those that
 * never have a body.
 */
SCAN_INLINE const char *lines_after_status(unsigned *status, const char *bytes, const char *end)
{
	enum { STATUS_LEN = 12, OK_LEN = 17 };
	if (load8(bytes) != load8("HTTP/1.1") || bytes[8] != ' ')
		return NULL;
	*status = 200;
	if (load8(bytes + 9) == load8("200 OK\r\n"))
		return bytes + OK_LEN;
	unsigned hundreds = (unsigned char)bytes[9] - (unsigned)'0',
		 tens = (unsigned char)bytes[10] - (unsigned)'0',
		 ones = (unsigned char)bytes[11] - (unsigned)'0';
	*status = hundreds * 100 + tens * 10 + ones;
	if (hundreds < 2 || hundreds > 5 || tens > 9 || ones > 9 || *status == 204 ||
	    *status == 304 || bytes[STATUS_LEN] != ' ')
		return NULL;
	const char *stop = scan_blocks(bytes + STATUS_LEN, end - LINES_UNSEEN, SCAN_LINE);
	return stop && load2(stop) == load2("\r\n") ? stop + 2 : NULL;
}

/* As if the first line had been read. */
SCAN_INLINE void lines_begin(struct http1 *message)
{
	message->remaining = 0;
	message->flags = HTTP1_STARTED;
	message->seen = SEEN_1_1;
}

/* As if the last one had been. */
SCAN_INLINE void lines_end_head(struct http1 *message, enum http1_state body, unsigned flags)
{
	flags |= message->flags | HTTP1_HEAD_DONE;
	if (!(message->seen & SEEN_CLOSE))
		flags |= HTTP1_PERSISTENT;
	message->flags = (uint16_t)flags;
	message->state = (uint8_t)body;
	message->line_len = 0;
}

#ifdef __x86_64__

SCAN_INLINE uint64_t usual_stops(const char *at, bool copies, char *copy)
{
	if (copies)
		__builtin_memcpy(copy, at, LINES_BLOCK);
	return scan_block(at, SCAN_LINE) | (uint64_t)scan_block(at + 32, SCAN_LINE) << 32;
}

SCAN_INLINE uint32_t usual_target_stops(const char *at, char *copy)
{
	__builtin_memcpy(copy, at, SCAN_BLOCK);
	return scan_block(at, SCAN_TARGET);
}

#define LINES(name) usual_##name
#define LINES_TARGET
#include "lines_by.h"

#define LINES(name)  wide_##name
#define LINES_TARGET __attribute__((target("avx2,bmi")))

LINES_TARGET SCAN_INLINE __m256i wide_load(const char *at, bool copies, char *copy)
{
	__m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
	if (copies)
		_mm256_storeu_si256((__m256i *)(void *)copy, bytes);
	return bytes;
}

/* Those that pass are lifted to 0x80 and above: scan.h. */
LINES_TARGET SCAN_INLINE uint64_t wide_stops(const char *at, bool copies, char *copy)
{
	__m256i lift = _mm256_set1_epi8(0x80 - ' ');
	__m256i low = _mm256_adds_epu8(wide_load(at, copies, copy), lift);
	__m256i high = _mm256_adds_epu8(wide_load(at + 32, copies, copy + 32), lift);
	return ~((uint32_t)_mm256_movemask_epi8(low) |
		 (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32);
}

LINES_TARGET SCAN_INLINE uint32_t wide_target_stops(const char *at, char *copy)
{
	__m256i bytes = wide_load(at, true, copy);
	__m256i passes = _mm256_adds_epu8(bytes, _mm256_set1_epi8(0x7f - ' '));
	passes = _mm256_andnot_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f)), passes);
	return ~(uint32_t)_mm256_movemask_epi8(passes);
}

#include "lines_by.h"

/* Has the processor registers of 32 bytes, and does the kernel keep them (Intel SDM, CPUID)? */
static __attribute__((noinline)) enum http1_width ask_width(void)
{
	enum { OSXSAVE = 1 << 27, AVX = 1 << 28, BMI1 = 1 << 3, AVX2 = 1 << 5, KEPT = 6 };
	unsigned a, b, c, d, kept = 0;
	if (__get_cpuid(1, &a, &b, &c, &d) && (c & (OSXSAVE | AVX)) == (OSXSAVE | AVX))
		__asm__("xgetbv" : "=a"(kept), "=d"(d) : "c"(0));
	if ((kept & KEPT) != KEPT || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return HTTP1_WIDTH_USUAL;
	return (b & (BMI1 | AVX2)) == (BMI1 | AVX2) ? HTTP1_WIDTH_WIDE : HTTP1_WIDTH_USUAL;
}

static bool is_wide(void)
{
	enum http1_width known = __atomic_load_n(&http1_width, __ATOMIC_RELAXED);
	if (__builtin_expect(known == HTTP1_WIDTH_UNKNOWN, 0)) {
		known = ask_width();
		__atomic_store_n(&http1_width, known, __ATOMIC_RELAXED);
	}
	return __builtin_expect(known == HTTP1_WIDTH_WIDE, 1);
}

#else

#ifdef __ARM_NEON

SCAN_INLINE uint64_t usual_stops(const char *at, bool copies, char *copy)
{
	static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	const uint8_t *bytes = (const uint8_t *)at;
	uint8x16_t bit = vld1q_u8(bits), limit = vdupq_n_u8(' '), stops[4];
	for (int i = 0; i < 4; i++) {
		uint8x16_t block = vld1q_u8(bytes + 16 * i);
		if (copies)
			vst1q_u8((uint8_t *)copy + 16 * i, block);
		stops[i] = vandq_u8(vcltq_u8(block, limit), bit);
	}
	uint8x16_t sum = vpaddq_u8(vpaddq_u8(stops[0], stops[1]), vpaddq_u8(stops[2], stops[3]));
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

#else

SCAN_INLINE uint64_t usual_stops(const char *at, bool copies, char *copy)
{
	uint64_t stops = 0;
	if (copies)
		__builtin_memcpy(copy, at, LINES_BLOCK);
	for (int i = 0; i < LINES_BLOCK; i++)
		stops |= (uint64_t)scan_stops(at[i], SCAN_LINE) << i;
	return stops;
}

#endif

SCAN_INLINE uint32_t usual_target_stops(const char *at, char *copy)
{
	uint32_t stops = 0;
	__builtin_memcpy(copy, at, 32);
	for (int i = 0; i < 32; i++)
		stops |= (uint32_t)scan_stops(at[i], SCAN_TARGET) << i;
	return stops;
}

#define LINES(name) usual_##name
#define LINES_TARGET
#include "lines_by.h"

#define is_wide()	 false
#define wide_lines	 usual_lines
#define wide_whole_get	 usual_whole_get
#define wide_answer_head usual_answer_head

#endif

const char *http1_lines(struct http1 *message, const char *at, const char *begin, const char *end)
{
	if (end - begin < LINES_MIN || end - at < LINES_UNSEEN)
		return NULL;
	const char *past = is_wide() ? wide_lines(message, at, end) : usual_lines(message, at, end);
	if (__builtin_expect(!past, 0)) {
		message->remaining = 0;
		message->seen &= SEEN_1_1;
		message->flags &= HTTP1_STARTED | HTTP1_IS_RESPONSE;
	}
	return past;
}

bool http1_whole_get(struct http1 *message, char *copy, const char *bytes, size_t len)
{
	if (len < LINES_MIN)
		return false;
	return is_wide() ? wide_whole_get(message, copy, bytes, len)
			 : usual_whole_get(message, copy, bytes, len);
}

const char *http1_answer_head(struct http1 *message, const char *bytes, const char *end)
{
	if (end - bytes < LINES_MIN)
		return NULL;
	const char *past = is_wide() ? wide_answer_head(message, bytes, end)
				     : usual_answer_head(message, bytes, end);
	if (__builtin_expect(!past, 0))
		http1_response(message, message->method);
	return past;
}
