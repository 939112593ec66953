/* SPDX-License-Identifier: MIT */
#include "library.h"

#include "../log/log.h"
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
	long n = library - tls_libraries;
	return (uintptr_t)(slot < TLS_HOOKED_COUNT
			       ? tls_entries[n][slot]
			       : tls_given_up_entries[n][slot - TLS_HOOKED_COUNT]);
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
	const char *lacks; /* a function that it has not */
	char file[256];
};

struct walk {
	struct found found[TLS_LIBRARIES_MAX];
	int count;
	uint32_t there; /* a bit for each library that is still loaded */
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

static int find_known(struct dl_phdr_info *info, size_t size, void *context)
{
	struct walk *walk = context;
	struct tls_object object;
	struct tls_library *library = info->dlpi_addr ? library_at(info->dlpi_addr) : NULL;
	(void)size;
	if (library && tls_object_read(&object, info) && is_still(library, &object))
		walk->there |= 1u << (library - tls_libraries);
	return 0;
}

/* Nobody calls what is no longer there: its sessions went with it. */
static void forget_gone(const struct walk *walk)
{
	for (int i = 0; i < TLS_LIBRARIES_MAX; i++) {
		if (!(walk->there >> i & 1))
			tls_libraries[i] = (struct tls_library){.base = 0};
	}
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
	found->lacks = find_of_ssl(library, &object);
	copy_text(library->soname, sizeof(library->soname), object.soname);
	copy_text(found->file, sizeof(found->file), info->dlpi_name);
	for (size_t i = 0;; i++) {
		const char *needs = tls_object_needs(&object, i);
		if (!needs)
			break;
		if (text_after(needs, "libcrypto"))
			copy_text(found->crypto, sizeof(found->crypto), needs);
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
		const char *lacks = find_of_crypto(found->library, &object);
		/* Of two by the same name nobody can tell which one it is. */
		if (found->complete)
			lacks = "a libcrypto of its own";
		found->complete = true;
		if (lacks)
			found->lacks = lacks;
	}
	return 0;
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

static void leave_alone(const struct found *found, const char *why, const char *what)
{
	static uint32_t told; /* a program may open and close it for ever */
	found->library->refused = true;
	if (told < TLS_LIBRARIES_MAX)
		log_tls_left_alone(found->file, why, what);
	told++;
}

static void settle(struct walk *walk)
{
	for (int i = 0; i < walk->count; i++) {
		struct found *found = &walk->found[i];
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
	for (int i = 0; i < TLS_LIBRARIES_MAX; i++) {
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

static uintptr_t take_slot(void *context, const struct tls_object *object, const char *name,
			   uintptr_t value)
{
	(void)context;
	if (!text_after(name, "SSL_"))
		return value;
	for (int i = 0; i < SLOTS; i++) {
		if (!text_equal(name, slot_names[i]))
			continue;
		struct tls_library *library = library_of(object, i, value);
		return library ? entry_at(library, i) : value;
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
		dl_iterate_phdr(find_known, &walk);
		forget_gone(&walk);
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
