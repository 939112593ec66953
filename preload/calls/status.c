/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "../conn/settings.h"
#include "../http1/retry_after.h"
#include "../os/clock.h"
#include "../process/config.h"

void status_says(const struct conn *conn, const char *head, size_t len, struct rescue_start *start)
{
	struct policy_retry settings;
	if (conn->held_len)
		settings_of_request(conn, conn->held, conn->held_len, &settings);
	else
		settings_of_connection(conn, &settings);
	start->retry_after_ms =
	    retry_after_ms(head, len, os_realtime_s(), config.policy, settings.after_headers);
	start->vetoed = retry_is_vetoed(head, len, config.policy, settings.veto_headers);
}
