#!/bin/sh
# SPDX-License-Identifier: MIT
# The parts that threads share and that run outside a preload, under ThreadSanitizer.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

statement="threads open, use and close connections, and count, without a data race"
build=build/threads
log=$build/log
mkdir -p $build
if make --no-print-directory -j"$(nproc)" B=$build CFLAGS="-O1 -g -fsanitize=thread -std=gnu11" \
	$build/tests/unit-tests >$log 2>&1 &&
	REDIAL_TEST_COUNTS=/dev/null $build/tests/unit-tests conn >$log 2>&1 &&
	REDIAL_TEST_COUNTS=/dev/null $build/tests/unit-tests arena_at_once >>$log 2>&1 &&
	REDIAL_TEST_COUNTS=/dev/null $build/tests/unit-tests table >>$log 2>&1 &&
	REDIAL_TEST_COUNTS=/dev/null $build/tests/unit-tests memory >>$log 2>&1 &&
	REDIAL_TEST_COUNTS=/dev/null $build/tests/unit-tests state >>$log 2>&1 &&
	REDIAL_TEST_COUNTS=/dev/null $build/tests/unit-tests process >>$log 2>&1 &&
	! grep -q 'WARNING: ThreadSanitizer' $log; then
	pass "$statement"
else
	fail "$statement" "$(tail -n 40 $log)"
fi
check_end
