/* SPDX-License-Identifier: MIT */
#include "logged.h"

#include <stdio.h>
#include <string.h>

static FILE *open_log(const char *folder)
{
	char name[512];
	snprintf(name, sizeof(name), "%s/log", folder);
	return fopen(name, "re");
}

bool logged_without_end(const char *folder, int run)
{
	bool under_way = false;
	char line[1024], path[32];
	FILE *log = open_log(folder);
	snprintf(path, sizeof(path), " path=/%d/", run);
	while (log && fgets(line, sizeof(line), log))
		if (strstr(line, path))
			under_way = strstr(line, "event=attempt") != NULL;
	if (log)
		fclose(log);
	return under_way;
}

void logged_tell(const char *folder)
{
	char line[1024];
	FILE *log = open_log(folder);
	while (log && fgets(line, sizeof(line), log))
		fputs(line, stdout);
	if (log)
		fclose(log);
}
