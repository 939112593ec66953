#!/bin/sh
# SPDX-License-Identifier: MIT
# undici 7.30.2 over TLS, one request after the other, the server closing after each.
# Guess: the second connection resumes the TLS session of the first, as with https.Agent, whether
#   the request goes through undici's Client, Pool or Agent, or through fetch().
# Instead: Client and Pool resume; Agent, which request() and fetch() use if none is named, makes a
#   full handshake each time. It drops the pool of a host with the last connection, and the session
#   was the pool's.
# Matters: each connection made anew after a lost or an idle one costs the full handshake, the
#   certificate included, just where connections seldom live.
# Seen 2026-11-29, TLS 1.2 and 1.3: Client, Pool, https.Agent full, resumed, resumed; Agent and
#   fetch() of Node 20.20.2 full three times.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2
need openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$tmp/key.pem" -out "$tmp/cert.pem"
cat >"$tmp/find.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Agent, Client, Pool, request } from 'undici';

const ca = readFileSync('cert.pem');
const version = process.argv[2];
const seen = {};
const server = https.createServer({
  cert: ca, key: readFileSync('key.pem'), minVersion: version, maxVersion: version,
}, (req, res) => {
  (seen[req.url] ||= []).push(req.socket.isSessionReused() ? 'resumed' : 'full');
  res.writeHead(200, { connection: 'close' });
  res.end('ok');
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const url = `https://localhost:${server.address().port}`;
const by = (dispatcher) => async (path) => (await request(url + path, { dispatcher })).body.text();
const options = { connect: { ca } };
const agent = new https.Agent({ ca });
const ways = {
  client: by(new Client(url, options)),
  pool: by(new Pool(url, options)),
  agent: by(new Agent(options)),
  fetch: async (path) => (await fetch(url + path)).text(),
  https: (path) => new Promise((done) => https.get(url + path, { agent }, (res) => {
    res.resume().on('end', done);
  })),
};
for (const [name, way] of Object.entries(ways)) {
  for (let i = 0; i < 3; i++) {
    await way(`/${name}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  console.log(name, ...seen[`/${name}`]);
}
process.exit();
JS
for version in TLSv1.2 TLSv1.3; do
	NODE_EXTRA_CA_CERTS=$tmp/cert.pem run node find.mjs $version >"$tmp/out"
	for name in client pool https; do
		expect "handshakes of $name, $version" "$name full resumed resumed" "$(grep "^$name" "$tmp/out")"
	done
	for name in agent fetch; do
		expect "handshakes of $name, $version" "$name full full full" "$(grep "^$name" "$tmp/out")"
	done
done
find_end
