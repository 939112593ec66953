/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <stdio.h>

#include "compiled.h"
#include "decide.h"
#include "load_words.h"
#include "state.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "another machine"
#endif

int tool_features(void)
{
	puts("redial-policy " REDIAL_VERSION);
	puts("build    " MACHINE ", " COMPILER);
	printf("forms    compiled policy %d, shared state %d\n", POLICY_VERSION, STATE_VERSION);
	printf("causes  ");
	for (enum cause cause = 0; cause < CAUSE_COUNT; cause++)
		printf(" %s", cause_name(cause));
	printf("\ntls     ");
	for (const struct load_word *word = load_tls_words; word->name; word++)
		printf(" %s", word->name);
	printf("\n");
	return TOOL_OK;
}
