#!/bin/sh
# SPDX-License-Identifier: MIT
# Every reason of a refusal is what some test waits for: by its name in C, or its word in the log.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

# These no test tells from one another yet: that nothing is sent again is tested (check_https*.sh).
unasked="tls-session tls-in-flight tls-verify tls-cipher"

reasons() {
	sed -n '/^#define REDIAL_REASONS/,/^$/s/.*X(\([A-Z_]*\), "\([a-z0-9-]*\)").*/\1 \2/p' policy/decide.h
}

untold=$(reasons | while read -r name word; do
	case " none $unasked " in *" $word "*) continue ;; esac
	grep -rqE "REASON_$name\\b|\\b$word\\b" tests/unit tests/flow tests/tls tests/support \
		tests/check_https*.sh tests/check_gnutls*.sh tests/check_resume.sh --include='*.c' --include='*.h' \
		--include='*.sh' --include='*.py' || echo "$word"
done)
at_least "reasons" 35 "$(reasons | wc -l)"
none "each reason of a refusal is waited for by a test" "$untold"
check_end
