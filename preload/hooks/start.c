/* SPDX-License-Identifier: MIT */
/* Where the library begins, and what it sees to when the program ends. */
#include "../log/log.h"
#include "../log/told.h"
#include "../os/arena.h"
#include "../os/real.h"
#include "../process/config.h"
#include "../rescue/end.h"
#include "../rescue/place.h"
#include "../tls/look.h"

static void tell(const struct config_fault *fault)
{
	if (fault->file)
		log_invalid_policy(fault->file, fault->error.line, fault->error.text);
}

/* Runs before main, once: whatever is settled here is only read later. */
__attribute__((constructor)) static void start(void)
{
	struct config_faults faults;
	if (config_is_disabled()) {
		real_resolve_early();
		return;
	}
	real_resolve();
	config_settle(&faults);
	tell(&faults.policy);
	tell(&faults.log);
	if (config.active)
		tls_look_early();
}

/* exit(3), or the return of main: other threads may still run, and find what is there then. */
__attribute__((destructor)) static void finish(void)
{
	if (config.told_dir)
		told_end();
	if (rescue_any_placed() && arena_is_ours())
		rescue_leave_rest();
}
