#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints every measure beside its target. What is counted is the same everywhere and asserted by
# `make check`; what is timed is a median of pairs, bare and redial by turns, and told only.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/measure.sh

missed=0

# row MEASURE TARGET MEASURED: the target is the most that may be; one that starts with >= the least.
row() {
	verdict=$(awk -v target="$2" -v got="${3%% *}" 'BEGIN {
		least = sub(/^>=/, "", target)
		if (got !~ /^-?[0-9.]+$/) print "NOT MEASURED"
		else if (least ? got >= target + 0 : got <= target + 0) print "ok"
		else print "missed"
	}')
	[ "$verdict" = ok ] || missed=$((missed + 1))
	printf '%-50s %7s %10s  %s\n' "$1" "$2" "${3:--}" "$verdict"
}

# note MEASURE MEASURED: what has no target.
note() { printf '  %-48s %7s %10s\n' "$1" "" "$2"; }

each() { awk -v n="$2" -v total="$1" 'BEGIN { if (total != "") print total / n }'; }

# pairs COMMAND ARGUMENT...: what it prints per second, bare and redial by turns: their medians, and
# the median ratio.
pairs() {
	for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
		first='' second=$lib
		[ $((turn % 2)) -eq 0 ] || first=$lib second=
		for with in "$first" "$second"; do
			rate=$(LD_PRELOAD=$with timeout 60 "$@") || return 1
			echo "${with:+redial} $rate"
		done | sort | awk '{ rate[NR] = $NF } END { print rate[1], rate[2], rate[2] / rate[1] }'
	done >"$tmp/pairs"
	for column in 1 2 3; do
		cut -d' ' -f$column "$tmp/pairs" | sort -n | sed -n 11p
	done | tr '\n' ' '
}

# start_variants: median microseconds and ratio of bare, redial, compiled and text policy.
start_variants() {
	build/redial-policy show >"$tmp/policy.cfg" && chmod 644 "$tmp/policy.cfg" &&
		build/redial-policy compile "$tmp/policy.cfg" -o "$tmp/policy.bin" &&
		timeout 60 $bench/spawn 1000 $bench/nothing - "LD_PRELOAD=$lib" \
			"LD_PRELOAD=$lib,REDIAL_POLICY=$tmp/policy.bin" \
			"LD_PRELOAD=$lib,REDIAL_POLICY=$tmp/policy.cfg"
}

# column LINE NUMBER FILE
column() { awk -v line="$1" -v column="$2" 'NR == line { print $column }' "$3"; }

printf '%-50s %7s %10s\n' "measure (r: redial/bare, median of pairs)" target measured
start_server
row "extra system calls, kept-alive GET" 0 "$(each "$(extra_calls_of_200_requests GET)" 200)"
row "extra system calls, POST on a used connection" 1 \
	"$(each "$(extra_calls_of_200_requests POST)" 200)"
row "extra system calls, a connection" 2 "$(each "$(extra_calls_of_20_connections)" 20)"
at_start=$(extra_calls_at_start)
note "extra system calls, start" "${at_start%% *}"
untracked_instructions >"$tmp/untracked"
for name in read write close epoll_ctl; do
	row "extra instructions, untracked $name" 10 \
		"$(awk -v name=$name '$1 == name { print $2 }' "$tmp/untracked")"
done
worst=$(grep -vE "^(poll|epoll_wait) " "$tmp/untracked" | sort -k2,2n | tail -n 1)
row "extra instructions, untracked, worst: ${worst% *}" 10 "${worst#* }"
for name in poll epoll_wait; do
	note "extra instructions, $name of one, nothing ready" \
		"$(awk -v name=$name '$1 == name { print $2 }' "$tmp/untracked")"
done
row "extra instructions, tracked GET, 200 bytes each way" 650 "$(exchange_instructions)"
note "the same, its request in six pieces" "$(pieces_instructions)"
row "extra instructions, the same, 40 fields and 2 KB" 2114 "$(fields_instructions)"
row "extra instructions, SSL_write and SSL_read" 900 "$(secured_instructions)"
note "the same, a session that is not followed" "$(secured_instructions pair)"
idle=$(idle_bytes)
row "bytes for an idle tracked connection" 256 "${idle% *}"
note "bytes of struct conn" "${idle#* }"

rates=$(pairs $bench/client "$port" GET 12000)
# shellcheck disable=SC2086 # three numbers
set -- $rates
row "r of keep-alive GETs/s, one connection" ">=0.99" "$(printf %.3f "${3:-}")"
note "GETs/s bare" "${1:-}"
note "GETs/s redial" "${2:-}"

start_variants >"$tmp/starts"
note "r of a start, no policy file" "$(column 2 2 "$tmp/starts")"
note "r of a start, compiled policy" "$(column 3 2 "$tmp/starts")"
note "r of a start, text policy" "$(column 4 2 "$tmp/starts")"
note "start bare, us" "$(column 1 1 "$tmp/starts")"
start_beside_an_empty_one 400 "$tmp/policy.bin" >"$tmp/starts"
row "r of a start to that with an empty preload" 1.01 "$(column 2 2 "$tmp/starts")"
row "r of the same, compiled policy" 1.02 "$(column 3 2 "$tmp/starts")"

start_server --fault 'idle-reset=0@path:?idle' --fault 'reset@2+,path:?reset'
LD_PRELOAD=$lib timeout 60 $bench/rescue "$port" 300 >"$tmp/rescues"
row "r of rescue of a dead connection, to a fresh one" 1.1 "$(column 1 3 "$tmp/rescues")"
note "rescue, us" "$(column 1 1 "$tmp/rescues")"
note "fresh connect and request, us" "$(column 1 2 "$tmp/rescues")"
LD_PRELOAD=$lib REDIAL_LOG=file:$tmp/log timeout 60 $bench/rescue "$port" 300 >"$tmp/logged"
note "r of the same, with a log file" "$(column 1 3 "$tmp/logged")"
row "r of a GET reset on arrival, to a retry by hand" 1.1 "$(column 2 3 "$tmp/rescues")"
note "the same, with a log file" "$(column 2 3 "$tmp/logged")"

start_server --fault reset@2
calls=$(rescue_calls poll_client)
row "system calls of a rescue, until the request is out" 9 "${calls% *}"
row "system calls of a rescue, in all" 18 "${calls#* }"

# What other preloads cost, which only some programs of those that have them need.
neighbours='' variants=''
for other in libtorsocks.so libproxychains.so.4; do
	found=$(find /usr/lib -name "$other" 2>"$tmp/said" | head -n 1)
	[ -n "$found" ] || { note "$other: not installed" "" && continue; }
	lib=$found
	untracked_instructions >"$tmp/theirs" 2>"$tmp/said"
	lib=$PWD/build/libredial.so
	neighbours="$neighbours $other"
	variants="$variants LD_PRELOAD=$found"
	for name in close sendto; do
		note "extra instructions, untracked $name, ${other%%.*}" \
			"$(awk -v name=$name '$1 == name { print $2 }' "$tmp/theirs")"
	done
done
if [ -n "$neighbours" ]; then
	# shellcheck disable=SC2086 # a list
	timeout 60 $bench/spawn 400 $bench/nothing - $variants >"$tmp/starts" 2>"$tmp/said"
	of=1
	for other in $neighbours; do
		of=$((of + 1))
		note "r of a start, ${other%%.*}" "$(column $of 2 "$tmp/starts")"
	done
fi

start_https_server
printf 'budget = { enabled = false; };\nbreaker = { enabled = false; };\n' >"$tmp/unbounded.cfg"
rates=$(timeout 120 $bench/https turns "$https_port" 11 "$lib")
# shellcheck disable=SC2086 # three numbers
set -- $rates
row "r of keep-alive GETs/s over https" ">=0.99" "$(printf %.3f "${3:-}")"
note "GETs/s over https, bare" "${1:-}"
LD_PRELOAD=$lib REDIAL_POLICY=$tmp/unbounded.cfg \
	timeout 60 $bench/https rescue "$https_port" 300 >"$tmp/https"
row "r of rescue over https, dead, to a fresh one" 1.2 "$(column 1 3 "$tmp/https")"
note "rescue, us" "$(column 1 1 "$tmp/https")"
note "fresh connect, handshake and request, us" "$(column 1 2 "$tmp/https")"
row "r of a GET reset on arrival over https, by hand" 1.2 "$(column 2 3 "$tmp/https")"

start_server --fault reset@every:5 --fault idle-reset=0@every:7
mallocs=$(mallocs_and_rescues "$port" | tr '\n' ' ')
row "mallocs in 60 GETs with rescues" 0 "${mallocs%% *}"

# Each pair in one run: bare without a reset, and redial with one in fifty.
dir=$tmp
. tests/support/relays.sh
for kind in stunnel apache squid; do
	row "r of requests/s of $kind, 2 % reset, to bare, none" ">=0.95" "$(relay_rates $kind)"
done

printf '\n%d targets missed\n' $missed
