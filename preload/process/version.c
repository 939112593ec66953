/* SPDX-License-Identifier: MIT */
/*
 * Which redial a file is, for those that only read it: `redial doctor`, or
 * `readelf -p .redial.version`. In a section of its own, which strip leaves where it is.
 */
extern const char version_text[] __attribute__((visibility("hidden")));
__attribute__((used, section(".redial.version"))) const char version_text[] =
    "redial " REDIAL_VERSION;
