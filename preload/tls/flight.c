/* SPDX-License-Identifier: MIT */
#include "flight.h"

enum { HEADER = 5, RECORD_HANDSHAKE = 22, RECORD_CHANGE = 20, CLIENT_HELLO = 1 };

bool tls_is_greeting(const char *out, size_t len)
{
	const unsigned char *at = (const unsigned char *)out;
	while (len > HEADER) {
		size_t record = HEADER + ((size_t)at[3] << 8 | at[4]);
		bool hello = at[0] == RECORD_HANDSHAKE && at[HEADER] == CLIENT_HELLO;
		if (record > len || !(hello || (at[0] == RECORD_CHANGE && record == HEADER + 1)))
			return false;
		at += record;
		len -= record;
	}
	return len == 0;
}
