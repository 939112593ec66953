#!/bin/sh
# SPDX-License-Identifier: MIT
# The short form of `make sanitize`: unit tests and some conversations under AddressSanitizer and
# UndefinedBehaviorSanitizer, and the preload with them.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

log=build/sanitize.log
mkdir -p build
if python3 -B tests/sanitize/sanitize.py short >$log 2>&1; then
	pass "sanitizers have nothing to say of $(grep -c '^clean' $log) runs"
else
	fail "sanitizers have nothing to say" "$(cat $log)"
fi
check_end
