/* SPDX-License-Identifier: MIT */
#include "request_id.h"

#include <time.h>

#include "../os/mem.h"
#include "../process/config.h"
#include "settings.h"
#include "who.h"

/* splitmix64's last step: no two numbers give the same. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Random, never 0, and the same for the life of the process and of those it forks. */
static uint64_t seed(uint64_t *place)
{
	enum { NONBLOCK = 1 }; /* GRND_NONBLOCK */
	uint64_t random = 0, none = 0, known = __atomic_load_n(place, __ATOMIC_RELAXED);
	if (known)
		return known;
	if (sys3(getrandom, &random, sizeof(random), NONBLOCK) != (long)sizeof(random)) {
		struct timespec now = {0};
		sys2(clock_gettime, CLOCK_REALTIME, &now);
		random = mix((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) ^
			 mix((uint64_t)sys0(getpid)) ^ mix((uint64_t)(uintptr_t)&now);
	}
	random |= 1;
	return __atomic_compare_exchange_n(place, &none, random, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED)
		   ? random
		   : none;
}

/*
 * A forked child counts on from the same number with the same seeds; but it has connections of its
 * own, whose cookies no other socket has.
 */
void request_id_make(uint64_t cookie, char digits[REQUEST_ID_DIGITS])
{
	static uint64_t seeds[2], counter;
	uint64_t count = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
	uint64_t halves[2];
	halves[0] = mix(seed(&seeds[0]) + count * UINT64_C(0x9e3779b97f4a7c15));
	halves[1] = mix(mix(seed(&seeds[1]) + cookie) + halves[0]);
	for (int i = 0; i < REQUEST_ID_DIGITS; i++)
		digits[i] = "0123456789abcdef"[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
}

size_t request_id_place(const char *bytes, size_t len, size_t *head_len)
{
	size_t line_len = 0;
	for (size_t i = 1; i < len; i++) {
		if (bytes[i - 1] != '\r' || bytes[i] != '\n')
			continue;
		if (!line_len)
			line_len = i + 1;
		else if (bytes[i - 2] == '\n') {
			*head_len = i + 1;
			return line_len;
		}
	}
	return 0;
}

static const char *header_name(void)
{
	return config.log.id_header_count ? config.log.id_headers[0] : REQUEST_ID_HEADER;
}

static bool has_id(const char *head, size_t len)
{
	for (uint32_t i = 0; i < config.log.id_header_count; i++) {
		if (http1_head_has(head, len, config.log.id_headers[i]))
			return true;
	}
	return http1_head_has(head, len, header_name());
}

/* Other bytes may hold two ends of lines as well: a TLS handshake's are mostly random. */
static bool is_http(const char *head, size_t len)
{
	struct http1 request;
	size_t used;
	http1_request(&request);
	enum http1_result result = http1_feed(&request, head, len, &used);
	return result != HTTP1_BAD && result != HTTP1_TUNNEL;
}

size_t request_id_wanted_at(const struct conn *conn, const char *bytes, size_t len)
{
	struct policy_retry settings;
	size_t head_len;
	size_t place = request_id_place(bytes, len, &head_len);
	if (!place || !is_http(bytes, head_len) || has_id(bytes, head_len))
		return 0;
	settings_of_head(config.policy, conn, bytes, head_len, &settings);
	return settings.add_request_id ? place : 0;
}

size_t request_id_header(uint64_t cookie, char header[REQUEST_ID_MAX])
{
	const char *name = header_name();
	size_t len = text_len(name, POLICY_HEADER_MAX);
	memcpy(header, name, len);
	header[len++] = ':';
	header[len++] = ' ';
	request_id_make(cookie, header + len);
	len += REQUEST_ID_DIGITS;
	header[len++] = '\r';
	header[len++] = '\n';
	return len;
}
