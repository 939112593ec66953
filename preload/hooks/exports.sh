#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: exports.sh map|names SYMBOLS.DEF
# From the list of hooked calls: the linker's version script, or the sorted names. A call without a
# word, or with one that words.def beside the list has not got, is an error.
set -eu
words=$(sed -n 's/^W(\([a-z_]*\)).*/\1/p' "$(dirname "$2")/words.def")
wrong=$(awk -v list="$words" '
	BEGIN { split(list, each, "\n"); for (i in each) known[each[i]] = 1 }
	/^X[A-Z_]*\(/ {
		word = $NF
		if (sub(/\)$/, "", word) != 1 || !(word in known))
			print FILENAME ":" FNR ": no word of words.def: " $0
	}' "$2")
[ -z "$wrong" ] || { echo "$wrong" >&2; exit 1; }
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
