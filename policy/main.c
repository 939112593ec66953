/* SPDX-License-Identifier: MIT */
/* redial-policy: what a policy file means, and the same in a form that costs nothing to read. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "tool.h"

static const char help[] =
    "usage: redial-policy check FILE\n"
    "       redial-policy show [FILE]\n"
    "       redial-policy compile FILE -o OUT\n"
    "       redial-policy cache FILE\n"
    "       redial-policy explain FILE --method M --host H --path P [--port N]\n"
    "                     [--cause CAUSE | --status N [--retry-after SECONDS]]\n"
    "                     [--key HEADER] [--first-use] [--attempt N] [--bytes N]\n"
    "                     [--after MS] [--address-age MS] [--header LINE]...\n"
    "       redial-policy share PID [POLICY]\n"
    "       redial-policy --version [--verbose]\n"
    "\n"
    "  check    says what is wrong with a policy, and nothing if it is right\n"
    "  show     prints what a policy amounts to, all keys spelled out, as a policy\n"
    "           file; without FILE, the built-in defaults\n"
    "  compile  writes a policy in the form that a program under redial reads\n"
    "           fastest, and without libconfig\n"
    "  cache    compiles into a private folder of the user's, if there can be one,\n"
    "           and prints the path to put into REDIAL_POLICY\n"
    "  explain  says whether a request would be sent again, after what wait, and\n"
    "           which key and rule say so: one that failed from the CAUSE given\n"
    "           (reset), or was answered with status N and perhaps a Retry-After, at\n"
    "           its attempt N (1), with N bytes to send again (0) and perhaps an\n"
    "           idempotency key in HEADER, on a connection used before or, with\n"
    "           --first-use, a new one, lost MS after the sending of a request that\n"
    "           was acknowledged, at an address looked up MS ago, the response with a\n"
    "           header LINE (NAME: VALUE); the port is that of H or 80\n"
    "  share    makes the file by which the processes of a launch share one retry\n"
    "           budget, PID being the launch's first one, and prints the path to put\n"
    "           into REDIAL_SHARED; prints what that holds already if it can be used;\n"
    "           POLICY is noted as the file that `redial reload` reads\n"
    "\n"
    "CAUSE is stale, reset, eof, connect, connect-timeout, response-timeout, idle,\n"
    "max-requests, dns, tls-handshake or body. Of budget and breaker explain knows\n"
    "nothing: they depend on the moment.\n"
    "FILE is text or compiled. Exit status: 0 all right, 1 bad policy, 2 wrong usage,\n"
    "3 could not write.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {{"check", tool_check},
		{"show", tool_show},
		{"compile", tool_compile},
		{"cache", tool_cache},
		{"explain", tool_explain},
		{"share", tool_share}};

int tool_usage(const char *format, ...)
{
	va_list args;

	fputs("redial-policy: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; see redial-policy --help\n", stderr);
	return TOOL_USAGE;
}

int tool_load(const char *path, struct policy *policy, bool *compiled)
{
	struct load_error error;

	if (!load_any_policy(path, policy, &error, compiled))
		return TOOL_OK;
	if (error.line)
		fprintf(stderr, "redial-policy: %s:%u: %s\n", path, error.line, error.text);
	else
		fprintf(stderr, "redial-policy: %s: %s\n", path, error.text);
	return TOOL_BAD_POLICY;
}

int tool_check(int argc, char **argv)
{
	struct policy policy;
	bool compiled;

	if (argc != 2)
		return tool_usage("check takes one FILE");
	return tool_load(argv[1], &policy, &compiled);
}

static int run(int argc, char **argv)
{
	if (argc < 2)
		return tool_usage("a command is missing");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(help, stdout);
		return TOOL_OK;
	}
	if (strcmp(argv[1], "--version") == 0 && argc == 3 && strcmp(argv[2], "--verbose") == 0)
		return tool_features();
	if (strcmp(argv[1], "--version") == 0) {
		puts("redial-policy " REDIAL_VERSION);
		return TOOL_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return tool_usage("%s is not a command", argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	/* A file that may not grow (RLIMIT_FSIZE) is one that cannot be written, no end for us. */
	signal(SIGXFSZ, SIG_IGN);
	status = run(argc, argv);

	if (fflush(stdout) || ferror(stdout)) {
		perror("redial-policy: standard output");
		return TOOL_NOT_WRITTEN;
	}
	return status;
}
