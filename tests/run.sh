#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every test program and every tests/check_*.sh, sums up what they counted and how long they
# took, and says last what failed. A runner adds its "PASSED FAILED" line to $REDIAL_TEST_COUNTS; one
# that adds none has crashed: one failure.
#
# First there are lanes side by side, one for each list below: what mostly waits in two of them, what
# mostly computes in the third, which gives way to both. What a runner there has said is shown once
# it is over. All others are run after them, alone. TEST_LANES=1 runs all of them so.
#
# Where no more than $few tests failed in all, the runners that they are in are run once more, when
# nothing else is running. What passes then counts as passed, and is named as flaky all the same.
cd "$(dirname "$0")/.." || exit 1

few=3
long_s=20

# Who is in these lists minds no load beside it, measures neither time nor cost, and shares no file,
# name, port or launch with one in another list. The longest come first.
lanes="waits https works"
waits="flow-tests client-tests zoo-tests rehearse switch_clients switch stat_folder stat
	stat_prometheus kubernetes tls log logrotate journal syslog otel report"
https="https https_kinds https_memory resume resume_https https_proxies https_relays gnutls
	https_policy gnutls_policy https_alone https_shared security entrypoint"
works="fuzz sanitizers release mutants elf libc threads companions containers relays install places
	doctor doctor_calls docs rooms symbols pages reasons"

room=$(mktemp -d) || exit 1
trap 'rm -rf "$room"' EXIT
trap 'stop; exit 130' INT TERM
: >"$room/failed"
mkfifo "$room/over" && exec 3<>"$room/over" || exit 1

# What the caller has set must not steer the tests.
unset LD_PRELOAD REDIAL_POLICY REDIAL_LOG REDIAL_DISABLE REDIAL_SHARED REDIAL_STATE

# What is told as failed in a runner's output: by check.sh, by CUnit, or by neither.
failures() { grep -E '^ *(FAIL |[0-9]+\. .* - )|^  Test: .*FAILED|counted nothing$|no test failed$' "$1"; }

failed() { awk '{ failed += $2 } END { print failed + 0 }' "$@"; }

now() { cut -d' ' -f1 /proc/uptime; }

# begin RUNNER LANE: in a session of its own, by which all that it starts can be ended. Once it is
# over the lane and the runner are said on descriptor 3.
begin() {
	gently=
	[ "$2" != works ] || gently="nice -n 10"
	stem=$room/$(basename "$1")
	: >"$stem.counts"
	: >"$stem.log"
	{
		now >"$stem.times"
		# shellcheck disable=SC2016,SC2086 # for the inner shell; words
		REDIAL_TEST_COUNTS=$stem.counts $gently setsid sh -c 'echo $$ >"$1" && shift && exec "$@"' sh \
			"$stem.pid" "$1" >"$stem.log" 2>&1 3>&-
		echo $? >"$stem.status"
		rm -f "$stem.pid"
		{ now && times; } >>"$stem.times"
		echo "$2 $1" >&3
	} &
}

# sends SIGNAL SESSIONS: to each process of theirs. False if there is none.
sends() {
	# shellcheck disable=SC2046 # a list of words
	set -- "$1" $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v sessions=" $2 " '{
		pid = $1
		sub(/.*\) /, "")
		if (index(sessions, " " $4 " ")) print pid }')
	[ $# -gt 1 ] && kill -s "$@" 2>/dev/null
}

# What has been stopped gets five seconds to clean up.
stop() {
	trap '' INT TERM
	running=$(cat "$room"/*.pid 2>/dev/null | tr '\n' ' ')
	sends TERM "$running"
	tries=0
	while sends CONT "$running" && [ $((tries += 1)) -lt 50 ]; do sleep 0.1; done
	sends KILL "$running"
}

# told RUNNER: one that is over counts as failed, and so does this, unless all its tests passed.
told() {
	stem=$room/$(basename "$1")
	status=$(cat "$stem.status")
	if [ ! -s "$stem.counts" ]; then
		echo "$1: ended with status $status and counted nothing" | tee -a "$stem.log"
		echo "0 1" >"$stem.counts"
	elif [ "$status" -ne 0 ] && [ "$(failed "$stem.counts")" -eq 0 ]; then
		echo "$1: ended with status $status though no test failed" | tee -a "$stem.log"
		echo "0 1" >>"$stem.counts"
	fi
	[ "$(failed "$stem.counts")" -eq 0 ]
}

# run RUNNER: alone, and shown while it runs.
run() {
	printf '\n== %s\n' "$1"
	begin "$1" alone
	tail -s 0.1 -n +1 -f --pid="$!" "$room/$(basename "$1").log"
	read -r _ _ <&3
	told "$1"
}

# take LIST: sets each to its first runner, which is no longer in it then.
take() {
	read -r each <"$room/$1" || return 1
	sed -i 1d "$room/$1"
}

# fill LANE: begins its next runner, if there is one.
fill() {
	take "$1" || return
	busy=$((busy + 1))
	printf '\n(%s begins)\n' "$each"
	begin "$each" "$1"
}

side_by_side() {
	busy=0
	for lane in $lanes; do fill "$lane"; done
	while [ $busy -gt 0 ]; do
		read -r lane each <&3
		busy=$((busy - 1))
		printf '\n== %s\n' "$each"
		cat "$room/$(basename "$each").log"
		told "$each" || echo "$each" >>"$room/failed"
		fill "$lane"
	done
}

# listed NAMES: those of the runners, in that order, that are in $room/alone, and there no longer.
listed() {
	for name in $1; do
		each=$(grep -E "(/|/check_)$name(\.sh)?\$" "$room/alone") ||
			{ echo "there is no runner $name" >&2 && continue; }
		echo "$each"
		grep -vxF "$each" "$room/alone" >"$room/rest"
		mv "$room/rest" "$room/alone"
	done
}

for each in build/tests/unit-tests build/tests/flow-tests build/tests/client-tests \
	build/tests/zoo-tests tests/check_*.sh; do
	[ ! -x "$each" ] || echo "$each"
done >"$room/alone"

if [ "${TEST_LANES-$(nproc)}" -gt 1 ]; then
	listed "$waits" >"$room/waits"
	listed "$https" >"$room/https"
	listed "$works" >"$room/works"
	side_by_side
fi
while take alone; do
	run "$each" || echo "$each" >>"$room/failed"
done

if [ "$(failed "$room"/*.counts)" -le "$few" ]; then
	while read -r each; do
		mv "$room/$(basename "$each").log" "$room/once"
		run "$each" || continue
		{
			printf '%s, which passed when it was run again:\n' "$each"
			failures "$room/once"
		} >>"$room/flaky"
	done <"$room/failed"
fi

# Seconds of the clock, and of processors by those of its processes that were waited for.
for times in "$room"/*.times; do
	awk -v name="$(basename "$times" .times)" '{ gsub(/s/, "") }
		NR == 1 { began = $1 } NR == 2 { clock = $1 - began }
		NR == 4 { for (i = 1; i <= 2; i++) { split($i, at, "m"); used += at[1] * 60 + at[2] } }
		END { printf "%6.0f %6.0f %s\n", clock, used, name }' "$times"
done | sort -rn | awk -v long=$long_s '$1 > long && !n++ { print "\nSeconds, and those of processors:" }
	$1 > long'

# What is said last: what to look at, of all that was printed.
{
	while read -r each; do
		log=$room/$(basename "$each").log
		[ "$(failed "${log%.log}.counts")" -eq 0 ] || { echo "$each:" && failures "$log"; }
	done <"$room/failed"
} >"$room/red"
[ ! -s "$room/red" ] || { printf '\nFailed:\n' && cat "$room/red"; }
[ ! -s "$room/flaky" ] || { printf '\nFlaky:\n' && cat "$room/flaky"; }

awk '{ passed += $1; failed += $2 } END {
	printf "\n%d passed, %d failed\n", passed, failed
	exit failed > 0 || passed == 0
}' "$room"/*.counts
