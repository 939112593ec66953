/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>

#include "../../preload/os/mem.h"
#include "../../preload/os/sys.h"
#include "entrypoint.h"

/* Zeroed, and never given back: the process is about to become another program. */
static void *get_room(size_t len)
{
	long at = sys6(mmap, 0, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at > -4096 && at < 0 ? NULL : (void *)at;
}

/* The value, if entry is "NAME=value" of that name. */
static const char *value_of(const char *entry, const char *name)
{
	const char *rest = text_after(entry, name);
	return rest && *rest == '=' ? rest + 1 : NULL;
}

const char *variable(char *const *envp, const char *name)
{
	const char *found = NULL;
	for (; *envp; envp++) {
		const char *value = value_of(*envp, name);
		found = value ? value : found;
	}
	return found;
}

static char *make_entry(const struct setting *setting)
{
	size_t name = text_len(setting->name, SIZE_MAX), value = text_len(setting->value, SIZE_MAX);
	char *entry = get_room(name + value + 2);
	if (!entry)
		return NULL;
	memcpy(entry, setting->name, name);
	entry[name] = '=';
	memcpy(entry + name + 1, setting->value, value);
	return entry;
}

/* Puts the variable into the place of the first of its name, or at the end; others of it go. */
static bool set(char **envp, const struct setting *setting)
{
	char *entry = make_entry(setting), **to = envp;
	bool placed = false;
	if (!entry)
		return false;
	for (char **from = envp; *from; from++) {
		if (!value_of(*from, setting->name)) {
			*to++ = *from;
		} else if (!placed) {
			*to++ = entry;
			placed = true;
		}
	}
	if (!placed)
		*to++ = entry;
	*to = NULL;
	return true;
}

char **change_environment(char *const *envp, const struct setting *settings, size_t count)
{
	size_t entries = 0;
	while (envp[entries])
		entries++;
	char **copy = get_room((entries + count + 1) * sizeof(*copy));
	if (!copy)
		return NULL;
	memcpy(copy, envp, entries * sizeof(*copy));
	for (; count; count--, settings++) {
		if (settings->value && !set(copy, settings))
			return NULL;
	}
	return copy;
}

/* Ours, whichever redial put it there: one is enough. */
static bool is_ours(const char *entry, size_t len)
{
	const size_t name = sizeof("/" LIBRARY_NAME) - 1;
	return len >= name && memcmp(entry + len - name, "/" LIBRARY_NAME, name) == 0;
}

char *join_preload(const char *library, const char *old)
{
	size_t len = text_len(library, PATH_ROOM);
	old = old ? old : "";
	char *value = get_room(len + text_len(old, SIZE_MAX) + 2);
	if (!value)
		return NULL;
	memcpy(value, library, len);
	while (*old) {
		size_t entry = 0;
		while (old[entry] && old[entry] != ':' && old[entry] != ' ')
			entry++;
		if (entry && !is_ours(old, entry)) {
			value[len++] = ':';
			memcpy(value + len, old, entry);
			len += entry;
		}
		old += entry + (old[entry] != '\0');
	}
	return value;
}

/* Does `text` hold `part`? */
static bool holds(const char *text, const char *part)
{
	for (; *text; text++) {
		if (text_after(text, part))
			return true;
	}
	return false;
}

const char *join_asan(const char *old)
{
	static const char flag[] = "verify_asan_link_order=";
	old = old ? old : "";
	if (holds(old, flag))
		return old;
	size_t len = text_len(old, SIZE_MAX);
	char *value = get_room(len + sizeof(flag) + 2), *to = value;
	if (!value)
		return NULL;
	memcpy(to, old, len);
	to += len;
	if (len)
		*to++ = ':';
	memcpy(to, flag, sizeof(flag) - 1);
	to[sizeof(flag) - 1] = '0';
	return value;
}
