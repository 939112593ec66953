/* SPDX-License-Identifier: MIT */
/*
 * A policy's text is loaded or refused with a word why; and what was loaded is what its compiled
 * form holds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../policy/compiled.h"
#include "../../../policy/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy policy;
	static struct compiled made;
	struct load_error error = {0};
	const char *why = NULL;
	char path[32];
	int fd = memfd_create("policy", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (load_policy(path, &policy, &error) == 0) {
		compiled_make(&made, &policy);
		const struct policy *back = compiled_open(&made, made.size, &why);
		if (!back || compiled_sum(back) != compiled_sum(&policy))
			abort();
	} else if (!error.text[0]) {
		abort();
	}
	close(fd);
	return 0;
}
