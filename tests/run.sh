#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every test program and every tests/check_*.sh, sums up what they counted, and says last what
# failed. A runner adds its "PASSED FAILED" line to $REDIAL_TEST_COUNTS; one that adds none has
# crashed: one failure.
#
# Where no more than $few tests failed in all, the runners that they are in are run once more, when
# nothing else is running. What passes then counts as passed, and is named as flaky all the same.
cd "$(dirname "$0")/.." || exit 1

few=3
room=$(mktemp -d) || exit 1
runner=
trap 'rm -rf "$room"' EXIT
trap 'kill "$runner"; exit 130' INT TERM
: >"$room/failed"

# What the caller has set must not steer the tests.
unset LD_PRELOAD REDIAL_POLICY REDIAL_LOG REDIAL_DISABLE REDIAL_SHARED REDIAL_STATE

# What is told as failed in a runner's output: by check.sh, by CUnit, or by neither.
failures() { grep -E '^ *(FAIL |[0-9]+\. .* - )|^  Test: .*FAILED|counted nothing$|no test failed$' "$1"; }

# run RUNNER: its output is shown and kept, its counts are in $room/RUNNER.counts.
run() {
	name=$(basename "$1")
	REDIAL_TEST_COUNTS=$room/$name.counts
	export REDIAL_TEST_COUNTS
	: >"$REDIAL_TEST_COUNTS"
	: >"$room/$name.log"

	printf '\n== %s\n' "$1"
	"$1" >"$room/$name.log" 2>&1 &
	runner=$!
	tail -s 0.1 -n +1 -f --pid="$runner" "$room/$name.log"
	wait "$runner"
	status=$?

	if [ ! -s "$REDIAL_TEST_COUNTS" ]; then
		echo "$1: ended with status $status and counted nothing" | tee -a "$room/$name.log"
		echo "0 1" >"$REDIAL_TEST_COUNTS"
	elif [ "$status" -ne 0 ] && [ "$(failed "$REDIAL_TEST_COUNTS")" -eq 0 ]; then
		echo "$1: ended with status $status though no test failed" | tee -a "$room/$name.log"
		echo "0 1" >>"$REDIAL_TEST_COUNTS"
	fi
	[ "$(failed "$REDIAL_TEST_COUNTS")" -eq 0 ]
}

failed() { awk '{ failed += $2 } END { print failed + 0 }' "$@"; }

for each in build/tests/unit-tests build/tests/flow-tests build/tests/client-tests \
	build/tests/zoo-tests tests/check_*.sh; do
	[ -x "$each" ] || continue
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
