/* SPDX-License-Identifier: MIT */
#include "library.h"

#include "../log/log.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "look.h"
#include "seats.h"
#include "session.h"

struct tls_library *tls_libraries;

/* CRYPTO_EX_INDEX_SSL. */
enum { INDEX_OF_SSL = 0 };

/* PROT_READ, PROT_WRITE; MAP_PRIVATE, MAP_ANONYMOUS. */
enum { PROTECT_READ = 1, PROTECT_WRITE = 2, MAP_OURS = 0x22 };

/* Those that a library must have, and those that it may. */
enum { SLOTS = TLS_HOOKED_COUNT + TLS_GIVEN_UP_COUNT };
static const char slot_names[SLOTS][40] = {
#define X(result, name, parameters, arguments) #name,
    TLS_HOOKED(X)
#undef X
#define X(result, name, parameters, arguments, when) #name,
	TLS_GIVEN_UP(X)
#undef X
};

static void *function_at(const struct tls_library *library, int slot)
{
	void *const *functions = (void *const *)&library->SSL_read;
	return slot < TLS_HOOKED_COUNT ? functions[slot]
				       : library->given_up[slot - TLS_HOOKED_COUNT];
}

static uintptr_t entry_at(const struct tls_library *library, int slot)
{
	int n = (int)(library - tls_libraries);
	return (
	    uintptr_t)(slot < TLS_HOOKED_COUNT
			   ? tls_entry(n, (enum tls_hooked)slot)
			   : tls_given_up_entry(n, (enum tls_given_up)(slot - TLS_HOOKED_COUNT)));
}

/* Fills what is found in one object. Returns the name of what it lacks, or NULL. */
static const char *find_of_ssl(struct tls_library *library, const struct tls_object *object)
{
	const char *lacks = NULL;
#define FIND(name)                                                                                 \
	library->name = (__typeof__(library->name))tls_object_symbol(object, #name);               \
	lacks = library->name ? lacks : #name;
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
	for (int i = TLS_HOOKED_COUNT; i < SLOTS; i++)
		library->given_up[i - TLS_HOOKED_COUNT] =
		    (void *)tls_object_symbol(object, slot_names[i]);
	return certificate ? lacks : "SSL_get1_peer_certificate";
}

static const char *find_of_crypto(struct tls_library *library, const struct tls_object *object)
{
	const char *lacks = NULL;
#define X(result, name, parameters) FIND(name)
	TLS_CALLED_OF_CRYPTO(X)
#undef X
#undef FIND
	return lacks;
}

struct tls_library *openssl_at(uintptr_t base)
{
	for (int i = 0; tls_libraries && i < TLS_LIBRARIES_MAX; i++) {
		if (tls_libraries[i].base == base)
			return &tls_libraries[i];
	}
	return NULL;
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

static void copy_text(char *to, size_t room, const char *from)
{
	size_t len = text_len(from, room);
	if (len < room)
		memcpy(to, from, len + 1);
}

/* Is it the one that was found at this place, and not another one that is there by now? */
static bool is_still(const struct tls_library *library, const struct tls_object *object)
{
	return text_equal(library->soname, object->soname) &&
	       tls_object_symbol(object, "SSL_read") == (uintptr_t)library->SSL_read;
}

void openssl_see_known(struct openssl_walk *walk, const struct tls_object *object)
{
	const struct tls_library *library = object->base ? openssl_at(object->base) : NULL;
	if (library && is_still(library, object))
		walk->there |= 1u << (library - tls_libraries);
}

void openssl_forget_gone(const struct openssl_walk *walk)
{
	for (int i = 0; tls_libraries && i < TLS_LIBRARIES_MAX; i++) {
		if (walk->there >> i & 1)
			continue;
		if (tls_libraries[i].base)
			tls_seats_forget();
		tls_libraries[i] = (struct tls_library){.base = 0};
	}
}

void openssl_see(struct openssl_walk *walk, const struct tls_object *object, const char *file)
{
	struct tls_library *library = make_room() ? openssl_at(0) : NULL;
	if (!library || openssl_at(object->base))
		return;
	struct openssl_found *found = &walk->found[walk->count++];
	found->library = library;
	library->base = object->base;
	found->lacks = find_of_ssl(library, object);
	copy_text(library->soname, sizeof(library->soname), object->soname);
	copy_text(found->file, sizeof(found->file), file);
	for (size_t i = 0;; i++) {
		const char *needs = tls_object_needs(object, i);
		if (!needs)
			break;
		if (text_after(needs, "libcrypto"))
			copy_text(found->crypto, sizeof(found->crypto), needs);
	}
}

void openssl_see_crypto(struct openssl_walk *walk, const struct tls_object *object)
{
	if (!text_after(object->soname, "libcrypto"))
		return;
	for (int i = 0; i < walk->count; i++) {
		struct openssl_found *found = &walk->found[i];
		if (!text_equal(found->crypto, object->soname))
			continue;
		const char *lacks = find_of_crypto(found->library, object);
		/* Of two by the same name nobody can tell which one it is. */
		if (found->complete)
			lacks = "a libcrypto of its own";
		found->complete = true;
		if (lacks)
			found->lacks = lacks;
	}
}

/* LibreSSL, BoringSSL and their kin have the names, and were never tried. */
static bool is_openssl(const char *version)
{
	version = text_after(version, "OpenSSL ");
	if (!version || !(text_after(version, "1.1.1") || text_after(version, "3.")))
		return false;
	for (; *version; version++) {
		if (text_after(version, "compatible"))
			return false;
	}
	return true;
}

static void leave_alone(const struct openssl_found *found, const char *why, const char *what)
{
	static uint32_t told; /* a program may open and close it for ever */
	found->library->refused = true;
	if (told < TLS_LIBRARIES_MAX)
		log_tls_left_alone(found->file, why, what);
	told++;
}

void openssl_settle(struct openssl_walk *walk)
{
	for (int i = 0; i < walk->count; i++) {
		struct openssl_found *found = &walk->found[i];
		struct tls_library *library = found->library;
		if (!found->complete && !found->lacks)
			found->lacks = "a libcrypto";
		const char *version = found->lacks ? NULL : library->OpenSSL_version(0);
		if (found->lacks) {
			leave_alone(found, "it lacks ", found->lacks);
			continue;
		}
		if (!is_openssl(version)) {
			leave_alone(found, "it is ", version);
			continue;
		}
		library->index = library->CRYPTO_get_ex_new_index(
		    INDEX_OF_SSL, 0, library, NULL, tls_session_dup, tls_session_freed);
		library->refused = library->index < 0;
	}
}

static bool needs(const struct tls_object *object, const char *soname)
{
	const char *name = "";
	for (size_t i = 0; name && !(*name && text_equal(name, soname)); i++)
		name = tls_object_needs(object, i);
	return name != NULL;
}

/*
 * The library whose function a slot leads to, or will once it is called first: then the object has
 * it from the one that it needs.
 */
static struct tls_library *library_of(const struct tls_object *object, int slot, uintptr_t value)
{
	struct tls_library *lazy = NULL;
	int needed = 0;
	for (int i = 0; tls_libraries && i < TLS_LIBRARIES_MAX; i++) {
		struct tls_library *library = &tls_libraries[i];
		if (!library->base || library->refused || !function_at(library, slot))
			continue;
		if ((uintptr_t)function_at(library, slot) == value)
			return library;
		if (!tls_object_has(object, value) || !needs(object, library->soname))
			continue;
		lazy = library;
		needed++;
	}
	/* Which of several it would be is the loader's to tell. */
	return needed == 1 ? lazy : NULL;
}

uintptr_t openssl_slot(const struct tls_object *object, const char *name, uintptr_t value)
{
	for (int i = 0; i < SLOTS; i++) {
		if (!text_equal(name, slot_names[i]))
			continue;
		struct tls_library *library = library_of(object, i, value);
		return library ? entry_at(library, i) : value;
	}
	return value;
}

bool openssl_is_followed(void)
{
	bool any = false;
	for (int i = 0; tls_libraries && i < TLS_LIBRARIES_MAX; i++)
		any |= tls_libraries[i].base && !tls_libraries[i].refused;
	return any;
}
