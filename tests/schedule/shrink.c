/* SPDX-License-Identifier: MIT */
#include "shrink.h"

#include <string.h>

enum { RUNS_MAX = 20000 };

static struct tape attempt;
static bool (*make)(void);
static int runs;

/* Takes the attempt over if it has the fault as well. */
static bool is_faulty(struct tape *tape)
{
	if (runs >= RUNS_MAX)
		return false;
	runs++;
	draw_from_tape(&attempt);
	if (!make())
		return false;
	/* What it has really drawn: not what was left over. */
	struct tape *drawn = &attempt;
	size_t len = attempt.len;
	if (!draw_tape(drawn) || drawn->len > len)
		drawn->len = len;
	*tape = *drawn;
	return true;
}

static bool cut(struct tape *tape, size_t at, size_t len)
{
	attempt = *tape;
	memmove(attempt.drawn + at, attempt.drawn + at + len,
		(tape->len - at - len) * sizeof(attempt.drawn[0]));
	attempt.len -= len;
	return is_faulty(tape);
}

static bool zero(struct tape *tape, size_t at, size_t len)
{
	bool any = false;
	attempt = *tape;
	for (size_t i = at; i < at + len; i++) {
		any |= attempt.drawn[i] != 0;
		attempt.drawn[i] = 0;
	}
	return any && is_faulty(tape);
}

static bool lessen(struct tape *tape, size_t at)
{
	if (tape->drawn[at] < 2)
		return false;
	attempt = *tape;
	attempt.drawn[at] /= 2;
	if (is_faulty(tape))
		return true;
	attempt = *tape;
	attempt.drawn[at]--;
	return is_faulty(tape);
}

static bool pass(struct tape *tape, size_t len)
{
	bool any = false;
	for (size_t at = tape->len; at-- > 0;) {
		if (at + len > tape->len)
			continue;
		if (cut(tape, at, len) || zero(tape, at, len))
			any = true;
		else if (len == 1)
			any |= lessen(tape, at);
	}
	return any;
}

int shrink(struct tape *tape, bool run(void))
{
	make = run;
	runs = 0;
	bool any = true;
	while (any && runs < RUNS_MAX) {
		any = false;
		for (size_t len = 64; len; len /= 2)
			any |= pass(tape, len);
	}
	return runs;
}
