/* SPDX-License-Identifier: MIT */
/*
 * The library's own BIO over a session (BIO_f_ssl) calls the library past every slot, but is itself
 * called by the words of its method: those of reading and writing lead here.
 */
#include "exchange.h"
#include "look.h"

void openssl_take_filter(const struct tls_object *object)
{
	enum { WORDS = 12 }; /* of a BIO_METHOD, in all versions */
	struct tls_library *library = openssl_at(object->base);
	if (!library || library->refused || library->filter_read)
		return;
	uintptr_t *word = library->BIO_f_ssl();
	int n = (int)(library - tls_libraries);
	if (!tls_object_has(object, (uintptr_t)(word + WORDS) - 1))
		return;
	library->filter_read = library->BIO_meth_get_read_ex(word);
	library->filter_write = library->BIO_meth_get_write_ex(word);
	for (int i = 0; i < WORDS && library->filter_read && library->filter_write; i++) {
		if (word[i] == (uintptr_t)library->filter_read)
			tls_object_put(object, &word[i], (uintptr_t)tls_filter_entry(n, true));
		else if (word[i] == (uintptr_t)library->filter_write)
			tls_object_put(object, &word[i], (uintptr_t)tls_filter_entry(n, false));
	}
}
