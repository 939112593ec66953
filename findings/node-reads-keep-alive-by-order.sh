#!/bin/sh
# SPDX-License-Identifier: MIT
# Node 20's http.Agent. A server says how long it will hold an idle connection.
# Guess: `Keep-Alive: timeout=1, max=5` and `Keep-Alive: max=5, timeout=1` say the same; both are
#   obeyed or neither is.
# Instead: the agent obeys the timeout when it is the first parameter, and does not see it behind
#   another one; max it never reads (max=0 is kept too). undici 7.30.2 finds it anywhere.
# Matters: a server that lists max first is met with reuse after its timeout, that is with
#   ECONNRESET, by axios, got and all that use http.Agent.
# Seen 2026-11-28, used again after 1.6 s: timeout first no, max first yes, max=0 yes; undici never.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2
serve <<'PY'
HINTS = {"timeout-first": "timeout=1, max=5", "max-first": "max=5, timeout=1", "max-0": "max=0"}


def handle(conn):
    while conn.request():
        conn.ok("Keep-Alive: " + HINTS[conn.path.split("/")[2]])
PY
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';
import { request } from 'undici';

const agent = new http.Agent({ keepAlive: true });
const ask = {
  http: (url) => new Promise((done, failed) => http.get(url, { agent }, (r) => {
    r.resume().on('end', done);
  }).on('error', failed)),
  undici: async (url) => (await request(url)).body.text(),
};
for (const path of process.argv.slice(2)) {
  const url = `http://127.0.0.1:${process.env.port}${path}`;
  await ask[path.split('/')[1]](url);
  await new Promise((done) => setTimeout(done, 1600));
  await ask[path.split('/')[1]](url);
}
process.exit();
JS
run node find.mjs /http/timeout-first /http/max-first /http/max-0
run node find.mjs /undici/timeout-first /undici/max-first

expect "connections of http.Agent, timeout first" 2 "$(conns /http/timeout-first)"
expect "connections of http.Agent, max first" 1 "$(conns /http/max-first)"
expect "connections of http.Agent, max=0" 1 "$(conns /http/max-0)"
expect "connections of undici, timeout first" 2 "$(conns /undici/timeout-first)"
expect "connections of undici, max first" 2 "$(conns /undici/max-first)"
find_end
