#!/bin/sh
# SPDX-License-Identifier: MIT
# Four GETs at once leave four idle connections, answered one after the other; then six GETs in turn.
#   Which of the four does the pool give out?
# Guess: the one that was used last, as it is the least likely to be dead, and the others run out.
# Instead: aiohttp, java.net.http and make-fetch-happen give out the one that has been idle for the
#   longest, so each in turn; httpx, undici and OkHttp one that has its place by when it was opened.
# Matters: after a burst a low load keeps all connections open, each idle for so many times as long,
#   and what is drawn is the one whose timeout at the server is nearest.
# Versions: aiohttp 3.14.5, java.net.http of JDK 17, make-fetch-happen 14.0.3; httpx 0.28.1, undici
#   7.30.2, OkHttp 5.5.1; not requests 2.34.2, urllib3 2.8.0, Go 1.26.8, HttpURLConnection, Apache
#   HttpClient 5.6.5, AsyncHttpClient 3.0.2, Node 20.20.2 (http.Agent).
# Seen 2026-11-29, 4 being that which was used last: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip requests==2.34.2 urllib3==2.8.0 httpx==0.28.1 aiohttp==3.14.5
cat >"$tmp/find.py" <<'PY'
import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import httpx
import requests
import urllib3

base = f"http://127.0.0.1:{os.environ['port']}/"


def in_turn(name, get):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(get, [base + name + "/burst"] * 4))
    for _ in range(6):
        get(base + name)
        time.sleep(0.05)


async def by_aiohttp():
    async def get(url):
        async with session.get(url) as answer:
            await answer.read()

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*[get(base + "aiohttp/burst") for _ in range(4)])
        for _ in range(6):
            await get(base + "aiohttp")
            await asyncio.sleep(0.05)

in_turn("requests", requests.Session().get)
pool = urllib3.PoolManager(maxsize=4)
in_turn("urllib3", lambda url: pool.request("GET", url))
in_turn("httpx", httpx.Client().get)
asyncio.run(by_aiohttp())
PY
get_maven com.squareup.okhttp3:okhttp-jvm:5.5.1 org.apache.httpcomponents.client5:httpclient5:5.6.5 \
	org.asynchttpclient:async-http-client:3.0.2
cat >"$tmp/Find.java" <<'JAVA'
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.concurrent.*;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.asynchttpclient.Dsl;

public class Find {
    interface Get { Object get(String url) throws Exception; }

    static void inTurn(String name, Get client) throws Exception {
        String url = "http://127.0.0.1:" + System.getenv("port") + "/" + name;
        Executors.newFixedThreadPool(4)
            .invokeAll(Collections.nCopies(4, () -> client.get(url + "/burst")));
        for (int i = 0; i < 6; i++) {
            client.get(url);
            Thread.sleep(50);
        }
    }

    public static void main(String[] args) throws Exception {
        HttpClient jdk = HttpClient.newHttpClient();
        inTurn("jdk", u -> jdk.send(HttpRequest.newBuilder(URI.create(u))
            .version(HttpClient.Version.HTTP_1_1).build(), HttpResponse.BodyHandlers.ofString()));
        inTurn("urlconnection", u -> new URL(u).openStream().readAllBytes());
        OkHttpClient ok = new OkHttpClient();
        inTurn("okhttp", u -> {
            try (var answer = ok.newCall(new Request.Builder().url(u).build()).execute()) {
                return answer.body().string();
            }
        });
        var manager = new PoolingHttpClientConnectionManager();
        manager.setDefaultMaxPerRoute(4);
        var apache = HttpClients.custom().setConnectionManager(manager).build();
        inTurn("apache", u -> apache.execute(new HttpGet(u),
            answer -> EntityUtils.toString(answer.getEntity())));
        var ahc = Dsl.asyncHttpClient();
        inTurn("ahc", u -> ahc.prepareGet(u).execute().get());
        System.exit(0);
    }
}
JAVA
get_npm undici@7.30.2 make-fetch-happen@14.0.3
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';
import makeFetchHappen from 'make-fetch-happen';
import { request } from 'undici';

const agent = new http.Agent({ keepAlive: true });
const clients = {
  node: (url) => new Promise((done) => {
    http.get(url, { agent }, (answer) => answer.resume().on('end', done));
  }),
  undici: (url) => request(url).then((answer) => answer.body.text()),
  'make-fetch-happen': (url) => makeFetchHappen(url).then((answer) => answer.text()),
};
for (const [name, get] of Object.entries(clients)) {
  const url = `http://127.0.0.1:${process.env.port}/${name}`;
  await Promise.all(Array.from({ length: 4 }, () => get(`${url}/burst`)));
  for (let i = 0; i < 6; i++) {
    await get(url);
    await new Promise((done) => setTimeout(done, 50));
  }
}
process.exit();
JS
get_go <<'GO'
package main

import (
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}

func get(url string) {
	answer, err := client.Get(url)
	if err == nil {
		io.ReadAll(answer.Body)
		answer.Body.Close()
	}
}

func main() {
	url := "http://127.0.0.1:" + os.Getenv("port") + "/go"
	var burst sync.WaitGroup
	for i := 0; i < 4; i++ {
		burst.Add(1)
		go func() {
			get(url + "/burst")
			burst.Done()
		}()
	}
	burst.Wait()
	for i := 0; i < 6; i++ {
		get(url)
		time.Sleep(50 * time.Millisecond)
	}
}
GO
serve <<'PY'
import threading

lock = threading.Lock()
came, turn = {}, {}


def burst(conn):
    """Answers the four of a burst one after the other, and notes the turn of each connection."""
    with lock:
        place = came[conn.path] = came.get(conn.path, 0) + 1
    end = time.monotonic() + 10
    while came[conn.path] < 4 and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(0.25 * place)
    turn[conn.number] = place


def handle(conn):
    while conn.request():
        if conn.path.endswith("/burst"):
            burst(conn)
        else:
            print("drew", conn.path[1:], turn.get(conn.number, "new"), file=conn.log, flush=True)
        conn.ok()
PY
{
	run "$python" find.py
	run node find.mjs
	run go/find
	run_java Find.java
} >"$tmp/out"

# drew NAME: which of the four was given out for each of the six.
drew() {
	awk -v name="$1" '$1 == "drew" && $2 == name { printf "%s%s", n++ ? " " : "", $3 }' "$tmp/seen"
}

for name in aiohttp jdk make-fetch-happen; do
	expect "the pool of $name gives out" "1 2 3 4 1 2" "$(drew $name)"
done
# Which one it is, is the order in which they were accepted: not known here.
for name in httpx undici okhttp; do
	expect "connections that the pool of $name gives out" 1 "$(conns /$name)"
done
for name in requests urllib3 go urlconnection apache ahc node; do
	expect "the pool of $name gives out" "4 4 4 4 4 4" "$(drew $name)"
done
find_end
