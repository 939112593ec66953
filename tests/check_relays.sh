#!/bin/sh
# SPDX-License-Identifier: MIT
# Relays that others' traffic goes through, with several connections in one event loop or on many
# threads: while their server resets connections, nobody who asks them notices.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. tests/support/relays.sh
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED

requests=4000
dir=$(mktemp -d) || exit 1
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	stop_relay
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM
export REDIAL_LOG="file:$dir/redial.log"

asked() { grep -c 'path=/bytes/200' "$dir/server.log"; }
reset() { grep -c 'path=/bytes/200.*fault=reset' "$dir/server.log"; }
outcomes() { grep -c "event=outcome.*result=$1" "$dir/redial.log"; }

for kind in stunnel apache squid; do
	resets_of_relay $kind "" $requests >"$dir/result"
	read -r failed _ <"$dir/result"
	at_least "$kind bare, 2 % of its requests reset: failures" 20 "$failed"

	: >"$dir/redial.log"
	chmod 666 "$dir/redial.log"
	resets_of_relay $kind "$PWD/build/libredial.so" $requests >"$dir/result"
	read -r failed _ <"$dir/result"
	equal "$kind under redial, the same: failures" 0 "$failed"
	at_least "$kind under redial: saved" 40 "$(outcomes recovered)"
	equal "$kind under redial: rescues that nobody waited for" 0 "$(outcomes abandoned)"
	equal "$kind under redial: requests at the server beyond the resets" $requests \
		"$(($(asked) - $(reset)))"
done

check_end
