/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 15, TEXT_MAX = 16384 };

static unsigned count[MARK_UNKNOWN + 1];

/* A file's name may hold anything; a terminal is to see none of it. */
static void disarm(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
}

/* Breaks the text between words, at `column` to begin with. */
static void print_wrapped(const char *text, int column)
{
	int start = column;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > start && column + 1 + len > WIDTH) {
			printf("\n%*s", INDENT, "");
			column = start = INDENT;
		}
		column += printf("%s%.*s", column > start ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

void report(enum mark mark, const char *topic, const char *format, ...)
{
	static const char *const marks[] = {"ok", "warn", "no", "?"};
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	disarm(text);
	count[mark]++;
	printf("%-4s  %-8s ", marks[mark], topic);
	print_wrapped(text, INDENT);
}

int report_cannot(void)
{
	return count[MARK_NO] > 0;
}

int report_untold(const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;
	int len = snprintf(text, sizeof(text), "cannot be told: ");

	va_start(args, format);
	vsnprintf(text + len, sizeof(text) - len, format, args);
	va_end(args);
	disarm(text);
	print_wrapped(text, 0);
	return DOCTOR_UNTOLD;
}

static int end(int status, const char *before, const char *what, const char *behind)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%s %s%s", before, what, behind);
	disarm(text);
	print_wrapped(text, 0);
	return status;
}

int report_verdict(const char *what)
{
	if (report_cannot())
		return end(DOCTOR_CANNOT, "redial cannot help", what, "");
	return end(DOCTOR_CAN, "redial can help", what,
		   count[MARK_WARN] ? ", within the limits told above" : "");
}

int report_verdict_process(const char *what)
{
	if (report_cannot())
		return end(DOCTOR_CANNOT, "redial does not help", what, "");
	return end(DOCTOR_CAN, "redial is at work in", what,
		   count[MARK_WARN] ? ", within the limits told above" : "");
}
