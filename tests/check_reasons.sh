#!/bin/sh
# SPDX-License-Identifier: MIT
# Every reason of a refusal is what some test waits for: by its name in C, or its word in the log. A word
# that may be one of a sentence's has to stand where a reason does.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

reasons() {
	sed -n '/^#define REDIAL_REASONS/,/^$/s/.*X(\([A-Z_]*\), "\([a-z0-9-]*\)").*/\1 \2/p' policy/decide.h
}

untold=$(reasons | while read -r name word; do
	[ "$word" != none ] || continue
	case $word in *-*) plain="\\b$word\\b" ;; *) plain="\"$word\"" ;; esac
	grep -rqE "REASON_$name\\b|reason=$word\\b|$plain" tests/unit tests/flow tests/tls tests/support \
		tests/check_https*.sh tests/check_gnutls*.sh tests/check_resume.sh --include='*.c' --include='*.h' \
		--include='*.sh' --include='*.py' || echo "$word"
done)
at_least "reasons" 35 "$(reasons | wc -l)"
none "each reason of a refusal is waited for by a test" "$untold"
check_end
