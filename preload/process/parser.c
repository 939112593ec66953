/* SPDX-License-Identifier: MIT */
#include "parser.h"

#include <dlfcn.h>
#include <stddef.h>

/* What is called of libconfig here, and what that (1.5 to 1.8) calls of itself by name. */
static const char libconfig[] =
    "config_init\0config_clear\0config_destroy\0config_read\0config_read_string\0config_lookup\0"
    "config_get_auto_convert\0config_get_option\0config_set_options\0config_setting_add\0"
    "config_setting_get_bool\0config_setting_get_elem\0config_setting_get_float\0"
    "config_setting_get_format\0config_setting_get_int\0config_setting_get_int64\0"
    "config_setting_get_member\0config_setting_get_string\0config_setting_index\0"
    "config_setting_length\0config_setting_lookup\0config_setting_set_bool\0"
    "config_setting_set_bool_elem\0config_setting_set_float\0config_setting_set_float_elem\0"
    "config_setting_set_format\0config_setting_set_int\0config_setting_set_int64\0"
    "config_setting_set_int64_elem\0config_setting_set_int_elem\0config_setting_set_string\0"
    "config_setting_set_string_elem\0libconfig_yyalloc\0libconfig_yyerror\0libconfig_yyfree\0"
    "libconfig_yylex\0libconfig_yylex_destroy\0libconfig_yylex_init_extra\0"
    "libconfig_yyparse\0libconfig_yyrealloc\0libconfig_yy_create_buffer\0"
    "libconfig_yy_delete_buffer\0libconfig_yy_scan_buffer\0libconfig_yy_scan_bytes\0"
    "libconfig_yy_scan_string\0scanctx_cleanup\0scanctx_current_filename\0scanctx_init\0"
    "scanctx_pop_include\0scanctx_push_include\0scanctx_take_string\0strbuf_append\0"
    "strbuf_append_char\0strbuf_append_string\0strbuf_ensure_capacity\0strbuf_release\0"
    "strvec_append\0strvec_delete\0strvec_release\0";

/* What the C library gives (strdup) by the one is given back by the other. */
static const char memory[] = "malloc\0calloc\0realloc\0free\0";

/* Is one of the names bound to something else than what the library brings with it? */
static bool is_taken(const struct parser_calls *calls, void *library, const char *names)
{
	while (*names) {
		const void *found = calls->find(RTLD_DEFAULT, names);
		const void *own = found ? calls->find(library, names) : NULL;
		if (own && found != own)
			return true;
		while (*names++)
			;
	}
	return false;
}

/*
 * Whoever finds its own names first (RTLD_DEEPBIND) passes by a malloc that the program has in
 * place of the C library's, and gives that what is not of it.
 */
void *parser_open(const struct parser_calls *calls, const char *path, bool *taken)
{
	void *library = calls->open(path, RTLD_NOW | RTLD_LOCAL);
	*taken = library && is_taken(calls, library, libconfig);
	if (*taken) {
		bool passes_by = is_taken(calls, library, memory);
		calls->close(library);
		library =
		    passes_by ? NULL : calls->open(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
		*taken = passes_by;
	}
	if (calls->error)
		calls->error(); /* names that are not there are no news to the program */
	return library;
}
