# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_*.sh, to be sourced from the top of the tree: statements told and counted.

check_passed=0
check_failed=0

# pass STATEMENT; fail STATEMENT [WHAT CAME], which may be several lines.
pass() {
	check_passed=$((check_passed + 1))
	printf 'PASS %s\n' "$1"
}

fail() {
	check_failed=$((check_failed + 1))
	printf 'FAIL %s\n' "$1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/       /'
}

# none STATEMENT OFFENDERS: holds if there are no offenders.
none() {
	if [ -z "$2" ]; then pass "$1"; else fail "$1" "$2"; fi
}

# at_most, at_least STATEMENT LIMIT GOT and equal STATEMENT WANT GOT: whole numbers.
at_most() {
	if [ "${3:-x}" -le "$2" ] 2>/dev/null; then
		pass "$1: $3, at most $2"
	else
		fail "$1: ${3:-nothing}, at most $2 wanted"
	fi
}

at_least() {
	if [ "${3:-x}" -ge "$2" ] 2>/dev/null; then
		pass "$1: $3, at least $2"
	else
		fail "$1: ${3:-nothing}, at least $2 wanted"
	fi
}

equal() {
	if [ "${3:-x}" = "$2" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, $2 wanted"
	fi
}

# Sets most to how many connections one process may have, up to 100,000, and lets it have them.
most_connections() {
	most=100000
	if ! prlimit --pid $$ --nofile=$((most + 100)) 2>/dev/null; then
		limit=$(prlimit --pid $$ --nofile --output HARD --noheadings)
		most=$((limit - 100))
	fi
}

# The last line of a check: adds what was counted for tests/run.sh.
check_end() {
	[ -z "${REDIAL_TEST_COUNTS-}" ] || echo "$check_passed $check_failed" >>"$REDIAL_TEST_COUNTS"
	[ "$check_failed" -eq 0 ]
}
