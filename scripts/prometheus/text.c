/* SPDX-License-Identifier: MIT */
#include "text.h"

void prometheus_head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void prometheus_label(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', to);
		fputc(*value >= ' ' && *value <= '~' ? *value : '?', to);
	}
	fputc('"', to);
}
