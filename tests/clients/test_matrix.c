/* SPDX-License-Identifier: MIT */
/* The table at the end: each program, each fault, bare and under redial. */
#include "programs.h"

#include <stdio.h>

static struct {
	bool noted;
	struct run bare, redial;
} cells[N_PROGRAMS][N_FAULTS];

void matrix_note(enum program_id program, enum fault_id fault, const struct run *bare,
		 const struct run *redial)
{
	cells[program][fault].noted = true;
	cells[program][fault].bare = *bare;
	cells[program][fault].redial = *redial;
}

static void half(char *out, size_t size, const struct run *run, int count)
{
	if (run->timed_out)
		snprintf(out, size, "hang");
	else if (run->ok == count)
		snprintf(out, size, "ok");
	else
		snprintf(out, size, "%d/%d", run->ok, count);
}

static void print_rows(enum fault_id first, enum fault_id end)
{
	printf("\n%-24s", "");
	for (int f = first; f < (int)end; f++)
		printf("%-15s", faults[f].name);
	printf("\n%-24s", "");
	for (int f = first; f < (int)end; f++)
		printf("%-15s", "bare   redial");
	printf("\n");
	for (int p = 0; p < N_PROGRAMS; p++) {
		printf("%-24s", programs[p].name);
		for (int f = first; f < (int)end; f++) {
			char bare[16] = "-", redial[16] = "-";

			if (cells[p][f].noted) {
				half(bare, sizeof bare, &cells[p][f].bare, faults[f].count);
				half(redial, sizeof redial, &cells[p][f].redial, faults[f].count);
			}
			printf("%-7s%-8s", bare, redial);
		}
		printf("\n");
	}
}

void matrix_print(void)
{
	print_rows(0, POST_RESET);
	print_rows(POST_RESET, N_FAULTS);
	printf(
	    "\nok: every request was answered; M/N: M of N were. A POST that the server may have\n"
	    "acted on is never sent again, so there both halves tell of the same losses. Bare "
	    "\"ok\":\n"
	    "the program looks at an idle connection before it uses it, or sends a GET again by\n"
	    "itself and cannot be told not to: HttpURLConnection, and HTTP::Tiny after a close.\n"
	    "libcurl sends GET and POST again by itself: where it did, its round counts as "
	    "lost.\n");
}
