#!/bin/sh
# SPDX-License-Identifier: MIT
# got 14.6.6 and axios-retry 4.5.0, no setting changed. A server says 503 with Retry-After.
# Guess: 30 days (a monthly quota) is longer than anybody waits: they give up, or cap the wait.
# Instead: 24 days wait for ever, 25 days are over at once. The wait goes to setTimeout, whose most
#   is 2^31 - 1 ms (24.8 days); what is longer becomes 1 ms.
# Matters: the longer a server asks for peace, the sooner all tries come, one upon the other.
# Seen 2026-11-28: Retry-After 2592000: got 3 requests, axios-retry 4, all within a second;
#   2073600: 1 request each.
. "$(dirname "$0")/support/find.sh"

get_npm got@14.6.6 axios@1.21.1 axios-retry@4.5.0
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.send("HTTP/1.1 503 Service Unavailable", "Retry-After: " + conn.path.split("-")[1],
                  "Content-Length: 0")
PY
cat >"$tmp/find.mjs" <<'JS'
import got from 'got';
import axios from 'axios';
import axiosRetry from 'axios-retry';

const [, , name, seconds] = process.argv;
const url = `http://127.0.0.1:${process.env.port}/${name}-${seconds}`;
axiosRetry(axios);
setTimeout(() => { console.log(`${name}, ${seconds} s: still waiting`); process.exit(); }, 4000);
try {
  await (name === 'got' ? got(url) : axios.get(url));
} catch (e) {
  console.log(`${name}, ${seconds} s: ${e.message}`);
}
process.exit();
JS
for name in got axios_retry; do
	for seconds in 2073600 2592000; do
		run node find.mjs $name $seconds 2>"$tmp/warnings"
	done
done

expect "requests of got told to wait 24 days" 1 "$(reads GET /got-2073600)"
expect "requests of got told to wait 30 days" 3 "$(reads GET /got-2592000)"
expect "requests of axios-retry told to wait 24 days" 1 "$(reads GET /axios_retry-2073600)"
expect "requests of axios-retry told to wait 30 days" 4 "$(reads GET /axios_retry-2592000)"
find_end
