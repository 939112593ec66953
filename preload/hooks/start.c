/* SPDX-License-Identifier: MIT */
/* Where the library begins. */
#include "../log/log.h"
#include "../os/real.h"
#include "../process/config.h"

static void tell(const struct config_fault *fault)
{
	if (fault->file)
		log_invalid_policy(fault->file, fault->error.line, fault->error.text);
}

/* Runs before main, once: whatever is settled here is only read later. */
__attribute__((constructor)) static void start(void)
{
	struct config_faults faults;
	if (config_is_disabled())
		return;
	real_resolve();
	config_settle(&faults);
	tell(&faults.policy);
	tell(&faults.log);
}
