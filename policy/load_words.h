/* SPDX-License-Identifier: MIT */
/* The words that a policy file knows and their values; each list ends with a NULL name. */
#ifndef REDIAL_LOAD_WORDS_H
#define REDIAL_LOAD_WORDS_H

#include <stdint.h>

struct load_word {
	const char *name;
	uint32_t value;
};

extern const struct load_word load_on_words[];	     /* enum policy_on */
extern const struct load_word load_tls_words[];	     /* enum policy_tls */
extern const struct load_word load_jitter_words[];   /* enum policy_jitter */
extern const struct load_word load_unit_words[];     /* enum policy_unit */
extern const struct load_word load_format_words[];   /* enum policy_format */
extern const struct load_word load_facility_words[]; /* LOG_USER and so on of <sys/syslog.h> */

#endif
