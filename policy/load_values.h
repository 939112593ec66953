/* SPDX-License-Identifier: MIT */
/* The values that a policy file's keys can have, read out of libconfig's tree. For load_keys.c. */
#ifndef REDIAL_LOAD_VALUES_H
#define REDIAL_LOAD_VALUES_H

#include <libconfig.h>
#include <stddef.h>

#include "load.h"
#include "load_words.h"

/* Where the reading stands: the policy, or one rule, is being filled at base. */
struct load_reading {
	struct load_error *error;
	struct policy *policy; /* whose table of header names is filled on the way */
	void *base;
	uint32_t set; /* mask of enum policy_key: what was named so far */
};

/* One key of the file: where its value goes and what it may be. A table ends with a NULL name. */
struct load_key {
	const char *name;
	int (*read)(struct load_reading *reading, const config_setting_t *setting,
		    const struct load_key *key);
	size_t offset;		       /* of its member in what is being filled */
	uint32_t min, max;	       /* of a number */
	uint32_t bit;		       /* enum policy_key */
	const struct load_word *words; /* that it may be, ending with a NULL name */
	const char *want;	       /* the same in words, for the error */
	const struct load_key *keys;   /* those inside, if it is a group */
};

/* Each sets the member that key describes. Returns 0, or -1 with the reading's error filled. */
typedef int load_value(struct load_reading *reading, const config_setting_t *setting,
		       const struct load_key *key);

load_value load_bool;
load_value load_number;
load_value load_milli; /* a number with a fraction, kept in thousandths, as are min and max */
load_value load_one_word;
load_value load_words; /* a mask of the values of a list of words */
load_value load_methods; /* into a rule POST and PATCH too, which load_rule_methods then checks */
load_value load_statuses;
load_value load_headers; /* a mask of places in policy.names */
load_value load_auth_names; /* a mask of places in policy.auth_names */
load_value load_header;	 /* 1 + such a place; 0 for "" */
load_value load_after_headers; /* a mask of places in policy.after */
load_value load_veto_headers;  /* a mask of places in policy.vetoes */
load_value load_host;
load_value load_path;
load_value load_redact_paths; /* into the policy, whose log they are of */
load_value load_sink;
load_value load_dir;
load_value load_id_headers;

/*
 * Fills the error with the setting's line and full name, then the text. Returns -1. load_want says
 * what would be right, and what is there: "NAME must be WANT, not VALUE".
 */
int load_fail(struct load_reading *reading, const config_setting_t *setting, const char *format,
	      ...) __attribute__((format(printf, 3, 4)));
int load_want(struct load_reading *reading, const config_setting_t *setting, const char *want);

/* Copies a text without control characters, zero-padded, into size bytes. 0, or -1 as above. */
int load_text(struct load_reading *reading, const config_setting_t *setting, char *out, size_t size,
	      const char *want);

/*
 * Once all of a rule is read: refuses a POST or PATCH in its methods if its path stands for every
 * path. Returns 0, or -1 as above.
 */
int load_rule_methods(struct load_reading *reading, const config_setting_t *setting,
		      const struct policy_rule *rule);

/* Is it [ ... ] or ( ... )? */
bool load_is_list(const config_setting_t *setting);

/* "retry.backoff.base_ms", "rules[0].host"; cut off if buf is short. Returns buf. */
const char *load_name(const config_setting_t *setting, char *buf, size_t size);

#endif
