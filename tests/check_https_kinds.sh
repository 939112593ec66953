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
for kind in c:select c:implicit c:chain c:accepts py:requests; do
	grep -q "^$kind " "$dir/kinds" || continue
	no_stranger $kind 1.3
	no_stranger $kind 1.2
done

# Where nobody listens any more the socket never leaves its number: a program that waits for an edge
# of it is to hear of its end all the same.
sed -i 's/^retry = {/& max_attempts = 2;/' "$dir/kinds.cfg"
for version in 1.3 1.2; do
	for fault in second:reset second:close; do
		order $fault 1 $version gone
		bare c:edge >"$dir/bare"
		order $fault 1 $version gone
		redial c:edge >"$dir/redial"
		equal "c:edge, TLS $version, $fault, then nobody: what it prints" \
			"$(cat "$dir/bare")" "$(cat "$dir/redial")"
		at_least "of which is told" 1 "$(grep -c result=exhausted "$dir/log")"
	done
done

check_end
