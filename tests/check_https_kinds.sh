#!/bin/sh
# SPDX-License-Identifier: MIT
# Further ways of programs with OpenSSL, which test by test use what check_https.sh's do not: they are
# saved where they fail bare, no POST is sent twice, and no other server gets a request.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh
# shellcheck source=tests/support/kinds.sh
. tests/support/kinds.sh

sh tests/tls/kinds.sh list >"$dir/kinds"
while read -r kind without with; do
	kind_is "$kind" 1.3 "$without" "$with" </dev/null
	kind_is "$kind" 1.2 - "$with" </dev/null
done <"$dir/kinds"

for kind in c:chunked c:large c:implicit c:chain; do
	no_post_twice $kind 1.3 ++++++
done
for kind in c:select c:implicit c:chain py:requests; do
	grep -q "^$kind " "$dir/kinds" || continue
	no_stranger $kind 1.3
	no_stranger $kind 1.2
done

check_end
