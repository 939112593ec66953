/* SPDX-License-Identifier: MIT */
/*
 * How often a log is tried that takes long: what is opened and written on a file system that hangs
 * cannot be kept from waiting, so that is done seldom.
 */
#ifndef REDIAL_PATIENCE_H
#define REDIAL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* One try. */
struct patience {
	bool has; /* whether there is to be one */
	uint64_t began_ms;
	uint64_t mark;
};

/*
 * May a line be delivered now? Not once lines have taken a second, until a hundred times as long is
 * over, at most ten minutes; nor while another thread of this process has been held up for a
 * second. To be ended in either case.
 */
struct patience patience_begin(uint64_t pid);
void patience_end(const struct patience *turn);

#endif
