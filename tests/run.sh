#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every test program and every tests/check_*.sh, and sums up what they counted. A runner adds
# its "PASSED FAILED" line to $REDIAL_TEST_COUNTS; one that adds none has crashed: one failure.
cd "$(dirname "$0")/.." || exit 1

REDIAL_TEST_COUNTS=$(mktemp) || exit 1
export REDIAL_TEST_COUNTS
trap 'rm -f "$REDIAL_TEST_COUNTS"' EXIT

# What the caller has set must not steer the tests.
unset LD_PRELOAD REDIAL_POLICY REDIAL_LOG REDIAL_DISABLE REDIAL_SHARED REDIAL_STATE

lines() { wc -l <"$REDIAL_TEST_COUNTS"; }

run() {
	before=$(lines)
	printf '\n== %s\n' "$1"
	"$@"
	status=$?
	[ "$(lines)" -gt "$before" ] && failed=$(tail -n 1 "$REDIAL_TEST_COUNTS" | cut -d' ' -f2)
	if [ "$(lines)" -eq "$before" ]; then
		echo "$1: ended with status $status and counted nothing"
		echo "0 1" >>"$REDIAL_TEST_COUNTS"
	elif [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		echo "$1: ended with status $status though no test failed"
		echo "0 1" >>"$REDIAL_TEST_COUNTS"
	fi
}

for program in unit-tests flow-tests client-tests zoo-tests; do
	run "build/tests/$program"
done
for check in tests/check_*.sh; do
	[ -x "$check" ] && run "$check"
done

awk '{ passed += $1; failed += $2 } END {
	printf "\n%d passed, %d failed\n", passed, failed
	exit failed > 0 || passed == 0
}' "$REDIAL_TEST_COUNTS"
