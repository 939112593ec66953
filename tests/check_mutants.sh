#!/bin/sh
# SPDX-License-Identifier: MIT
# The mutants of tests/mutate/ fit the sources as they are now, and a few of them are found out: the
# short form of `make mutate`.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

mutate() { python3 -B tests/mutate/mutate.py "$@" 2>&1; }

log=build/mutants.log
mkdir -p build
mutate --fit >$log
none "each mutant changes one place of the sources" "$(grep -v ' do not fit$' $log)"
at_least "mutants" 80 "$(sed -n 's/ mutants, .*//p' $log)"

# Those that need nothing built but the unit tests.
sample="post_is_as_any_other_method budget_is_taken_without_a_look copy_with_a_hole_is_whole"
# shellcheck disable=SC2086 # a list of words
if mutate --quick --jobs 1 $sample >$log; then
	pass "of them a sample is found out: $(sed -n 's/^\([0-9]* of [0-9]*\) found out.*/\1/p' $log)"
else
	fail "of them a sample is found out" "$(tail -n 20 $log)"
fi
check_end
