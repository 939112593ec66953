#!/bin/sh
# SPDX-License-Identifier: MIT
# `make model`: spin goes through all that can happen in rescue.pml, and finds nothing; and finds
# what each of the ways to break it breaks.
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh
model=$PWD/tests/model/rescue.pml
mkdir -p build/model
cd build/model || exit 1

# search DEFINE...: goes through all that can happen, and says each error to pan.log.
search() {
	rm -f pan pan.log
	spin "$@" -a "$model" >spin.log 2>&1 && cc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c >cc.log 2>&1 &&
		timeout 100 ./pan -m200000 -c0 >pan.log 2>&1
}

# found DEFINE ERROR: with that step left out there is such an error.
found() {
	search "-D$1"
	if grep -q "^pan:[0-9]*: $2" pan.log; then
		pass "$1 is found: $2"
	else
		fail "$1 is found: $2" "$(head -n 20 spin.log cc.log pan.log)"
	fi
}

search
if grep -q 'max search depth too small\|Search not completed' pan.log; then
	fail "all that can happen is gone through" "$(head -n 20 pan.log)"
fi
equal "errors in all that a writer, a reader, two closers and a rescue can do" 0 \
	"$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log)"
sed -n 's/^ *\([0-9e+.]* states, stored\).*/     \1/p' pan.log
found RESEND_ANY "assertion violated  *!(twice)"
found NO_WAIT_FOR_WRITERS "assertion violated  *!(piled)"
found FORGET_TAKEN "invalid end state"
found WAIT_LOCKED "invalid end state"
found NO_IDENTITY "assertion violated  *((number!="
check_end
