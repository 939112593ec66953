#!/bin/sh
# SPDX-License-Identifier: MIT
# TLS sessions that several threads or processes have, and those of which the program does something
# while a rescue is under way: where they can be saved they are, else all is as bare, and nothing of
# the request has been said on a connection that the program has given up.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
# shellcheck source=tests/support/tls.sh
. tests/support/tls.sh

make_policy
shared=build/tests/tls/shared

bare() {
	REDIAL_DISABLE=1 timeout 60 "$shared" "$1" "$dir" "$tls_port" 2>"$dir/err" | tr '\n' ' '
}
redial() {
	REDIAL_POLICY=$dir/redial.cfg LD_PRELOAD=$lib timeout 60 "$shared" "$1" "$dir" "$tls_port" \
		2>"$dir/err" | tr '\n' ' '
}

# conversation RUN WAY FAULT VERSION LATER: what is printed, and what the server has seen.
conversation() {
	order "$3" 1 "$4" "$5"
	got=$("$1" "$2")
	seen
	got="$got, $connections connections, $requests"
}

# same STATEMENT WANT GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, ${2:-nothing} wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

saved="hello hello hello , 2 connections, 1:GET/1,1:GET/2,2:GET/2,2:GET/3"
for version in 1.2 1.3; do
	for fault in second:reset second:close second:notify; do
		for way in two-threads moved fork-parent; do
			conversation redial $way $fault $version same
			same "$way, TLS $version, $fault" "$saved" "$got"
		done
		conversation bare fork-child $fault $version same
		wanted=$got
		conversation redial fork-child $fault $version same
		same "fork-child, TLS $version, $fault, is as bare" "$wanted" "$got"
	done
	conversation redial two-threads second:reset $version slow
	same "two-threads, TLS $version, then slow" "$saved" "$got"

	# WAY: what the program prints, and what comes to the server behind the connection that died.
	for row in "asked:hello pending 0 0 wants 3 hello hello :,2:GET/2,2:GET/3" \
		"free:hello over :" "shutdown:hello shutdown 0 over :" "close:hello read 0 over :" \
		"clear:hello hello hello hello over :,3:GET/1,3:GET/2,3:GET/3" \
		"set-fd:hello hello hello hello over :,3:GET/1,3:GET/2,3:GET/3"; do
		way=${row%%:*} rest=${row#*:}
		for fault in second:reset second:close; do
			conversation redial "$way" $fault $version slow
			same "$way amid a rescue, TLS $version, $fault" \
				"${rest%%:*}, 1:GET/1,1:GET/2${rest#*:}" \
				"${got%%, *}, ${got##*, }"
			at_least "$way: the rescue was under way" 1 "$(grep -c event=attempt "$dir/log")"
		done
	done
done

check_end
