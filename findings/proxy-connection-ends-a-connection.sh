#!/bin/sh
# SPDX-License-Identifier: MIT
# A field that no RFC defines for answers, left there by some old proxy on the way.
# Guess: `Proxy-Connection: close` in an answer is a field like any other; the connection is kept.
# Instead: Node's http.Agent, undici 7.30.2, aiohttp 3.14.5 and geventhttpclient 2.6.1 close (they
#   share a parser that takes it for Connection), and so does Apache HttpClient 5.6.5.
#   httpx 0.28.1 and java.net.http keep it.
# Matters: half of the clients of one service connect anew for each request, with nothing in the
#   Connection field to tell why.
# Seen 2026-11-28: connections for two requests: 2 2 2 2 2, httpx 1, java.net.http 1.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2
get_pip aiohttp==3.14.5 geventhttpclient==2.6.1 httpx==0.28.1
get_maven org.apache.httpcomponents.client5:httpclient5:5.6.5
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.ok("Proxy-Connection: close")
PY
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';
import { request } from 'undici';

const base = `http://127.0.0.1:${process.env.port}`;
const agent = new http.Agent({ keepAlive: true });
for (let i = 0; i < 2; i++) {
  await new Promise((done, failed) => http.get(`${base}/node`, { agent }, (r) => {
    r.resume().on('end', done);
  }).on('error', failed));
  await (await request(`${base}/undici`)).body.text();
  await new Promise((done) => setTimeout(done, 50));
}
process.exit();
JS
cat >"$tmp/find.py" <<'PY'
import asyncio
import os

import aiohttp
import httpx
from geventhttpclient import HTTPClient

port = os.environ["port"]
base = f"http://127.0.0.1:{port}"


async def with_aiohttp():
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.get(f"{base}/aiohttp") as answer:
                await answer.read()


asyncio.run(with_aiohttp())
with_gevent = HTTPClient("127.0.0.1", int(port))
with_httpx = httpx.Client()
for _ in range(2):
    with_gevent.get("/gevent").read()
    with_httpx.get(f"{base}/httpx")
PY
cat >"$tmp/Find.java" <<'JAVA'
import java.net.URI;
import java.net.http.*;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.*;
import org.apache.hc.core5.http.io.entity.EntityUtils;

public class Find {
    public static void main(String[] args) throws Exception {
        String base = "http://127.0.0.1:" + System.getenv("port");
        CloseableHttpClient apache = HttpClients.createDefault();
        HttpClient jdk = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        for (int i = 0; i < 2; i++) {
            apache.execute(new HttpGet(base + "/apache"), answer -> {
                EntityUtils.consume(answer.getEntity());
                return null;
            });
            jdk.send(HttpRequest.newBuilder(URI.create(base + "/jdk")).build(),
                HttpResponse.BodyHandlers.ofString());
            Thread.sleep(50);
        }
        System.exit(0);
    }
}
JAVA
run node find.mjs
run "$python" find.py
run_java Find.java

for client in node undici aiohttp gevent apache; do
	expect "connections of $client for two requests" 2 "$(conns /$client)"
done
for client in httpx jdk; do
	expect "connections of $client for two requests" 1 "$(conns /$client)"
done
find_end
