#!/bin/sh
# SPDX-License-Identifier: MIT
# Many further programs with OpenSSL over https: what becomes of each is what tests/tls/kinds.sh says,
# no POST is sent twice, and no other server than the first gets a request. What cannot be had is told.
# Usage: https.sh [KIND...], from the top of the tree, which is built.
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
# shellcheck source=tests/support/kinds.sh
. tests/support/kinds.sh
# shellcheck source=tests/support/older.sh
. tests/support/older.sh

fetch_newer build/tests/newer libc6 libssl3t64 libpython3.13-minimal libpython3.13-stdlib \
	python3.13-minimal zlib1g libzstd1 libexpat1 libffi8 liblzma5 libbz2-1.0 >"$dir/said" 2>&1 ||
	echo "     OpenSSL 3.5 and Python 3.13 cannot be had: they are not looked at"
sh tests/tls/kinds/build.sh build/tests/tls/kinds

sh tests/tls/kinds.sh list all >"$dir/kinds"
while read -r kind without with; do
	[ $# = 0 ] || printf '%s\n' "$@" | grep -qxF "$kind" || continue
	for version in 1.3 1.2; do
		kind_is "$kind" $version "$without" "$with" </dev/null
		no_post_twice "$kind" $version "$with" </dev/null
		no_stranger "$kind" $version </dev/null
	done
done <"$dir/kinds"

check_end
