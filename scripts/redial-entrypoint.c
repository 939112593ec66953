/* SPDX-License-Identifier: MIT */
/* The command line of redial-entrypoint; what it is for is told in entrypoint/entrypoint.h. */
#include <unistd.h>

#include "../preload/os/mem.h"
#include "entrypoint/entrypoint.h"

static const char help[] =
    "usage: redial-entrypoint [--policy FILE] [--log SINK] [--] COMMAND [ARG...]\n"
    "       redial-entrypoint [--policy FILE] --install DIR\n"
    "\n"
    "Runs COMMAND in its own place, with libredial.so, which lies beside\n"
    "redial-entrypoint or in ../lib/redial, in front of what it preloads.\n"
    "\n"
    "  --policy FILE  the policy, compiled by redial-policy; else that of\n"
    "                 $REDIAL_POLICY, else redial.policy beside libredial.so\n"
    "  --log SINK     syslog, none or file:PATH, instead of the policy's log.sink\n"
    "  --install DIR  copy libredial.so, the policy and redial-entrypoint to DIR\n"
    "  --version      print the version\n"
    "  --help         print this\n"
    "\n"
    "Exit status: that of COMMAND, or\n"
    "   64  wrong usage                  120  libredial.so is missing\n"
    "   73  DIR cannot be written to     126  COMMAND cannot be executed\n"
    "   78  bad policy                   127  COMMAND is not found\n";

static enum status say(const char *text)
{
	long error = write_text(STDOUT_FILENO, text);
	if (error == 0)
		return STATUS_OK;
	complain("standard output: ", error_text(error));
	return STATUS_NOT_WRITTEN;
}

static enum status misused(const char *what, const char *why)
{
	complain(what, why, "; see redial-entrypoint --help");
	return STATUS_USAGE;
}

/*
 * If the word at `argv` is that option, leaves its value, of this word or the next, in *value
 * (NULL if it has none), and returns how many words it takes; else 0.
 */
static int option_value(char **argv, const char *option, const char **value)
{
	const char *rest = text_after(*argv, option);
	if (!rest || (*rest && *rest != '='))
		return 0;
	*value = *rest ? rest + 1 : argv[1];
	if (*value && !**value)
		*value = NULL;
	return *rest ? 1 : 2;
}

static enum status parse_options(struct options *options, char **argv)
{
	const struct {
		const char *name;
		const char **value;
	} known[] = {
	    {"--policy", &options->policy},
	    {"--log", &options->log},
	    {"--install", &options->install},
	};
	while (*argv && **argv == '-') {
		int words = 0;
		if (text_equal(*argv, "--")) {
			argv++;
			break;
		}
		options->help |= text_equal(*argv, "--help");
		options->version |= text_equal(*argv, "--version");
		if (options->help || options->version)
			return STATUS_OK;
		for (size_t i = 0; i < sizeof(known) / sizeof(*known) && !words; i++) {
			words = option_value(argv, known[i].name, known[i].value);
			if (words && !*known[i].value)
				return misused(known[i].name, " needs a value");
		}
		if (!words)
			return misused(*argv, " is not an option");
		argv += words;
	}
	options->command = argv;
	if (options->install && *argv)
		return misused("--install", " takes no COMMAND");
	if (options->install && options->log)
		return misused("--log", " is not for --install");
	if (!options->install && !*argv)
		return misused("COMMAND", " is missing");
	return STATUS_OK;
}

/* What REDIAL_LOG is to be, in `to`. */
static enum status parse_sink(char *to, const char *sink)
{
	enum { LONGEST = 255 };
	char path[PATH_ROOM];
	const char *file = text_after(sink, "file:");
	if (text_equal(sink, "syslog") || text_equal(sink, "none")) {
		join(to, sink);
		return STATUS_OK;
	}
	if (!file || !*file)
		return misused("--log", " must be syslog, none or file:PATH");
	if (!make_absolute(path, file) || text_len(path, PATH_ROOM) > LONGEST)
		return misused("--log", ": path is longer than 255 bytes");
	join(to, "file:", path);
	return STATUS_OK;
}

/* Leaves in `path` the policy that COMMAND or DIR is given; empty: none. */
static enum status choose_policy(char *path, const struct options *options,
				 const struct places *places, char *const *envp)
{
	const char *given = variable(envp, "REDIAL_POLICY");
	path[0] = '\0';
	if (options->policy && !make_absolute(path, options->policy)) {
		complain(options->policy, ": path is too long");
		return STATUS_BAD_POLICY;
	}
	if (!options->policy && (options->install || !given || !*given))
		memcpy(path, places->policy, PATH_ROOM);
	return *path ? check_policy(path, options->install ? NULL : places->parser) : STATUS_OK;
}

static enum status start(const struct options *options, const struct places *places,
			 const char *policy, char *const *envp)
{
	char sink[PATH_ROOM] = "";
	enum status status = options->log ? parse_sink(sink, options->log) : STATUS_OK;
	if (status)
		return status;
	const struct setting settings[] = {
	    {"LD_PRELOAD", join_preload(places->library, variable(envp, "LD_PRELOAD"))},
	    {"ASAN_OPTIONS", join_asan(variable(envp, "ASAN_OPTIONS"))},
	    {"REDIAL_POLICY", *policy ? policy : NULL},
	    {"REDIAL_LOG", *sink ? sink : NULL},
	};
	char **changed =
	    settings[0].value && settings[1].value
		? change_environment(envp, settings, sizeof(settings) / sizeof(*settings))
		: NULL;
	if (changed)
		return execute(options->command, changed);
	complain("out of memory");
	return STATUS_NOT_EXECUTABLE;
}

int entrypoint(const struct process *process)
{
	struct options options = {0};
	struct places places;
	char policy[PATH_ROOM];
	char **argv = process->argv + (*process->argv != NULL);
	enum status status = parse_options(&options, argv);
	if (options.help || options.version)
		return say(options.help ? help : OWN_NAME " " REDIAL_VERSION "\n");
	if (!status)
		status = find_places(&places, process);
	if (!status)
		status = choose_policy(policy, &options, &places, process->envp);
	if (status)
		return status;
	if (options.install)
		return install(options.install, &places, *policy ? policy : NULL);
	return start(&options, &places, policy, process->envp);
}
