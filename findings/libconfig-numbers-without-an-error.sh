#!/bin/sh
# SPDX-License-Identifier: MIT
# libconfig 1.5 (Debian 12), and its two readers in Python, given whole numbers.
# Guess: 2147483648 without an L does not fit and is refused, or read as one of 64 bits;
#   config_lookup_int() of a number of 64 bits that does not fit says that it found no int. The
#   Python readers know what the manual has: L for 64 bits, \x41 in a string.
# Instead: libconfig reads 2147483648 as -2147483648, and config_lookup_int() of 4294967296L says
#   found and gives 0, both without an error. pylibconfig2 refuses every L and makes x41 of \x41;
#   libconf reads all, but refuses 007, which is 7 to libconfig.
# Matters: a limit in bytes of 2 GiB becomes less than none, of 4 GiB nothing, and no error is seen.
# Versions: libconfig 1.5, libconf 2.0.1, pylibconfig2 0.2.5 on Python 3.11.7.
# Seen 2026-11-28: as the statements below.
. "$(dirname "$0")/support/find.sh"

get_deb libconfig9=1.5-0.4 libconfig-dev=1.5-0.4
get_pip libconf==2.0.1 pylibconfig2==0.2.5 pyparsing==3.2.0
cat >"$tmp/find.c" <<'C'
#include <libconfig.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	config_t config;
	int value = 99;
	config_init(&config);
	if (argc < 2 || !config_read_string(&config, argv[1])) {
		puts(config_error_text(&config));
		return 0;
	}
	int found = config_lookup_int(&config, "a", &value);
	printf("found %d value %d\n", found, value);
}
C
need cc -I "$tmp/deb/usr/include" -o "$tmp/find" "$tmp/find.c" -L "$libs" -lconfig
export LD_LIBRARY_PATH="$libs"
expect "libconfig, 2147483648" "found 1 value -2147483648" "$(run ./find 'a = 2147483648;')"
expect "libconfig, 2147483648L" "found 1 value 0" "$(run ./find 'a = 2147483648L;')"
expect "libconfig, 4294967296L" "found 1 value 0" "$(run ./find 'a = 4294967296L;')"
expect "libconfig, 007" "found 1 value 7" "$(run ./find 'a = 007;')"
unset LD_LIBRARY_PATH
cat >"$tmp/find.py" <<'PY'
import sys

import libconf
import pylibconfig2

name, text = sys.argv[1:]
try:
    print(libconf.loads(text)["a"] if name == "libconf" else pylibconfig2.Config(text).a)
except Exception:
    print("refused")
PY
reads_as() {
	run "$python" find.py "$@"
}

expect "libconf, 2147483648" 2147483648 "$(reads_as libconf 'a = 2147483648;')"
expect "libconf, 10L" 10 "$(reads_as libconf 'a = 10L;')"
expect "libconf, 007" refused "$(reads_as libconf 'a = 007;')"
expect "pylibconfig2, 10L" refused "$(reads_as pylibconfig2 'a = 10L;')"
expect "pylibconfig2, \\x41" x41 "$(reads_as pylibconfig2 'a = "\x41";')"
find_end
