#!/bin/sh
# SPDX-License-Identifier: MIT
# undici 7.30.2 and the fetch of Node. A server answers a conditional GET with 304 and the
# Content-Length that the 200 would have had, as RFC 9110 8.6 allows.
# Guess: a 304 never has a body, so the status is 304 and the connection is kept.
# Instead: request() throws ResponseContentLengthMismatchError; fetch() gives the 304, but its
#   connection is thrown away each time. Without Content-Length both keep it. Node's own http module
#   is right.
# Matters: the server sees a new connection for every hit of a cache; who counts on keep-alive finds
#   none, and request() fails on an answer that is as it should be.
# Seen 2026-11-28: fetch 304 304 over 2 connections (1 without the length); request: the error, 2;
#   http 304 304 over 1.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2
serve <<'PY'
def handle(conn):
    while conn.request():
        length = [] if "no-length" in conn.path else ["Content-Length: 100"]
        conn.send("HTTP/1.1 304 Not Modified", 'ETag: "a"', *length)
PY
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';
import { fetch, request } from 'undici';

const [, , name, path] = process.argv;
const url = `http://127.0.0.1:${process.env.port}${path}`;
const headers = { 'If-None-Match': '"a"' };
const agent = new http.Agent({ keepAlive: true });
const ask = {
  async fetch() { const r = await fetch(url, { headers }); await r.text(); return r.status; },
  async request() {
    const r = await request(url, { headers });
    await r.body.text();
    return r.statusCode;
  },
  http: () => new Promise((done, failed) => http.get(url, { agent, headers }, (r) => {
    r.resume().on('end', () => done(r.statusCode));
  }).on('error', failed)),
}[name];
const got = [];
for (let i = 0; i < 2; i++) {
  got.push(await ask().catch((e) => e.name));
  await new Promise((done) => setTimeout(done, 50));
}
console.log(got.join(' '));
process.exit();
JS
expect "fetch, with Content-Length" "304 304" "$(run node find.mjs fetch /fetch)"
expect "its connections" 2 "$(conns /fetch)"
expect "fetch, without" "304 304" "$(run node find.mjs fetch /fetch-no-length)"
expect "its connections" 1 "$(conns /fetch-no-length)"
expect "request, with Content-Length" \
	"ResponseContentLengthMismatchError ResponseContentLengthMismatchError" \
	"$(run node find.mjs request /request)"
expect "its connections" 2 "$(conns /request)"
expect "Node's http, with Content-Length" "304 304" "$(run node find.mjs http /http)"
expect "its connections" 1 "$(conns /http)"
find_end
