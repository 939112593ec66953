#!/bin/sh
# SPDX-License-Identifier: MIT
# redial off while a program waits for its next attempt: for what a Retry-After asks, or a backoff.
# It gets at once what it would have got bare, and nothing is sent any more.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED REDIAL_STATE

dir=$(mktemp -d) || exit 1
running=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$running" ] || kill "$running" 2>/dev/null
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

now_ms() { awk '{ printf "%.0f", $1 * 1000 }' /proc/uptime; }

# Sets whole_ms to what the command takes from its start to its end where it waits for nothing.
measure() {
	since=$(now_ms)
	"$@" >"$dir/said" 2>&1
	whole_ms=$(($(now_ms) - since))
}

# cut STATEMENT SAYS COMMAND...: the command is switched off in the midst of a wait of 30 s, and then
# says at once the last line that is wanted. A machine that has no time for its end had none for the
# whole of it bare.
cut() {
	statement=$1 says=$2
	shift 2
	measure "$@"
	: >"$dir/seen"
	: >"$dir/log"
	scripts/redial --policy "$dir/policy.cfg" --log "file:$dir/log" "$@" >"$dir/said" 2>&1 &
	running=$!
	tries=0
	until grep -q 'event=attempt.* delay_ms=[0-9]\{5\}' "$dir/log"; do
		[ $((tries += 1)) -gt 400 ] && break
		sleep 0.05
	done
	scripts/redial off "$running" >/dev/null
	since=$(now_ms)
	wait "$running"
	running=
	at_most "$statement: ms until it is over, its own end included, bare it takes $whole_ms" \
		$((2000 + whole_ms)) $(($(now_ms) - since))
	equal "$statement: it gets" "$says" "$(tail -n 1 "$dir/said")"
	equal "$statement: it is told" 1 \
		"$(grep -c 'event=outcome result=exhausted.* reason=disabled' "$dir/log")"
}

seen() { equal "$1: seen by the server" "$2" "$(grep -c '^request' "$dir/seen")"; }

echo 'retry = { statuses = [503]; retry_after_max_ms = 60000; total_timeout_ms = 120000; };' \
	>"$dir/policy.cfg"
for client in python3 curl node aiohttp; do
	start_server --log "$dir/seen" --fault busy=30@every:1
	at=http://127.0.0.1:$port/asked
	case $client in
	python3) set -- python3 -B tests/switch/once.py "$at" ;;
	aiohttp) set -- /usr/bin/python3 -B tests/switch/once.py "$at" aiohttp ;;
	curl) set -- curl -s -o /dev/null -w '%{http_code}\n' "$at" ;;
	node) set -- node tests/switch/once.js "$at" ;;
	esac
	: >"$dir/seen"
	cut "Retry-After, $client" 503 "$@"
	seen "Retry-After, $client" 1
done

# A blocking program, and one with an event loop, whose second attempt has failed as well.
echo 'retry = { on = ["first-use", "reset", "connect"]; total_timeout_ms = 120000;
	backoff = { base_ms = 30000; max_ms = 30000; jitter = "none"; }; };' >"$dir/policy.cfg"
start_server --log "$dir/seen" --fault reset@every:1
at=http://127.0.0.1:$port/asked
: >"$dir/seen"
cut "backoff, blocking" ECONNRESET python3 -B tests/switch/once.py "$at"
seen "backoff, blocking" 2
: >"$dir/seen"
cut "backoff, event loop" ECONNRESET node tests/switch/once.js "$at"
seen "backoff, event loop" 2
stop_server
cut "a refused connect, blocking" ECONNREFUSED python3 -B tests/switch/once.py "$at"
cut "a refused connect, event loop" ECONNREFUSED node tests/switch/once.js "$at"

check_end
