#!/bin/sh
# SPDX-License-Identifier: MIT
# `make inject`: all injections, by two processes; each says what was wrong, and how many there were.
cd "$(dirname "$0")/../.." || exit 1
build/tests/inject/inject --part 1/2 >build/inject.log 2>&1 &
other=$!
build/tests/inject/inject --part 0/2
failed=$?
wait $other || failed=1
cat build/inject.log
exit $failed
