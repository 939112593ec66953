# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # tls.sh and check.sh set the rest
# For checks of what becomes of programs' https connections, to be sourced behind check.sh and
# tls.sh: the clients are those of tests/tls/three.sh, and tls_library is what the policy follows.

make_policy "tls = [\"$tls_library\"];"
sed "s/\"$tls_library\"//" "$dir/redial.cfg" >"$dir/off.cfg"

# What it prints, in one line.
with() {
	client=$1 method=$2
	shift 2
	timeout 60 env "$@" sh tests/tls/three.sh "$client" "$dir" "$tls_port" "$method" \
		2>"$dir/err" | tr '\n' ' '
}
bare() { with "$1" "${2:-GET}" REDIAL_DISABLE=1; }
redial() { with "$1" "${2:-GET}" REDIAL_POLICY="$dir/redial.cfg" REDIAL_PRELOAD="$lib"; }

# same STATEMENT WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, ${2:-nothing} wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

# logged FRAGMENT...: how many lines have them, in this order.
logged() { grep -c "$1" "$dir/log"; }

# saved CLIENT FAULT VERSION LATER
saved() {
	order "$2" 1 "$3" "$4"
	got=$(redial "$1")
	seen
	twice=1:GET/1,1:GET/2,2:GET/2,2:GET/3
	[ "${2%%:*}" = second ] || twice=1:GET/1,2:GET/2,2:GET/3
	same "$1, TLS $3, $2, then $4" "hello hello hello , 2 connections, $twice, 0 resumed" \
		"$got, $connections connections, $requests, $resumed resumed"
}

# posted_once CLIENT FAULT: a POST is sent again only if none of its bytes was.
posted_once() {
	order "$2" 1 1.3 same
	got=$(redial "$1" POST)
	seen
	posts=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c POST)
	if [ "${2%%:*}" = idle ]; then
		same "$1, a POST, $2" "hello hello hello , 1 POSTs" "$got, $posts POSTs"
	else
		order "$2" 1 1.3 same
		same "$1, a POST, $2, is as bare" "$(bare "$1" POST), 1 POSTs" "$got, $posts POSTs"
	fi
}

# A client that dials anew by itself gets what it gets bare.
# refused CLIENT FAULT VERSION LATER REASON
refused() {
	order "$2" 1 "$3" "$4"
	wanted=$(bare "$1")
	seen
	wanted="$wanted, $5 told, $((connections + 1)) connections, 0 requests and 0 records behind the ClientHello"
	order "$2" 1 "$3" "$4"
	got=$(redial "$1")
	seen
	lines=$(logged "result=exhausted.*reason=$5")
	behind=$(printf '%s\n' "$requests" | tr ',' '\n' | grep -c ^2:)
	same "$1, TLS $3, $2, then $4" "$wanted" \
		"$got, $([ "$lines" = 1 ] && echo "$5") told, $connections connections, $behind requests and $extra records behind the ClientHello"
}

# untouched CLIENT FAULT: as bare, and not a word of it.
untouched() {
	order "$2" 1 1.3 same
	wanted=$(bare "$1")
	seen
	wanted="$wanted, $connections connections, $requests"
	order "$2" 1 1.3 same
	got=$(redial "$1")
	seen
	same "$1, $2, is as bare" "$wanted" "$got, $connections connections, $requests"
	none "$1, $2: nothing is told of it" "$(cat "$dir/log")"
}
