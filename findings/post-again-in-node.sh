#!/bin/sh
# SPDX-License-Identifier: MIT
# Node packages that retry; a server reads each request and closes without answer.
# Guess: what retries leaves the POST alone, as got, ky and retry-axios do. urllib, which was asked
#   for no retry at all, sends once.
# Instead: axios-retry 4.5.0 sends the POST four times (any network error counts as safe, whatever
#   the method); superagent 10.4.2 with .retry(2) three times; urllib 4.9.2, unasked, twice.
# Matters: who adds "retries for GET" to a program that also orders things orders them again.
# Seen 2026-11-28: axios-retry 4, superagent 3, urllib 2, got 1 (its GET 3).
. "$(dirname "$0")/support/find.sh"

get_npm axios@1.21.1 axios-retry@4.5.0 superagent@10.4.2 urllib@4.9.2 got@14.6.6
serve <<'PY'
def handle(conn):
    conn.request()
PY
cat >"$tmp/find.mjs" <<'JS'
import axios from 'axios';
import axiosRetry from 'axios-retry';
import got from 'got';
import superagent from 'superagent';
import { request } from 'urllib';

axiosRetry(axios);
const ask = {
  axios_retry: (url) => axios.post(url, 'x'),
  superagent: (url) => superagent.post(url).send('x').retry(2),
  urllib: (url) => request(url, { method: 'POST', content: 'x' }),
  got: (url) => got.post(url, { body: 'x' }),
  got_get: (url) => got(url),
};
for (const [name, send] of Object.entries(ask)) {
  await send(`http://127.0.0.1:${process.env.port}/${name}`)
    .catch((e) => console.log(`${name}: ${e.name} ${e.message}`));
}
process.exit();
JS
run node find.mjs

expect "times axios-retry sends a POST" 4 "$(reads POST /axios_retry)"
expect "times superagent with .retry(2) sends a POST" 3 "$(reads POST /superagent)"
expect "times urllib sends a POST" 2 "$(reads POST /urllib)"
expect "times got sends a POST" 1 "$(reads POST /got)"
expect "times got sends a GET" 3 "$(reads GET /got_get)"
find_end
