/* SPDX-License-Identifier: MIT */
#include "library.h"

#include "../os/mem.h"
#include "../os/sys.h"
#include "object.h"
#include "session.h"

/* Every glibc and musl has it. */
#pragma weak dl_iterate_phdr

struct tls_library *tls_libraries;

/* CRYPTO_EX_INDEX_SSL. */
enum { INDEX_OF_SSL = 0 };

/* PROT_READ, PROT_WRITE; MAP_PRIVATE, MAP_ANONYMOUS. */
enum { PROTECT_READ = 1, PROTECT_WRITE = 2, MAP_OURS = 0x22 };

/* Who has the walk: one at a time, and the others do without. */
static uint32_t walking;
static unsigned long long adds_seen;

static const char hooked_names[TLS_HOOKED_COUNT][32] = {
#define X(result, name, parameters, arguments) #name,
    TLS_HOOKED(X)
#undef X
};

/* Fills what is found in one object; SKIP leaves the others to the other one. */
static bool find_of_ssl(struct tls_library *library, const struct tls_object *object)
{
	bool all = true;
#define FIND(name)                                                                                 \
	library->name = (__typeof__(library->name))tls_object_symbol(object, #name);               \
	all &= library->name != NULL;
#define X(result, name, parameters, arguments) FIND(name)
	TLS_HOOKED(X)
#undef X
#define X(result, name, parameters) FIND(name)
	TLS_CALLED(X)
#undef X
	uintptr_t certificate = tls_object_symbol(object, "SSL_get1_peer_certificate");
	if (!certificate)
		certificate = tls_object_symbol(object, "SSL_get_peer_certificate");
	library->get_peer_certificate = (void *(*)(const void *))certificate;
	return all && certificate;
}

static bool find_of_crypto(struct tls_library *library, const struct tls_object *object)
{
	bool all = true;
#define X(result, name, parameters) FIND(name)
	TLS_CALLED_OF_CRYPTO(X)
#undef X
#undef FIND
	return all;
}

static struct tls_library *library_at(uintptr_t base)
{
	for (int i = 0; i < TLS_LIBRARIES_MAX; i++) {
		if (tls_libraries[i].base == base)
			return &tls_libraries[i];
	}
	return NULL;
}

/* A library that was not known, and the object that it has its libcrypto from. */
struct found {
	struct tls_library *library;
	char crypto[32];
	bool complete;
};

struct walk {
	struct found found[TLS_LIBRARIES_MAX];
	int count;
	bool changed;
};

static bool is_libssl(const char *soname)
{
	return text_after(soname, "libssl") != NULL;
}

/* Has anything been loaded since the last walk? Stops at the first object, which tells. */
static int ask_adds(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	bool tells = size >= offsetof(struct dl_phdr_info, dlpi_subs);
	walk->changed = !tells || info->dlpi_adds != adds_seen;
	if (tells)
		adds_seen = info->dlpi_adds;
	return 1;
}

static int find_libraries(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	struct tls_object object;
	(void)size;
	if (!tls_object_read(&object, info) || !is_libssl(object.soname) || !object.base ||
	    library_at(object.base))
		return 0;
	struct tls_library *library = library_at(0);
	if (!library)
		return 0;
	struct found *found = &walk->found[walk->count++];
	found->library = library;
	library->base = object.base;
	library->refused = !find_of_ssl(library, &object);
	for (size_t i = 0;; i++) {
		const char *needs = tls_object_needs(&object, i);
		if (!needs)
			break;
		size_t len = text_len(needs, sizeof(found->crypto));
		if (text_after(needs, "libcrypto") && len < sizeof(found->crypto))
			memcpy(found->crypto, needs, len + 1);
	}
	return 0;
}

static int find_crypto(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	struct tls_object object;
	(void)size;
	if (!tls_object_read(&object, info) || !text_after(object.soname, "libcrypto"))
		return 0;
	for (int i = 0; i < walk->count; i++) {
		struct found *found = &walk->found[i];
		if (!text_equal(found->crypto, object.soname))
			continue;
		/* Of two by the same name nobody can tell which one it is. */
		found->complete = !found->complete && find_of_crypto(found->library, &object);
		if (!found->complete)
			found->library->refused = true;
	}
	return 0;
}

/* LibreSSL, BoringSSL and their kin have the names, and were never tried. */
static bool is_openssl(const struct tls_library *library)
{
	const char *version = text_after(library->OpenSSL_version(0), "OpenSSL ");
	if (!version || !(text_after(version, "1.1.1") || text_after(version, "3.")))
		return false;
	for (; *version; version++) {
		if (text_after(version, "compatible"))
			return false;
	}
	return true;
}

static void settle(struct walk *walk)
{
	for (int i = 0; i < walk->count; i++) {
		struct tls_library *library = walk->found[i].library;
		if (!walk->found[i].complete || library->refused || !is_openssl(library)) {
			library->refused = true;
			continue;
		}
		library->index = library->CRYPTO_get_ex_new_index(
		    INDEX_OF_SSL, 0, library, NULL, tls_session_dup, tls_session_freed);
		library->refused = library->index < 0;
	}
}

/* The library whose function a slot leads to, or will once it is called first. */
static struct tls_library *library_of(const struct tls_object *object, int hooked, uintptr_t value)
{
	struct tls_library *lazy = NULL;
	int known = 0;
	for (int i = 0; i < TLS_LIBRARIES_MAX; i++) {
		struct tls_library *library = &tls_libraries[i];
		if (!library->base || library->refused)
			continue;
		void *const *functions = (void *const *)&library->SSL_read;
		if ((uintptr_t)functions[hooked] == value)
			return library;
		lazy = library;
		known++;
	}
	/* Which of several it would be is the loader's to tell. */
	return known == 1 && tls_object_has(object, value) ? lazy : NULL;
}

static uintptr_t take_slot(void *context, const struct tls_object *object, const char *name,
			   uintptr_t value)
{
	(void)context;
	if (!text_after(name, "SSL_"))
		return value;
	for (int i = 0; i < TLS_HOOKED_COUNT; i++) {
		if (!text_equal(name, hooked_names[i]))
			continue;
		struct tls_library *library = library_of(object, i, value);
		return library ? (uintptr_t)tls_entries[library - tls_libraries][i] : value;
	}
	return value;
}

static int take_slots(struct dl_phdr_info *info, size_t size, void *context)
{
	struct tls_object object;
	const char *needs = "";
	(void)size;
	if (!tls_object_read(&object, info) || is_libssl(object.soname))
		return 0;
	for (size_t i = 0; needs && !is_libssl(needs); i++)
		needs = tls_object_needs(&object, i);
	if (needs)
		tls_object_slots(&object, take_slot, context);
	return 0;
}

static bool make_room(void)
{
	enum { LEN = TLS_LIBRARIES_MAX * sizeof(*tls_libraries) };
	if (!tls_libraries) {
		long at = sys6(mmap, 0, LEN, PROTECT_READ | PROTECT_WRITE, MAP_OURS, -1, 0);
		if (at < 0 && at > -4096)
			return false;
		tls_libraries = (struct tls_library *)at;
	}
	return true;
}

static bool has_any(void)
{
	bool any = false;
	if (!tls_libraries)
		return false;
	for (int i = 0; i < TLS_LIBRARIES_MAX; i++)
		any |= tls_libraries[i].base && !tls_libraries[i].refused;
	return any;
}

bool tls_look(void)
{
	struct walk walk = {.count = 0};
	uint32_t nobody = 0;
	if (!dl_iterate_phdr || !__atomic_compare_exchange_n(&walking, &nobody, 1, false,
							     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	dl_iterate_phdr(ask_adds, &walk);
	if (walk.changed && make_room() && tls_session_ready()) {
		dl_iterate_phdr(find_libraries, &walk);
		dl_iterate_phdr(find_crypto, &walk);
		settle(&walk);
		if (has_any())
			dl_iterate_phdr(take_slots, &walk);
	}
	bool any = has_any();
	__atomic_store_n(&walking, 0, __ATOMIC_RELEASE);
	return any;
}
