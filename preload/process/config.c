/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "name.h"
#include "source.h"
#include "shared.h"
#include "switch.h"
#include "../os/elevated.h"
#include "../os/mem.h"
#include "../os/start.h"
#include "../os/sys.h"

#define DEFAULT_PATH "/etc/redial/redial.cfg"

struct config config = {.policy = &policy_builtin};

extern char **environ __attribute__((weak));

/* getenv, without libc: programs overwrite what it returns, and it is only read here. */
AT_START static const char *find_variable(const char *name)
{
	for (char **entry = environ; entry && *entry; entry++) {
		const char *rest = text_after(*entry, name);
		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

/* What names files to be read and written is not for somebody else to say. */
AT_START static const char *variable(const char *name)
{
	static bool asked, elevated; /* asked only where there is one: it costs a look-up */
	const char *found = find_variable(name);
	if (!found)
		return NULL;
	if (!asked)
		elevated = os_is_elevated();
	asked = true;
	return elevated ? NULL : found;
}

/* The policy's log, under REDIAL_LOG. false if that names none. */
AT_START static bool choose_log(void)
{
	const char *sink = variable("REDIAL_LOG");
	config.log = config.policy->log;
	return !sink || policy_parse_sink(&config.log, sink) == 0;
}

void config_note(struct config_fault *fault, const char *file, const char *why)
{
	size_t len = text_len(why, sizeof(fault->error.text) - 1);
	fault->file = file;
	fault->error.line = 0;
	memcpy(fault->error.text, why, len);
	fault->error.text[len] = '\0';
}

AT_START bool config_is_disabled(void)
{
	const char *disable = find_variable("REDIAL_DISABLE"); /* whoever says so */
	return disable && text_equal(disable, "1");
}

/* That of REDIAL_STATE, else the policy's. The environment may be overwritten later. */
AT_START static void choose_told(void)
{
	static char dir[CONFIG_DIR_MAX];
	const char *path = variable("REDIAL_STATE");
	if (!path || !*path)
		path = config.policy->stat_dir;
	size_t len = path ? text_len(path, sizeof(dir)) : 0;
	config.told_dir = NULL;
	if (!len || !config.active)
		return;
	if (*path == '/' && len < sizeof(dir))
		memcpy(dir, path, len);
	/* What is wrong with it is said by who would tell something, not by every process. */
	config.told_dir = *dir ? dir : "REDIAL_STATE";
}

AT_START void config_settle(struct config_faults *faults)
{
	faults->policy.file = NULL;
	faults->log.file = NULL;
	name_of_program(config.program);
	config.policy = &policy_builtin;
	config.active = true;

	const char *path = variable("REDIAL_POLICY");
	bool sink_known = choose_log(); /* the one that a bad policy is told */
	bool named = path && *path;
	const struct policy *found =
	    source_read(named ? path : DEFAULT_PATH, named, &faults->policy);
	if (found) {
		config.policy = found;
		choose_log();
	}
	if (!sink_known)
		config_note(&faults->log, "REDIAL_LOG", "is none of syslog, file:/PATH, none");
	if (faults->policy.file || !config.policy->enabled)
		config.active = false;
	choose_told();
	const char *file = variable("REDIAL_SHARED");
	if (config.active && file && *file)
		shared_join(file);
	config.tracks = config.policy->uses;
	if (shared_is_joined())
		switch_expect();
}
