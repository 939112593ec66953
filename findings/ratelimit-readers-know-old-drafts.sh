#!/bin/sh
# SPDX-License-Identifier: MIT
# ratelimit-header-parser 0.1.0 (npm) and ratelimit-headers 0.1.0 (Python) read how much of a quota
# is left from an answer's fields; those were renamed from one IETF draft to the next.
# Guess: both know the form of draft 8 and later, `"default";r=0;t=30`, and that of draft 7, one
#   field too, `limit=100, remaining=0, reset=30`; what they do not know is no answer at all.
# Instead: of draft 8 neither reads anything, though both say that they found something: an object
#   of NaN and of None. Python's knows only the three fields of draft 6; and it takes
#   X-RateLimit-Reset: 30 for a time, half a minute into 1970.
# Matters: code that waits when `remaining === 0` never waits, and code that asks whether there is a
#   limit is told that there is.
# Seen 2026-11-28: draft 8 NaN and None; draft 7 0 left from npm's only; draft 6 from both.
. "$(dirname "$0")/support/find.sh"

get_npm ratelimit-header-parser@0.1.0
get_pip ratelimit-headers==0.1.0
cat >"$tmp/find.mjs" <<'JS'
import { parseRateLimit } from 'ratelimit-header-parser';

const found = parseRateLimit(new Headers(JSON.parse(process.argv[2])));
console.log(found ? `limit ${found.limit}, left ${found.remaining}` : 'no answer');
JS
cat >"$tmp/find.py" <<'PY'
import json
import sys

import ratelimit_headers

found = ratelimit_headers.parse(json.loads(sys.argv[1]))
print(f"limit {found.limit}, left {found.remaining}, {found.source}" if found else "no answer",
      found.reset.year if found and found.reset else "")
PY
draft8='{"RateLimit": "\"default\";r=0;t=30", "RateLimit-Policy": "\"default\";q=100;w=60"}'
draft7='{"RateLimit": "limit=100, remaining=0, reset=30"}'
draft6='{"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "30"}'
seconds='{"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}'
node_reads() {
	run node find.mjs "$1"
}
python_reads() {
	run "$python" find.py "$1" | sed 's/ *$//'
}

expect "draft 8, npm" "limit NaN, left NaN" "$(node_reads "$draft8")"
expect "draft 7, npm" "limit 100, left 0" "$(node_reads "$draft7")"
expect "draft 6, npm" "limit 100, left 0" "$(node_reads "$draft6")"
expect "draft 8, Python" "limit None, left None, ietf" "$(python_reads "$draft8")"
expect "draft 7, Python" "limit None, left None, unknown" "$(python_reads "$draft7")"
expect "draft 6, Python" "limit 100, left 0, ietf" "$(python_reads "$draft6" | sed 's/ 20..$//')"
expect "X-RateLimit-Reset in seconds, Python" "limit 100, left 0, github 1970" \
	"$(python_reads "$seconds")"
find_end
