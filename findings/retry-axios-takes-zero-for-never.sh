#!/bin/sh
# SPDX-License-Identifier: MIT
# retry-axios 4.0.3, no setting changed. A server says 503 once, then 200.
# Guess: `Retry-After: 0`, or a date that has just passed, means now: the request is sent again.
# Instead: both turn the retry off, and the 503 is handed out. Without the field it is sent again
#   after 0.1 s, with `Retry-After: 1` after a second.
# Matters: a server that says "come back at once", or whose clock is a little behind, gets errors
#   shown to users where silence would have healed them.
# Seen 2026-11-28: none -> 200, 1 -> 200, 0 -> 503, past date -> 503.
. "$(dirname "$0")/support/find.sh"

get_npm axios@1.21.1 retry-axios@4.0.3
serve <<'PY'
FIELDS = {"/none": [], "/one": ["Retry-After: 1"], "/zero": ["Retry-After: 0"],
          "/past": ["Retry-After: Sat, 28 Nov 2026 10:00:00 GMT"]}
asked = set()


def handle(conn):
    while conn.request():
        if conn.path in asked:
            conn.ok()
        else:
            asked.add(conn.path)
            conn.send("HTTP/1.1 503 Service Unavailable", *FIELDS[conn.path], "Content-Length: 0")
PY
cat >"$tmp/find.mjs" <<'JS'
import axios from 'axios';
import { attach } from 'retry-axios';

attach();
const url = `http://127.0.0.1:${process.env.port}/${process.argv[2]}`;
try {
  console.log((await axios({ url, raxConfig: {} })).status);
} catch (e) {
  console.log(e.response?.status ?? e.message);
}
JS
expect "status without Retry-After" 200 "$(run node find.mjs none)"
expect "status with Retry-After: 1" 200 "$(run node find.mjs one)"
expect "status with Retry-After: 0" 503 "$(run node find.mjs zero)"
expect "status with a Retry-After that is past" 503 "$(run node find.mjs past)"
find_end
