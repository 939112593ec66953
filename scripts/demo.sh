#!/bin/sh
# SPDX-License-Identifier: MIT
# Three programs that nobody changed lose the connection they were about to reuse: bare, and under
# redial. `make demo` builds what is needed and runs this.
cd "$(dirname "$0")/.." || exit 1
unset LD_PRELOAD REDIAL_POLICY REDIAL_LOG REDIAL_DISABLE REDIAL_LIBDIR

tmp=$(mktemp -d) || exit 1
server=
stop_server() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
	server=
}
trap 'stop_server; rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

bold='' red='' green='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') red=$(printf '\033[31m') green=$(printf '\033[32m')
	dim=$(printf '\033[2m') plain=$(printf '\033[0m')
fi

# The packages that are installed for the demo are the system's; so is the Python that has them.
python=/usr/bin/python3
[ -x $python ] || python=python3

# Starts a faultd of its own for each program: sets $port; what it sees is in $tmp/seen.
start_server() {
	: >"$tmp/seen"
	: >"$tmp/listening"
	build/faultd --parent --log "$tmp/seen" --fault "$1" >"$tmp/listening" &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		port=$(awk '/^listening/ { print $3 }' "$tmp/listening")
		[ -z "$port" ] || return 0
		sleep 0.1
	done
	echo "demo: build/faultd does not start" >&2
	exit 1
}

# run NAME FAULT LAUNCHER PROGRAM [ARG]...: the server's URL is put at the end. Leaves what came in
# $tmp/NAME and the program's status in $status.
run() {
	name=$1 launcher=$3
	start_server "$2"
	shift 3
	# shellcheck disable=SC2086 # the launcher and its options, or nothing
	timeout 20 $launcher "$@" "http://127.0.0.1:$port" >"$tmp/$name" 2>&1
	status=$?
	stop_server
	for i in 1 2 3; do
		grep -c "^request .* path=/$i " "$tmp/seen"
	done | awk '{ printf "%s/%d %s", (NR > 1 ? ", " : "server saw "), NR,
		($1 == 1 ? "once" : $1 == 2 ? "twice" : $1 " times") }
		END { print "" }' >>"$tmp/$name"
}

# The two side by side, failures and successes in colour.
show() {
	paste -d '\t' "$tmp/bare" "$tmp/redial" | awk -F '\t' -v red="$red" -v green="$green" \
		-v dim="$dim" -v plain="$plain" '
		function colour(text) {
			return text ~ /ERR/ ? red : text ~ /^server/ ? dim : green
		}
		{ printf "  %s%-37.37s%s  %s%.37s%s\n", colour($1), $1, plain, colour($2), $2, plain }'
}

# The log's lines, without time and process, folded.
show_log() {
	sed 's/^[^ ]* redial[^ ]* //' "$tmp/log" | while IFS= read -r line; do
		echo "$line" | fold -s -w 74 | sed "1s/^/  ${dim}log /; 1!s/^/      ${dim}/; s/ *\$/${plain}/"
	done
}

broken=0
redial="scripts/redial --log file:$tmp/log --"

# compare FAULT WANTED TITLE PROGRAM [ARG]...: WANTED is rescued, or told: the error is the program's
# to see, and the request is not sent twice.
compare() {
	fault=$1 wanted=$2 title=$3
	shift 3
	: >"$tmp/log"
	run bare "$fault" "" "$@"
	bare=$status
	run redial "$fault" "$redial" "$@"
	printf '\n%s%s%s\n' "$bold" "$title" "$plain"
	printf '  %-37s  %s\n' "bare" "under redial"
	show
	show_log
	case $wanted in
	rescued) [ $bare -ne 0 ] && [ "$status" -eq 0 ] && return ;;
	told) [ $bare -ne 0 ] && [ "$status" -ne 0 ] && grep -q '/2 once' "$tmp/redial" && return ;;
	esac
	broken=$((broken + 1))
	printf '  %snot as it should be: status %d bare, %d under redial%s\n' \
		"$red" "$bare" "$status" "$plain"
}

echo "Each program sends three requests over one kept-alive connection. As it reuses"
echo "the connection for the second one, the server ends it."

compare reset@once:2 rescued "Python requests: the server resets the connection" \
	$python scripts/demo/requests_session.py
compare close@once:2 rescued "Node http.Agent: the server closes the connection" \
	node scripts/demo/http_agent.js
compare reset-unread@once:2 rescued "Perl LWP: the server does not even read the request" \
	perl scripts/demo/lwp.pl
compare reset@once:2 told "Python requests, POST: sent once is never sent twice, so the error stays" \
	$python scripts/demo/requests_session.py POST

if [ $broken -ne 0 ]; then
	printf '\n%d of 4 comparisons did not come out as they should\n' $broken
	exit 1
fi
printf '\nUnder redial every GET was answered, and no POST was sent twice. Yours:\n'
echo "  scripts/redial PROGRAM"
