#!/bin/sh
# SPDX-License-Identifier: MIT
# redial off, on and reload as their user meets them: what a running program gets after each, what
# redial stat says of it, and what changes nothing.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. tests/support/server.sh
. tests/support/launch.sh
export LC_ALL=C
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_LIBDIR REDIAL_SHARED

dir=$(mktemp -d) || exit 1
# Launches of others are none of ours.
export XDG_RUNTIME_DIR="$dir"
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$launched" ] || kill "$launched" 2>/dev/null
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

asks() {
	launch scripts/redial --policy "$dir/policy.cfg" --log none \
		python3 -B tests/switch/asks.py "$port" GET
}

# asked N: how many of so many requests were lost.
asked() {
	echo "$1" >&3
	read -r answer <&4
	echo "$answer" >"$dir/answers"
	echo "$answer" | tr ' ' '\n' | grep -c lost
}

policy() {
	echo "retry = { $1 };" >"$dir/policy.cfg"
}

# turned STATUS WORD...: what it says in $dir/told.
turned() {
	wanted=$1
	shift
	scripts/redial "$@" >"$dir/told" 2>&1
	equal "exit status of redial $1" "$wanted" $?
}

start_server --fault reset@every:5
policy 'on = ["stale", "reset", "eof"];'
asks
equal "requests lost of 20, as it was started" 0 "$(asked 20)"
turned 0 off "$launched"
at_least "requests lost of 20, off" 3 "$(asked 20)"
equal "redial stat tells that it is off" 1 \
	"$(scripts/redial stat --processes "$launched" | grep -c " python3  *off ")"
turned 0 on "$launched"
equal "requests lost of 20, on again" 0 "$(asked 20)"
policy 'on = ["stale"];'
turned 0 reload "$launched"
at_least "requests lost of 20, by a policy without reset" 3 "$(asked 20)"
policy 'on = ["stale", "reset", "eof"];'
turned 0 reload "$launched"
equal "requests lost of 20, by the first one again" 0 "$(asked 20)"
printf 'retry = {\n  on = ["sale"]; };\n' >"$dir/policy.cfg"
turned 78 reload "$launched"
equal "it says where a bad policy is wrong" 1 "$(grep -c 'policy.cfg:2: retry.on' "$dir/told")"
equal "requests lost of 20, after a bad policy" 0 "$(asked 20)"
turned 2 off 1 2
turned 1 off $$
end_launch
turned 1 off 999999999

# A status that a policy adds, on a connection that was there before.
start_server --fault 'status=503@every:4'
policy 'on = ["stale"];'
asks
asked 8 >/dev/null
equal "503s of 8 without the policy that retries them" 2 "$(grep -o 503 "$dir/answers" | wc -l)"
policy 'statuses = [503]; backoff = { base_ms = 1; max_ms = 2; };'
turned 0 reload
asked 8 >/dev/null
equal "503s of 8 on the same connection with it" 0 "$(grep -o 503 "$dir/answers" | wc -l)"
end_launch

# Fifty programs, off, on and by two policies in turn: each request that the server has seen was
# answered, or reset and then sent again or lost by leave of the switch.
start_server --log "$dir/server.log" --fault reset@every:40
rules='on = ["stale", "reset", "eof", "first-use"];'
rest='budget = { enabled = false; }; breaker = { enabled = false; };'
echo "retry = { $rules }; $rest" >"$dir/a.cfg"
echo "retry = { $rules statuses = [503]; attempt_header = \"X-Try\"; }; $rest" >"$dir/b.cfg"
start=$(awk '{ printf "%.0f", $1 * 1000 + 800 }' /proc/uptime)
# shellcheck disable=SC2016 # for the inner shell
scripts/redial --policy "$dir/a.cfg" --log "file:$dir/log" sh -c 'i=0
	while [ $i -lt 50 ]; do
		build/tests/outage "$1" "$2" 100 4000 &
		i=$((i + 1))
	done
	wait' sh "$port" "$start" >"$dir/asked" 2>/dev/null &
launched=$!
sleep 1
turns=0
while kill -0 $launched 2>/dev/null; do
	for turn in off on "reload --policy $dir/b.cfg" "reload --policy $dir/a.cfg"; do
		# shellcheck disable=SC2086 # words on purpose
		scripts/redial $turn $launched >/dev/null 2>&1 && turns=$((turns + 1))
		sleep 0.1
	done
done
wait $launched
launched=
answered=$(grep -c ' 200' "$dir/asked")
at_least "turns in a storm" 12 "$turns"
# Forty each, on a machine where none of them comes behind.
made=$(wc -l <"$dir/asked")
at_least "its programs have asked" 1000 "$made"
equal "not answered, as often as the switch had them left alone" \
	"$(grep -c 'reason=disabled' "$dir/log")" $((made - answered))
equal "seen by the server: what was answered, and what it reset" \
	$((answered + $(grep -c reset "$dir/server.log"))) "$(grep -c '^request' "$dir/server.log")"
check_end
