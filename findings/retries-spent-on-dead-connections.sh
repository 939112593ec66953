#!/bin/sh
# SPDX-License-Identifier: MIT
# Eight GETs at once leave eight idle connections in the pool. The server has forgotten them, as after
#   a failover: each is closed when the next request comes on it; new connections are served. Then
#   one GET, with the retries that the client does by itself or three where it must be told.
# Guess: a retry goes over a fresh connection, so the GET is answered at the second try.
# Instead: the retry of ten takes the next idle connection from the pool, which is as dead, until
#   the retries are spent; the GET fails beside a healthy server. OkHttp and Go do so as well, but go
#   on until the pool is empty.
# Matters: a retry count that is below the size of the pool does not help where retries are for; a
#   POST that is retried so is sent as often.
# Versions: aiohttp 3.14.5, httpx-retries 0.6.0, java.net.http of JDK 17, Apache HttpClient 5.6.5
#   (classic), AsyncHttpClient 3.0.2, make-fetch-happen 14.0.3; with an agent that keeps connections
#   got 14.6.6, axios-retry 4.5.0, superagent 10.4.2, gaxios 7.3.1; not requests 2.34.2, urllib3
#   2.8.0, HttpURLConnection, OkHttp 5.5.1, Go 1.26.8, undici 7.30.2 (interceptors.retry).
# Seen 2026-11-29, GETs that the server read, and what the program got: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip requests==2.34.2 urllib3==2.8.0 aiohttp==3.14.5 httpx==0.28.1 httpx-retries==0.6.0
cat >"$tmp/find.py" <<'PY'
import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import httpx
import requests
import urllib3
from httpx_retries import Retry, RetryTransport
from requests.adapters import HTTPAdapter

base = f"http://127.0.0.1:{os.environ['port']}/"


def told(name, get):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(get, [base + name + "/first"] * 8))
    try:
        print(name, get(base + name))
    except (OSError, httpx.HTTPError, urllib3.exceptions.HTTPError):
        print(name, "an error")


async def by_aiohttp():
    async def get(url):
        async with session.get(url) as answer:
            await answer.read()
            return answer.status

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*[get(base + "aiohttp/first") for _ in range(8)])
        try:
            print("aiohttp", await get(base + "aiohttp"))
        except aiohttp.ClientError:
            print("aiohttp an error")

session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=3))
told("requests", lambda url: session.get(url).status_code)
pool = urllib3.PoolManager(maxsize=8)
told("urllib3", lambda url: pool.request("GET", url).status)
client = httpx.Client(transport=RetryTransport(retry=Retry(total=3, backoff_factor=0.01)))
told("httpx-retries", lambda url: client.get(url).status_code)
asyncio.run(by_aiohttp())
PY
get_maven com.squareup.okhttp3:okhttp-jvm:5.5.1 org.apache.httpcomponents.client5:httpclient5:5.6.5 \
	org.asynchttpclient:async-http-client:3.0.2
cat >"$tmp/Find.java" <<'JAVA'
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.*;
import java.util.concurrent.*;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.DefaultHttpRequestRetryStrategy;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.TimeValue;
import org.asynchttpclient.Dsl;

public class Find {
    interface Get { int get(String url) throws Exception; }

    static void told(String name, Get client) throws Exception {
        String url = "http://127.0.0.1:" + System.getenv("port") + "/" + name;
        ExecutorService threads = Executors.newFixedThreadPool(8);
        threads.invokeAll(Collections.nCopies(8, () -> client.get(url + "/first")));
        try {
            System.out.println(name + " " + client.get(url));
        } catch (Exception e) {
            System.out.println(name + " an error");
        }
    }

    public static void main(String[] args) throws Exception {
        System.setProperty("http.maxConnections", "8");
        HttpClient jdk = HttpClient.newHttpClient();
        told("jdk", u -> jdk.send(HttpRequest.newBuilder(URI.create(u))
            .version(HttpClient.Version.HTTP_1_1).build(), HttpResponse.BodyHandlers.ofString())
            .statusCode());
        told("urlconnection", u -> {
            HttpURLConnection connection = (HttpURLConnection) new URL(u).openConnection();
            connection.getInputStream().readAllBytes();
            return connection.getResponseCode();
        });
        OkHttpClient ok = new OkHttpClient.Builder()
            .connectionPool(new ConnectionPool(8, 5, TimeUnit.MINUTES)).build();
        told("okhttp", u -> {
            try (var answer = ok.newCall(new Request.Builder().url(u).build()).execute()) {
                answer.body().string();
                return answer.code();
            }
        });
        var manager = new PoolingHttpClientConnectionManager();
        manager.setDefaultMaxPerRoute(8);
        var apache = HttpClients.custom().setConnectionManager(manager).setRetryStrategy(
            new DefaultHttpRequestRetryStrategy(3, TimeValue.ofMilliseconds(10))).build();
        told("apache", u -> apache.execute(new HttpGet(u), r -> {
            EntityUtils.consume(r.getEntity());
            return r.getCode();
        }));
        var ahc = Dsl.asyncHttpClient();
        told("ahc", u -> ahc.prepareGet(u).execute().get().getStatusCode());
        System.exit(0);
    }
}
JAVA
get_npm got@14.6.6 axios@1.21.1 axios-retry@4.5.0 superagent@10.4.2 gaxios@7.3.1 \
	make-fetch-happen@14.0.3 undici@7.30.2
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { request } from 'gaxios';
import got from 'got';
import makeFetchHappen from 'make-fetch-happen';
import superagent from 'superagent';
import * as undici from 'undici';

const base = `http://127.0.0.1:${process.env.port}/`;
const agent = () => new http.Agent({ keepAlive: true });
const agents = { got: agent(), superagent: agent(), gaxios: agent() };
const withRetry = axios.create({ httpAgent: agent() });
axiosRetry(withRetry, { retries: 3 });
const dispatcher = new undici.Agent().compose(undici.interceptors.retry({
  maxRetries: 3, minTimeout: 10,
}));
const read = async (answer) => {
  await answer.text();
  return answer.status;
};
const clients = {
  got: (url) => got(url, { agent: { http: agents.got }, retry: { limit: 3, backoffLimit: 10 } })
    .then((answer) => answer.statusCode),
  'axios-retry': (url) => withRetry.get(url).then((answer) => answer.status),
  superagent: (url) => superagent.get(url).agent(agents.superagent).retry(3)
    .then((answer) => answer.status),
  gaxios: (url) => request({ url, agent: agents.gaxios, retry: true })
    .then((answer) => answer.status),
  'make-fetch-happen': (url) => makeFetchHappen(url, { retry: { retries: 3, minTimeout: 10 } })
    .then(read),
  undici: (url) => undici.fetch(url, { dispatcher }).then(read),
};
for (const [name, get] of Object.entries(clients)) {
  await Promise.all(Array.from({ length: 8 }, () => get(`${base}${name}/first`)));
  console.log(name, await get(base + name).catch(() => 'an error'));
}
process.exit();
JS
get_go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}

func get(url string) interface{} {
	answer, err := client.Get(url)
	if err != nil {
		return "an error"
	}
	io.ReadAll(answer.Body)
	answer.Body.Close()
	return answer.StatusCode
}

func main() {
	url := "http://127.0.0.1:" + os.Getenv("port") + "/go"
	var firsts sync.WaitGroup
	for i := 0; i < 8; i++ {
		firsts.Add(1)
		go func() {
			get(url + "/first")
			firsts.Done()
		}()
	}
	firsts.Wait()
	fmt.Println("go", get(url))
}
GO
serve <<'PY'
came = {}


def handle(conn):
    conn.request()
    if not conn.path.endswith("first"):
        conn.ok("Connection: close")
        return
    # Answered when all eight are there, so that there are eight connections.
    path = conn.path
    came.setdefault(path, set()).add(conn.number)
    end = time.monotonic() + 10
    while len(came[path]) < 8 and time.monotonic() < end:
        time.sleep(0.01)
    conn.ok()
    conn.request()
PY
{
	run "$python" find.py
	run node find.mjs
	run go/find
	run_java Find.java
} >"$tmp/told"

# expect_of NAME READS TOLD
expect_of() {
	expect "connections of $1" 8 "$(conns "/$1/first")"
	expect "GETs of $1" "$2" "$(reads GET "/$1")"
	expect "what it is told" "$1 $3" "$(grep "^$1 " "$tmp/told")"
}

for name in httpx-retries got axios-retry superagent make-fetch-happen apache; do
	expect_of $name 4 "an error"
done
expect_of gaxios 3 "an error"
expect_of aiohttp 2 "an error"
expect_of jdk 2 "an error"
expect_of ahc 6 "an error"
expect_of go 9 200
expect_of okhttp 9 200
for name in requests urllib3 urlconnection; do
	expect_of $name 2 200
done
expect "what it is told" "undici 200" "$(grep "^undici " "$tmp/told")"
find_end
