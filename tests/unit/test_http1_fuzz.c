/* SPDX-License-Identifier: MIT */
#include "http1_messages.h"
#include "unit.h"
#include "fuzz/fuzz_http1.h"

static void mutated_messages_read_the_same_in_pieces(void)
{
	runner_expect_long("messages that read differently", 0, fuzz_http1_run(1, 20000));
}

void suite_http1_fuzz(void)
{
	static const struct runner_test tests[] = {
	    TEST(mutated_messages_read_the_same_in_pieces),
	    TEST_END,
	};
	runner_suite("http1_fuzz", tests);
}

#define FUZZ_HTTP1_NO_MAIN
#include "fuzz/fuzz_http1.c"
#include "fuzz/fuzz_heads.c"
