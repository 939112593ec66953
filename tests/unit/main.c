/* SPDX-License-Identifier: MIT */
#include "support/runner.h"

#define SUITES(X)                                                                                  \
	X(method)                                                                                  \
	X(policy)                                                                                  \
	X(match)                                                                                   \
	X(path)                                                                                    \
	X(paths)                                                                                   \
	X(redact)                                                                                  \
	X(decide)                                                                                  \
	X(decide_asked)                                                                            \
	X(decide_late)                                                                             \
	X(backoff)                                                                                 \
	X(process)                                                                                 \
	X(state)                                                                                   \
	X(budget)                                                                                  \
	X(breaker)                                                                                 \
	X(shared)                                                                                  \
	X(switchboard)                                                                             \
	X(switch)                                                                                  \
	X(share)                                                                                   \
	X(compiled)                                                                                \
	X(load)                                                                                    \
	X(load_more)                                                                               \
	X(load_file)                                                                               \
	X(http1)                                                                                   \
	X(tool)                                                                                    \
	X(explain)                                                                                 \
	X(cache)                                                                                   \
	X(launcher)                                                                                \
	X(target)                                                                                  \
	X(mem)                                                                                     \
	X(patience)                                                                                \
	X(log_line)                                                                                \
	X(conn)                                                                                    \
	X(conn_kept)                                                                               \
	X(conn_resume)                                                                             \
	X(looked_over)                                                                             \
	X(conn_more)                                                                               \
	X(pollers)                                                                                 \
	X(idle)                                                                                    \
	X(hello)                                                                                   \
	X(loopback)                                                                                \
	X(resolved)                                                                                \
	X(mark)                                                                                    \
	X(notes)                                                                                   \
	X(report)                                                                                  \
	X(tally)                                                                                   \
	X(elf)                                                                                     \
	X(after)                                                                                   \
	X(repeats)                                                                                 \
	X(greeting)                                                                                \
	X(tunnel)                                                                                  \
	X(abandons)                                                                                \
	X(rest)                                                                                    \
	X(chunks)                                                                                  \
	X(retry_after)                                                                             \
	X(arena)                                                                                   \
	X(arena_at_once)                                                                           \
	X(table)                                                                                   \
	X(region)                                                                                  \
	X(memory)                                                                                  \
	X(memory_race)                                                                             \
	X(copy)

#define X(name) void suite_##name(void);
SUITES(X)
#undef X

int main(int argc, char **argv)
{
	runner_begin();
#define X(name) suite_##name();
	SUITES(X)
#undef X
	return runner_end(argc, argv);
}
