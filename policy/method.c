/* SPDX-License-Identifier: MIT */
#include "method.h"

#include <string.h>

static const char names[METHOD_COUNT][12] = {[METHOD_OTHER] = "other",
#define X(name) [METHOD_##name] = #name,
					     REDIAL_METHODS(X)
#undef X
};

const char *method_name(enum method method)
{
	return names[(unsigned)method < METHOD_COUNT ? method : METHOD_OTHER];
}

enum method method_parse(const char *name, size_t len)
{
	if (len == 0 || len >= sizeof(names[0]))
		return METHOD_OTHER;
	for (int i = METHOD_OTHER + 1; i < METHOD_COUNT; i++)
		if (memcmp(names[i], name, len) == 0 && names[i][len - 1] && !names[i][len])
			return (enum method)i;
	return METHOD_OTHER;
}
