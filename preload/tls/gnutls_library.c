/* SPDX-License-Identifier: MIT */
#include "gnutls.h"

#include "../log/log.h"
#include "../os/mem.h"
#include "../os/start.h"
#include "gnutls_session.h"

struct gnutls_library gnutls;

static const char hooked_names[GNUTLS_HOOKED_COUNT][44] = {
#define X(result, name, ...) #name,
    GNUTLS_HOOKED(X)
#undef X
};

/* Wheels bring it by names such as libgnutls-1a2b3c.so.30; its kin have names of that form too. */
AT_START bool gnutls_is_library(const char *soname)
{
	const char *rest = text_after(soname, "libgnutls");
	return rest && (*rest == '.' || *rest == '-') && !text_after(rest, "-dane") &&
	       !text_after(rest, "-openssl");
}

/* Returns the name of what it lacks, or NULL. */
static const char *find_all(const struct tls_object *object)
{
	const char *lacks = NULL;
#define FIND(name) gnutls.name = (__typeof__(gnutls.name))tls_object_symbol(object, #name);
#define X(result, name, ...)                                                                       \
	FIND(name)                                                                                 \
	lacks = gnutls.name ? lacks : #name;
	GNUTLS_CARRYING(X)
	GNUTLS_RECORDED(X)
	GNUTLS_FORWARDED(X)
	GNUTLS_CALLED(X)
#undef X
#define X(result, name, ...) FIND(name)
	GNUTLS_GIVING_UP(X)
#undef X
#undef FIND
	gnutls.allocate = (void *(**)(size_t))tls_object_symbol(object, "gnutls_malloc");
	gnutls.free = (void (**)(void *))tls_object_symbol(object, "gnutls_free");
	gnutls.is_ktls_enabled =
	    (int (*)(void *))tls_object_symbol(object, "gnutls_transport_is_ktls_enabled");
	return gnutls.allocate && gnutls.free ? lacks : "gnutls_malloc";
}

/* 3.7 and later: of 4 nobody knows. */
static bool is_known(const char *version)
{
	const char *minor = text_after(version, "3.");
	return minor && ((*minor >= '7' && *minor <= '9') ||
			 (*minor >= '1' && minor[1] >= '0' && minor[1] <= '9'));
}

void gnutls_see(struct gnutls_walk *walk, const struct tls_object *object, const char *file)
{
	if (object->base == gnutls.base &&
	    tls_object_symbol(object, "gnutls_init") == (uintptr_t)gnutls.gnutls_init) {
		walk->seen = true;
	} else if (!walk->other.base) {
		walk->other = *object;
		walk->file = file;
	}
}

static void leave_alone(const struct gnutls_walk *walk, const char *why, const char *what)
{
	static bool told; /* a program may open and close it for ever */
	gnutls.refused = true;
	if (!told)
		log_tls_left_alone(walk->file, why, what);
	told = true;
}

void gnutls_settle(const struct gnutls_walk *walk)
{
	if (gnutls.base && !walk->seen) {
		gnutls = (struct gnutls_library){.base = 0};
		gnutls_sessions_forget();
	}
	gnutls.is_alone = !gnutls.base || !walk->other.base;
	if (gnutls.base || !walk->other.base)
		return;
	gnutls.base = walk->other.base;
	const char *lacks = find_all(&walk->other);
	const char *version = lacks ? NULL : gnutls.gnutls_check_version(NULL);
	if (lacks)
		leave_alone(walk, "it lacks ", lacks);
	else if (!version || !is_known(version))
		leave_alone(walk, "it is ", version ? version : "unknown");
	else
		gnutls.refused = !gnutls_sessions_ready();
}

uintptr_t gnutls_slot(const struct tls_object *object, const char *name, uintptr_t value)
{
	void *const *functions = (void *const *)&gnutls.gnutls_init;
	if (!gnutls_is_followed() || !text_after(name, "gnutls_"))
		return value;
	for (int i = 0; i < GNUTLS_HOOKED_COUNT; i++) {
		if (!functions[i] || !text_equal(name, hooked_names[i]))
			continue;
		/* Its function, or the object's own stub, by which the loader looks for it. */
		bool is_its = (uintptr_t)functions[i] == value ||
			      (gnutls.is_alone && tls_object_has(object, value));
		return is_its ? (uintptr_t)gnutls_entry((enum gnutls_hooked)i) : value;
	}
	return value;
}
