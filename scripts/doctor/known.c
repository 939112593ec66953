/* SPDX-License-Identifier: MIT */
/* What no file tells of a program, but its name does. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "program.h"
#include "report.h"

static const char own_tls[] =
    "TLS of its own: encrypted bytes pass untouched, plain http is helped";
static const char later[] =
    "it starts other programs, which inherit redial; ask redial doctor about those";
static const char elsewhere[] =
    "what it asks for is started by another process, which has not this environment";

static const struct {
	const char *name; /* a version (3.11, -fpm8.2) may follow */
	enum mark mark;
	const char *topic;
	const char *text; /* NULL: nothing but that its plug-ins need no word */
} known[] = {
    {"php", MARK_WARN, "plugins",
     "PHP opens its extensions with RTLD_DEEPBIND: they, curl's among them, go past redial; "
     "streams (fopen, file_get_contents) do not"},
    {"python", 0, NULL, NULL},
    {"java", MARK_WARN, "https", own_tls},
    {"perl", 0, NULL, NULL},
    {"ruby", 0, NULL, NULL},
    {"node", 0, NULL, NULL},
    {"nodejs", 0, NULL, NULL},
    {"nginx", 0, NULL, NULL},
    {"haproxy", 0, NULL, NULL},
    {"git", 0, NULL, NULL},
    {"curl", 0, NULL, NULL},
    {"wget", 0, NULL, NULL},
    {"env", MARK_UNKNOWN, "children", later},
    {"sh", MARK_UNKNOWN, "children", later},
    {"bash", MARK_UNKNOWN, "children", later},
    {"dash", MARK_UNKNOWN, "children", later},
    {"busybox", MARK_UNKNOWN, "children", later},
    {"make", MARK_UNKNOWN, "children", later},
    {"nice", MARK_UNKNOWN, "children", later},
    {"nohup", MARK_UNKNOWN, "children", later},
    {"setsid", MARK_UNKNOWN, "children", later},
    {"timeout", MARK_UNKNOWN, "children", later},
    {"xargs", MARK_UNKNOWN, "children", later},
    {"tini", MARK_UNKNOWN, "children", later},
    {"dumb-init", MARK_UNKNOWN, "children", later},
    {"torsocks", MARK_WARN, "children",
     "it puts itself in front of redial, which then sees no connection: start it the other way "
     "round, "
     "torsocks redial COMMAND"},
    {"systemctl", MARK_WARN, "children", elsewhere},
    {"systemd-run", MARK_WARN, "children", elsewhere},
    {"ssh", MARK_WARN, "children", elsewhere},
};

/* Is `name` the known one, perhaps with a version behind it: python3.11, php-fpm8.2? */
static bool is_version_of(const char *name, const char *start)
{
	size_t len = strlen(start);

	if (strncmp(name, start, len) != 0)
		return false;
	name += len;
	if (strncmp(name, "-fpm", 4) == 0 || strncmp(name, "-cgi", 4) == 0)
		name += 4;
	while (isdigit((unsigned char)*name) || *name == '.')
		name++;
	return !*name;
}

bool known_report(const char *name, bool running)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!is_version_of(name, known[i].name))
			continue;
		/* Of a process's own libraries the list is whole. */
		if (known[i].text && !(running && known[i].text == later))
			report(known[i].mark, known[i].topic, "%s", known[i].text);
		return true;
	}
	return false;
}
