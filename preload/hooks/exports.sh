#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: exports.sh map|names SYMBOLS.DEF
# From the list of hooked calls: the linker's version script, or the sorted names.
set -eu
names() {
	sed -n 's/^X[A-Z_]*([^,]*, \([A-Za-z0-9_]*\),.*/\1/p' "$1" | LC_ALL=C sort
}
case $1 in
map)
	echo '{ global:'
	names "$2" | sed 's/$/;/'
	echo 'local: *; };'
	;;
names) names "$2" ;;
esac
