#!/bin/sh
# SPDX-License-Identifier: MIT
# Caches of clients hold an answer with max-age=1 and stale-if-error=60, or without the latter, or
#   with must-revalidate too. When it is stale the server closes without an answer, or says 503.
# Guess: who reads stale-if-error gives the old answer in both cases, as RFC 5861 4 counts as an
#   error what would be a 500, 502, 503 or 504; nobody does so without it or against must-revalidate.
# Instead: undici and got give it for the 503 only, and an error when the server is not there at all.
#   requests-cache and hishel do not read it; with stale_if_error=True requests-cache gives the old
#   answer against must-revalidate too. make-fetch-happen gives it for a lost connection without being
#   allowed to. Apache's cache is as guessed, but makes up a 504 in place of its client's exception.
# Matters: the cache that was to bridge a restart does not, as a restart is a lost connection first;
#   and who waits for an exception to try again gets a status.
# Versions: undici 7.30.2 (interceptors.cache), got 14.6.6, requests-cache 1.3.3 (cache_control), hishel
#   2.0.0 (rfc), make-fetch-happen 14.0.3, Apache HttpClient 5.6.5 (httpclient5-cache).
# Seen 2026-11-29: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_npm undici@7.30.2 got@14.6.6 make-fetch-happen@14.0.3
cat >"$tmp/find.mjs" <<'JS'
import got from 'got';
import makeFetchHappen from 'make-fetch-happen';
import * as undici from 'undici';

const base = `http://127.0.0.1:${process.env.port}/`;
const dispatcher = new undici.Agent().compose(undici.interceptors.cache());
const cache = new Map();
const clients = {
  undici: async (url) => {
    const answer = await undici.request(url, { dispatcher });
    return answer.statusCode === 200 ? answer.body.text() : answer.statusCode;
  },
  got: (url) => got(url, { cache, retry: { limit: 0 }, throwHttpErrors: false })
    .then((answer) => (answer.statusCode === 200 ? answer.body : answer.statusCode)),
  'make-fetch-happen': (url) => makeFetchHappen(url, { cachePath: 'cache', retry: false })
    .then((answer) => (answer.status === 200 ? answer.text() : answer.status)),
};
for (const round of ['first', 'then']) {
  for (const [name, get] of Object.entries(clients)) {
    for (const path of ['lost', '503', 'without', 'must']) {
      const told = await get(`${base}${name}/${path}`).catch(() => 'an error');
      if (round === 'then') console.log(name, path, told);
    }
  }
  await new Promise((done) => setTimeout(done, 2500));
}
process.exit();
JS
get_pip requests==2.34.2 requests-cache==1.3.3 hishel==2.0.0 httpx==0.28.1
cat >"$tmp/find.py" <<'PY'
import logging
import os
import time

import httpx
import requests
from hishel.httpx import CacheClient
from requests_cache import CachedSession

logging.disable()
base = f"http://127.0.0.1:{os.environ['port']}/"
clients = {
    "requests-cache": CachedSession(backend="memory", cache_control=True),
    "allowed": CachedSession(backend="memory", cache_control=True, stale_if_error=True),
    "hishel": CacheClient(rfc=True),
}
for then in (False, True):
    for name, client in clients.items():
        for path in ("lost", "503", "without", "must"):
            try:
                answer = client.get(f"{base}{name}/{path}")
                told = answer.text if answer.status_code == 200 else answer.status_code
            except (requests.RequestException, httpx.HTTPError):
                told = "an error"
            if then:
                print(name, path, told)
    time.sleep(2.5)
PY
get_maven org.apache.httpcomponents.client5:httpclient5-cache:5.6.5
cat >"$tmp/Find.java" <<'JAVA'
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.cache.CachingHttpClients;
import org.apache.hc.core5.http.io.entity.EntityUtils;

public class Find {
    public static void main(String[] args) throws Exception {
        String base = "http://127.0.0.1:" + System.getenv("port") + "/apache/";
        var client = CachingHttpClients.createMemoryBound();
        for (int round = 0; round < 2; round++) {
            for (String path : new String[] {"lost", "503", "without", "must"}) {
                String told;
                try {
                    told = client.execute(new HttpGet(base + path), answer -> {
                        String body = EntityUtils.toString(answer.getEntity());
                        return answer.getCode() == 200 ? body : "" + answer.getCode();
                    });
                } catch (Exception e) {
                    told = "an error";
                }
                if (round == 1) System.out.println("apache " + path + " " + told);
            }
            Thread.sleep(2500);
        }
        System.exit(0);
    }
}
JAVA
serve <<'PY'
seen = set()
ALLOWED = {"without": "", "must": ", must-revalidate, stale-if-error=60"}


def handle(conn):
    while conn.request():
        how = conn.path.split("/")[-1]
        if conn.path in seen and how != "503":
            return
        if conn.path in seen:
            conn.send("HTTP/1.1 503 No", "Content-Length: 0")
            continue
        seen.add(conn.path)
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        allowed = ALLOWED.get(how, ", stale-if-error=60")
        conn.send("HTTP/1.1 200 OK", "Date: " + date, 'ETag: "1"', "Content-Type: text/plain",
                  "Cache-Control: max-age=1" + allowed, "Content-Length: 3", body="old")
PY
{
	run node find.mjs
	run "$python" find.py
	run_java Find.java
} >"$tmp/out"

# told NAME: what it gives, in the order of the names of expect_of.
told() {
	for path in lost 503 without must; do
		sed -n "s/^$1 $path //p" "$tmp/out"
	done | paste -sd/
}

# expect_of NAME TOLD: of a lost connection, a 503, a loss without stale-if-error, with must-revalidate.
expect_of() {
	expect "loss/503/not allowed/must-revalidate, $1" "$2" "$(told "$1")"
}

expect_of undici "an error/old/an error/an error"
expect_of got "an error/old/an error/an error"
expect_of requests-cache "an error/503/an error/an error"
expect_of allowed old/old/old/old
expect_of hishel "an error/503/an error/an error"
expect_of make-fetch-happen "old/old/old/an error"
expect_of apache old/old/504/504
find_end
