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

SET_AT_START struct config config = {.policy = &policy_builtin};

extern char **environ __attribute__((weak));

/* What is set of REDIAL_*, else NULL. */
enum variable { DISABLE, POLICY, LOG, STATE, SHARED, VARIABLES };
typedef const char *settings[VARIABLES];

static const char names[VARIABLES][16] = {"REDIAL_DISABLE", "REDIAL_POLICY", "REDIAL_LOG",
					  "REDIAL_STATE", "REDIAL_SHARED"};

AT_START static void note_variable(settings set, const char *entry)
{
	for (int i = 0; i < VARIABLES; i++) {
		const char *rest = text_after(entry, names[i]);
		if (rest && *rest == '=' && !set[i])
			set[i] = rest + 1;
	}
}

/*
 * getenv of all of them, without libc: programs overwrite what it returns, and it is only read
 * here. Once through: an environment may hold hundreds of others.
 */
AT_START static void find_variables(settings set)
{
	for (int i = 0; i < VARIABLES; i++)
		set[i] = NULL;
	for (char **entry = environ; entry && *entry; entry++) {
		if (**entry == 'R')
			note_variable(set, *entry);
	}
}

/* What names files to be read and written is not for somebody else to say. */
AT_START static void find_own_variables(settings set)
{
	find_variables(set);
	bool any = set[POLICY] || set[LOG] || set[STATE] || set[SHARED];
	if (!any || !os_is_elevated()) /* asked only where there is one: it costs a look-up */
		return;
	for (int i = 0; i < VARIABLES; i++)
		set[i] = NULL;
}

/* The policy's log, under REDIAL_LOG. false if that names none. */
AT_START static bool choose_log(const char *sink)
{
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
	settings set;
	find_variables(set); /* whoever says so */
	return set[DISABLE] && text_equal(set[DISABLE], "1");
}

/* That of REDIAL_STATE, else the policy's. The environment may be overwritten later. */
AT_START static void choose_told(const char *path)
{
	static char dir[CONFIG_DIR_MAX];
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
	settings set;
	faults->policy.file = NULL;
	faults->log.file = NULL;
	name_of_program(config.program);
	config.policy = &policy_builtin;
	config.active = true;

	find_own_variables(set);
	const char *path = set[POLICY];
	bool sink_known = choose_log(set[LOG]); /* the one that a bad policy is told */
	bool named = path && *path;
	const struct policy *found =
	    source_read(named ? path : DEFAULT_PATH, named, &faults->policy);
	if (found) {
		config.policy = found;
		choose_log(set[LOG]);
	}
	if (!sink_known)
		config_note(&faults->log, "REDIAL_LOG", "is none of syslog, file:/PATH, none");
	if (faults->policy.file || !config.policy->enabled)
		config.active = false;
	choose_told(set[STATE]);
	const char *file = set[SHARED];
	if (config.active && file && *file)
		shared_join(file);
	config.tracks = config.policy->uses;
	if (shared_is_joined())
		switch_expect();
}
