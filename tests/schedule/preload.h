/* SPDX-License-Identifier: MIT */
/* What the tests look at of the preload, under the names that it has in this program. */
#ifndef SCHEDULE_PRELOAD_H
#define SCHEDULE_PRELOAD_H

#include "../../preload/conn/conn.h"
/* table_find looks into it, inline. */
#define table preload_table
#include "../../preload/conn/table.h"
#undef table
#include "../../preload/process/config.h"

extern struct config preload_config;
extern struct conn preload_conn_own;
extern struct conn_exchange preload_conn_no_exchange;
extern struct conn_more preload_conn_no_more;
extern char **preload_environ;
extern uint32_t preload_placed; /* watchers of rescues, as far as all calls are to know */
extern const struct policy preload_policy_builtin;
void preload_policy_finish(struct policy *policy);

/* All its variables. */
extern char __start_preload_data[], __stop_preload_data[];
extern char __start_preload_zero[], __stop_preload_zero[];

#endif
