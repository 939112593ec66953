/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "flow.h"

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--program"))
		return program_main(argc, argv);
	runner_begin();
#define X(name) runner_suite(#name, name##_tests);
	FLOW_SUITES(X)
#undef X
	return runner_end(argc, argv);
}
