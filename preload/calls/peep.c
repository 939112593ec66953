/* SPDX-License-Identifier: MIT */
#include "peep.h"

struct polled call_polled = {.fd = -1};

uint64_t peep_limit_ms(int fd, uint32_t since)
{
	int timeout_ms = __atomic_load_n(&call_polled.timeout_ms, __ATOMIC_RELAXED);
	uint32_t waits = __atomic_load_n(&call_polled.waits, __ATOMIC_RELAXED);
	if (__atomic_load_n(&call_polled.fd, __ATOMIC_RELAXED) != fd ||
	    (int32_t)(waits - since) <= 0)
		return 0;
	return timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms;
}
