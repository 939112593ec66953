/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 3 };

/* With no wait before it, a rescue makes fewer calls, and others. */
#define AT_ONCE "retry = { statuses = [503]; backoff = { base_ms = 0; max_ms = 0; }; };"

const struct scenario scenarios[] = {
    {"block", "GET", FAULT_RESET, ANSWER, ""},
    {"poll", "GET", FAULT_CLOSE, ANSWER, ""},
    {"epoll", "GET", FAULT_RESET, ANSWER, ""},
    {"epollet", "GET", FAULT_CLOSE, ANSWER, ""},
    {"select", "GET", FAULT_RESET, ANSWER, ""},
    {"dontwait,read", "GET", FAULT_CLOSE, ANSWER, ""},
    {"block", "POST", FAULT_RESET, ORIGINAL, ""},
    {"epoll", "POST", FAULT_CLOSE, ORIGINAL, ""},
    {"block,idle", "POST", FAULT_IDLE_RESET, ANSWER, ""},
    {"poll,idle,two", "POST", FAULT_IDLE_CLOSE, ANSWER, ""},
    {"epoll,idle,sendmsg", "POST", FAULT_IDLE_CLOSE, ANSWER, ""},
    {"epollet,idle", "POST", FAULT_IDLE_RESET, ANSWER, ""},
    {"select,idle,writev", "POST", FAULT_IDLE_CLOSE, ANSWER, ""},
    {"block,cold,write,read", "GET", FAULT_CLOSE, ANSWER, ""},
    {"epoll,cold", "GET", FAULT_RESET, ANSWER, ""},
    {"block,mapped", "GET", FAULT_RESET, ANSWER, ""},
    {"poll,mapped,peek", "GET", FAULT_CLOSE, ANSWER, ""},
    {"block", "GET", FAULT_STATUS, ANSWER, "retry = { statuses = [503]; };"},
    {"epoll", "GET", FAULT_STATUS, ANSWER, "retry = { statuses = [503]; };"},
    {"poll,hasty", "GET", FAULT_SILENT, ANSWER,
     "retry = { on = [\"reset\", \"eof\", \"response-timeout\"]; response_timeout_ms = 30; };"},
    {"epoll,hasty", "GET", FAULT_SILENT, ANSWER,
     "retry = { on = [\"reset\", \"eof\", \"response-timeout\"]; response_timeout_ms = 30; };"},
    {"poll,idle", "POST", FAULT_IDLE_CLOSE, ANSWER,
     "retry = { add_request_id = true; attempt_header = \"X-Attempt\"; };"},
    {"block", "GET", FAULT_RESET, ANSWER, "log = { sink = \"syslog\"; };"},
    {"block,tls", "GET", FAULT_RESET, ANSWER, ""},
    {"poll,tls", "GET", FAULT_CLOSE, ANSWER, ""},
    {"epoll,tls", "GET", FAULT_RESET, ANSWER, ""},
    {"block,tls", "POST", FAULT_RESET, ORIGINAL, ""},
    {"block,tls,idle", "POST", FAULT_IDLE_CLOSE, ANSWER, ""},
    {"epoll,tls,idle", "POST", FAULT_IDLE_CLOSE, ANSWER, ""},
    {"poll,tls,tls12,cold", "GET", FAULT_CLOSE, ANSWER, ""},
    {"block,tls,gnutls,nodelay", "GET", FAULT_RESET, ANSWER, ""},
    {"poll,tls,gnutls,idle,nodelay", "POST", FAULT_IDLE_CLOSE, ANSWER, ""},
    {"block", "GET", FAULT_STATUS, ANSWER, AT_ONCE},
    {"epoll", "GET", FAULT_STATUS, ANSWER, AT_ONCE},
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);

static const char *const faults[] = {"none",   "reset",	     "close",	  "status",
				     "silent", "idle-reset", "idle-close"};

const char *scenario_name(const struct scenario *scenario)
{
	static char name[128];
	snprintf(name, sizeof(name), "%s %s %s%s", scenario->way, scenario->method,
		 faults[scenario->fault], *scenario->policy ? " +" : "");
	return name;
}

int scenario_sendings(const struct scenario *scenario)
{
	return strcmp(scenario->method, "POST") == 0 ? 1 : ATTEMPTS;
}

/* Short enough for a run that waits for all of it to end in time (trace.h). */
bool scenario_write_policy(const struct scenario *scenario, const char *folder, const char *name)
{
	char path[512], command[1200];
	snprintf(path, sizeof(path), "%s/%s.cfg", folder, name);
	FILE *file = fopen(path, "w");
	if (!file)
		return false;
	fprintf(file, "tls = [\"openssl\", \"gnutls\"];\n"
		      "budget = { enabled = false; };\nbreaker = { enabled = false; };\n");
	if (!strstr(scenario->policy, "log ="))
		fprintf(file, "log = { sink = \"file:%s/log\"; };\n", folder);
	const char *more = strstr(scenario->policy, "retry = {");
	fprintf(file,
		"retry = { max_attempts = %d; total_timeout_ms = 900; connect_timeout_ms = 300;\n"
		"  %s %s\n%s\n",
		ATTEMPTS,
		more && strstr(more, "backoff")
		    ? ""
		    : "backoff = { base_ms = 2; max_ms = 5; jitter = \"none\"; };",
		more ? more + strlen("retry = {") : "};", more ? "" : scenario->policy);
	fclose(file);
	snprintf(command, sizeof(command), "build/redial-policy compile %s -o %s/%s.policy", path,
		 folder, name);
	return system(command) == 0;
}
