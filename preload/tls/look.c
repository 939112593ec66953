/* SPDX-License-Identifier: MIT */
#include "look.h"

#include "../os/mem.h"
#include "../os/start.h"
#include "../process/config.h"
#include "session.h"

/* Every glibc and musl has it. */
#pragma weak dl_iterate_phdr

/* Who has the walk: one at a time, and the others do without. */
static uint32_t walking;
/* One more than that: musl has counted none at a start, glibc each. */
static unsigned long long adds_seen;

struct walk {
	bool changed;
	bool early; /* for GnuTLS alone: the others have not begun yet */
	struct openssl_walk openssl;
	struct gnutls_walk gnutls;
};

/* As far as the policy wants it followed. libssl3.so is NSS. */
static bool is_libssl(const char *soname)
{
	return text_after(soname, "libssl") && !text_after(soname, "libssl3.so") &&
	       config.policy->tls & POLICY_TLS_OPENSSL;
}

static bool is_gnutls(const char *soname)
{
	return gnutls_is_library(soname) && config.policy->tls & POLICY_TLS_GNUTLS;
}

/* Has anything been loaded since the last walk? Stops at the first object, which tells. */
static int ask_adds(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	bool tells = size >= offsetof(struct dl_phdr_info, dlpi_subs);
	walk->changed = !tells || info->dlpi_adds + 1 != adds_seen;
	if (tells)
		adds_seen = info->dlpi_adds + 1;
	return 1;
}

static int find_known(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	struct tls_object object;
	(void)size;
	if (tls_object_read(&object, info))
		openssl_see_known(&walk->openssl, &object);
	return 0;
}

static int find_libraries(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	struct tls_object object;
	(void)size;
	if (!tls_object_read(&object, info) || !object.base)
		return 0;
	if (is_libssl(object.soname) && !walk->early)
		openssl_see(&walk->openssl, &object, info->dlpi_name);
	else if (is_gnutls(object.soname))
		gnutls_see(&walk->gnutls, &object, info->dlpi_name);
	return 0;
}

static int find_crypto(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	struct tls_object object;
	(void)size;
	if (tls_object_read(&object, info))
		openssl_see_crypto(&walk->openssl, &object);
	return 0;
}

static uintptr_t take_slot(void *context, const struct tls_object *object, const char *name,
			   uintptr_t value)
{
	(void)context;
	return text_after(name, "SSL_") ? openssl_slot(object, name, value)
					: gnutls_slot(object, name, value);
}

static int take_slots(struct dl_phdr_info *info, size_t size, void *context)
{
	struct tls_object object;
	const char *needs = "";
	(void)size;
	if (!tls_object_read(&object, info) || is_gnutls(object.soname))
		return 0;
	if (is_libssl(object.soname)) {
		openssl_take_filter(&object);
		return 0;
	}
	for (size_t i = 0; needs && !is_libssl(needs) && !is_gnutls(needs); i++)
		needs = tls_object_needs(&object, i);
	if (needs)
		tls_object_slots(&object, take_slot, context);
	return 0;
}

static bool is_any_followed(void)
{
	return (openssl_is_followed() || gnutls_is_followed()) && tls_session_ready();
}

static void look_through(struct walk *walk)
{
	if (tls_libraries && !walk->early) {
		dl_iterate_phdr(find_known, walk);
		openssl_forget_gone(&walk->openssl);
	}
	dl_iterate_phdr(find_libraries, walk);
	if (walk->openssl.count)
		dl_iterate_phdr(find_crypto, walk);
	openssl_settle(&walk->openssl);
	gnutls_settle(&walk->gnutls);
	if (is_any_followed())
		dl_iterate_phdr(take_slots, walk);
}

AT_START static int find_file(struct dl_phdr_info *info, size_t size, void *context)
{
	const char *name = info->dlpi_name ? info->dlpi_name : "";
	(void)size;
	for (const char *at = name; *at; at++) {
		if (*at == '/')
			name = at + 1;
	}
	*(bool *)context |= gnutls_is_library(name);
	return 0;
}

AT_START void tls_look_early(void)
{
	struct walk walk = {.early = true};
	bool found = false;
	if (!dl_iterate_phdr || !(config.policy->tls & POLICY_TLS_GNUTLS))
		return;
	dl_iterate_phdr(find_file, &found);
	if (found)
		look_through(&walk);
}

bool tls_look(void)
{
	struct walk walk = {.changed = false};
	uint32_t nobody = 0;
	if (!dl_iterate_phdr || !__atomic_compare_exchange_n(&walking, &nobody, 1, false,
							     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	dl_iterate_phdr(ask_adds, &walk);
	if (walk.changed)
		look_through(&walk);
	bool any = is_any_followed();
	__atomic_store_n(&walking, 0, __ATOMIC_RELEASE);
	return any;
}
