#!/bin/sh
# SPDX-License-Identifier: MIT
# soak.sh [REQUESTS [THREADS [PROCESSES]]]: that many GETs and POSTs, in all, against a server that
# fails every tenth request. What the program saw is held against what the server and redial logged.
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh
. tests/support/server.sh

requests=${1-200000} threads=${2-32} processes=${3-4}
root=$PWD
dir=$(mktemp -d) || exit 1
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	stop_server
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 2' INT TERM

# A connection's first request is let through: what breaks there is not for redial to mend.
serve() {
	rm -f "$dir/server.log" "$dir/redial.log"
	start_server --log "$dir/server.log" --fault reset@2+,every:30 \
		--fault close@2+,every:20 --fault reset-unread@2+,every:10
}

# soak PRELOAD REQUESTS THREADS PROCESSES: its progress is shown, its counts are left in $counts.
soak() {
	serve
	LD_PRELOAD=$1 REDIAL_LOG=file:$dir/redial.log timeout 600 \
		"$root/build/tests/soak" "$port" "$2" "$3" "$4" | tee "$dir/out"
	stop_server
	counts=$(tail -n 1 "$dir/out")
}

count() { printf '%s\n' "$counts" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# seen METHOD AWK-CONDITION: how many paths of that method were seen n times.
seen() {
	awk -v method="method=$1" '$1 == "request" && $4 == method { n[$5]++ }
		END { for (path in n) { n_ = n[path]; if (n_ '"$2"') total++ } print total + 0 }' \
		"$dir/server.log"
}

cut_off() { grep -c "^request .*method=$1 .* fault=[^-]" "$dir/server.log"; }

soak "" "$((threads * processes * 20))" "$threads" "$processes"
at_least "bare: GETs that failed" 1 "$(count get_failed)"

soak "$root/build/libredial.so" "$requests" "$threads" "$processes"
done=$(count requests)
at_least "requests" "$requests" "$done"
equal "wrong answers" 0 "$(count wrong)"
equal "GETs that failed" 0 "$(count get_failed)"
equal "GETs that the server cut off, less those that redial's log calls recovered" 0 \
	"$(($(cut_off GET) - $(grep -c 'result=recovered .*method=GET' "$dir/redial.log")))"
at_least "GETs that the server cut off" "$((done / 20))" "$(cut_off GET)"
equal "GETs seen more than twice" 0 "$(seen GET '> 2')"
equal "POSTs seen more than once" 0 "$(seen POST '> 1')"
equal "POSTs that failed, less those that the server cut off" 0 \
	"$(($(count post_lost) - $(cut_off POST)))"
equal "requests that the server never saw" 0 "$((done - $(seen GET '> 0') - $(seen POST '> 0')))"
equal "descriptors left over" 0 "$(count fds_grown)"
at_most "KiB that a process grew by after its first quarter" 512 "$(count rss_grown)"
check_end
