#!/bin/sh
# SPDX-License-Identifier: MIT
# undici 7.30.2, and what stands on it. A server sends `100 Continue` before its 200, to a client
# that sent no Expect (RFC 9110 15.2: a client must bear that).
# Guess: the 100 is passed over and the 200 given, as with a 103 in its place.
# Instead: fetch and request fail with "bad response" and close the connection. urllib 4.9.2, on top
#   of undici, then takes it for a lost connection and sends the POST once more, in vain.
#   Node's own http module gives the 200.
# Matters: an old server that says 100 to every POST has carried each of them out.
# Seen 2026-11-28: fetch "fetch failed", request "bad response", urllib the same after 2 POSTs.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2 urllib@4.9.2
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.send("HTTP/1.1 103 Early Hints" if "103" in conn.path else "HTTP/1.1 100 Continue")
        conn.ok()
PY
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';
import { fetch, request } from 'undici';
import { request as urllib } from 'urllib';

const [, , name, path] = process.argv;
const url = `http://127.0.0.1:${process.env.port}${path}`;
const method = 'POST';
const ask = {
  fetch: async () => (await fetch(url, { method, body: 'x' })).status,
  request: async () => (await request(url, { method, body: 'x' })).statusCode,
  urllib: async () => (await urllib(url, { method, content: 'x' })).status,
  http: () => new Promise((done, failed) => {
    http.request(url, { method }, (r) => done(r.statusCode)).on('error', failed).end('x');
  }),
}[name];
console.log(await ask().catch((e) => e.message));
process.exit();
JS
expect "fetch, 103 first" 200 "$(run node find.mjs fetch /103)"
expect "fetch, 100 first" "fetch failed" "$(run node find.mjs fetch /fetch)"
expect "request, 100 first" "bad response" "$(run node find.mjs request /request)"
expect "Node's http, 100 first" 200 "$(run node find.mjs http /http)"
expect "urllib, 100 first" "bad response" "$(run node find.mjs urllib /urllib)"
expect "times urllib sends that POST" 2 "$(reads POST /urllib)"
find_end
