#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: sh tests/mutate/resume.sh
# The heart of check_resume.sh, in seconds: bodies that go on, and those whose rest cannot be proved
# to be one.
cd "$(dirname "$0")/../.." || exit 1
. tests/support/check.sh
unset LD_PRELOAD REDIAL_POLICY REDIAL_DISABLE REDIAL_SHARED REDIAL_LOG REDIAL_STATE
library=$PWD/build/libredial.so
dir=$(mktemp -d) || exit 1
trap 'kill "$server"; wait 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM

python3 -B tests/resume/server.py "$dir/port" &
server=$!
tries=0
while [ ! -s "$dir/port" ] && [ $tries -lt 200 ]; do
	sleep 0.05
	tries=$((tries + 1))
done
port=$(cat "$dir/port")

# policy TOTAL_TIMEOUT_MS
policy() {
	cat >"$dir/policy.cfg" <<-END
		retry = { resume = true; total_timeout_ms = $1; statuses = [503]; backoff = { base_ms = 5; }; };
		log = { sink = "none"; };
	END
}

# asked LIBRARY HOW WAY...: "WAY BYTES right|WRONG ENDING" each.
asked() (
	export LD_PRELOAD="$1" REDIAL_POLICY="$dir/policy.cfg"
	shift
	timeout 30 python3 -B tests/resume/ask.py "$port" "$@"
)

goes_on="good good?reset date own gzip hints busy tail c-data c-cr c-next c-twice?reset c-close"
ends="weak young none coding full tag notag total place short chunked
	c-size c-ext c-trailer c-less c-less?reset c-over c-coding c-weak c-full c-tag c-place c-chunked c-date c-star c-part"
for how in block epoll; do
	# shellcheck disable=SC2086 # lists
	{
		policy 5000
		asked "$library" $how $goes_on >"$dir/got"
		none "$how: bodies that go on to their end" "$(grep -v ' right whole$' "$dir/got")"
		equal "$how: so many go on" "$(echo "$goes_on" | wc -w)" "$(wc -l <"$dir/got")"
		policy 500
		asked "" $how $ends >"$dir/bare"
		asked "$library" $how $ends >"$dir/got"
		none "$how: what cannot be gone on with ends as bare" "$(diff "$dir/bare" "$dir/got")"
	}
done
check_end
