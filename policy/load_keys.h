/* SPDX-License-Identifier: MIT */
/* From a parsed policy file, libconfig's tree, to struct policy. For load.c alone. */
#ifndef REDIAL_LOAD_KEYS_H
#define REDIAL_LOAD_KEYS_H

#include <libconfig.h>

#include "load.h"

/*
 * Sets in *policy what the tree under root names. Returns 0, or -1 with *error filled about the
 * first key that is unknown or has a value of the wrong kind or out of range.
 */
int load_keys(const config_setting_t *root, struct policy *policy, struct load_error *error);

#endif
