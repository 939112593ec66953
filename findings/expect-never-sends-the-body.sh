#!/bin/sh
# SPDX-License-Identifier: MIT
# A POST with Expect: 100-continue to a server that does not know the field and just waits for the
#   body, as those of HTTP/1.0 do and as RFC 9110 10.1.1 allows for.
# Guess: the body comes after a second or so, as the RFC asks ("SHOULD NOT wait for an indefinite
#   period").
# Instead: five never send it, and the request fails when its own time is over, ten seconds here. LWP
#   waits two seconds and then fails with a message about its own variables. HttpURLConnection sends
#   it after five seconds.
# Matters: the same upload works with curl and fails here, as does each retry of it.
# Versions: aiohttp 3.14.5 (expect100), Tornado 6.6.1 (expect_100_continue), java.net.http of JDK 17
#   (expectContinue), OkHttp 5.5.1, Jetty's client 12.1.14, LWP 6.68; not curl 7.88.1, Go 1.26.8,
#   Apache HttpClient 5.6.5 (classic and async), AsyncHttpClient 3.0.2, Net::HTTP of Ruby 3.1.
# Seen 2026-11-29, seconds until the body came, within 15: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip aiohttp==3.14.5 tornado==6.6.1
cat >"$tmp/find.py" <<'PY'
import asyncio
import os

import aiohttp
from tornado.httpclient import AsyncHTTPClient

url = f"http://127.0.0.1:{os.environ['port']}/"


async def aio():
    limit = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=limit) as session:
        await session.post(url + "aiohttp", data=b"x", expect100=True)


async def tornado():
    await AsyncHTTPClient().fetch(url + "tornado", method="POST", body=b"x",
                                  expect_100_continue=True, request_timeout=10)


async def main():
    await asyncio.wait([asyncio.ensure_future(aio()), asyncio.ensure_future(tornado())], timeout=15)
    os._exit(0)

asyncio.run(main())
PY
get_maven com.squareup.okhttp3:okhttp-jvm:5.5.1 org.eclipse.jetty:jetty-client:12.1.14 \
	org.apache.httpcomponents.client5:httpclient5:5.6.5 org.asynchttpclient:async-http-client:3.0.2
cat >"$tmp/Find.java" <<'JAVA'
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.*;
import okhttp3.*;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.asynchttpclient.Dsl;
import org.eclipse.jetty.client.StringRequestContent;

public class Find {
    static final String NAME = "Expect", VALUE = "100-continue";
    static final RequestConfig APACHE =
        RequestConfig.custom().setExpectContinueEnabled(true).build();
    static final String url = "http://127.0.0.1:" + System.getenv("port") + "/";

    static Object jdk() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "jdk"))
            .version(HttpClient.Version.HTTP_1_1).expectContinue(true)
            .timeout(java.time.Duration.ofSeconds(10))
            .POST(HttpRequest.BodyPublishers.ofString("x")).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
    }

    static Object urlConnection() throws Exception {
        HttpURLConnection c = (HttpURLConnection) new URL(url + "urlconnection").openConnection();
        c.setDoOutput(true);
        c.setRequestProperty(NAME, VALUE);
        c.setFixedLengthStreamingMode(1);
        c.getOutputStream().write('x');
        return c.getResponseCode();
    }

    static Object okhttp() throws Exception {
        Request request = new Request.Builder().url(url + "okhttp").header(NAME, VALUE)
            .post(RequestBody.create(new byte[1])).build();
        return new OkHttpClient().newCall(request).execute();
    }

    static Object apache() throws Exception {
        HttpPost request = new HttpPost(url + "apache");
        request.setConfig(APACHE);
        request.setEntity(new StringEntity("x"));
        return HttpClients.createDefault().execute(request, r -> r.getCode());
    }

    static Object apacheAsync() throws Exception {
        SimpleHttpRequest request = SimpleRequestBuilder.post(url + "apache-async")
            .setBody("x", ContentType.TEXT_PLAIN).build();
        request.setConfig(APACHE);
        var client = HttpAsyncClients.createDefault();
        client.start();
        return client.execute(request, null).get();
    }

    static Object jetty() throws Exception {
        var client = new org.eclipse.jetty.client.HttpClient();
        client.start();
        return client.newRequest(url + "jetty").method("POST").headers(h -> h.put(NAME, VALUE))
            .timeout(10, TimeUnit.SECONDS).body(new StringRequestContent("x")).send();
    }

    static Object ahc() throws Exception {
        return Dsl.asyncHttpClient().preparePost(url + "ahc").setHeader(NAME, VALUE).setBody("x")
            .execute().get();
    }

    public static void main(String[] args) throws Exception {
        ExecutorService all = Executors.newCachedThreadPool();
        Callable<?>[] posts = {
            Find::jdk, Find::urlConnection, Find::okhttp, Find::apache, Find::apacheAsync,
            Find::jetty, Find::ahc,
        };
        for (Callable<?> post : posts) all.submit(post);
        all.shutdown();
        all.awaitTermination(15, TimeUnit.SECONDS);
        System.exit(0);
    }
}
JAVA
get_go <<'GO'
package main

import (
	"net/http"
	"os"
	"strings"
)

func main() {
	url := "http://127.0.0.1:" + os.Getenv("port") + "/go"
	request, _ := http.NewRequest("POST", url, strings.NewReader("x"))
	request.Header.Set("Expect", "100-continue")
	http.DefaultClient.Do(request)
}
GO
cat >"$tmp/find.pl" <<'PL'
use LWP::UserAgent;
print LWP::UserAgent->new->post("http://127.0.0.1:$ENV{port}/lwp", Expect => '100-continue',
	Content => 'x')->status_line;
PL
cat >"$tmp/find.rb" <<'RB'
require 'net/http'
url = URI("http://127.0.0.1:#{ENV['port']}/ruby")
Net::HTTP.post(url, 'x', 'Expect' => '100-continue')
RB
serve <<'PY'
def handle(conn):
    head = conn._until(b"\r\n\r\n").decode()
    path = head.split(" ")[1] if "100-continue" in head.lower() else "without"
    asked = time.monotonic()
    came = conn.buffered or conn._more()
    after = round(time.monotonic() - asked) if came else "never"
    print(path, after, file=conn.log, flush=True)
    if came:
        conn.ok("Connection: close")
PY
run curl -s -H 'Expect: 100-continue' -d x "http://127.0.0.1:$port/curl" >"$tmp/null"
run go/find
run ruby find.rb
told=$(run perl find.pl)
run "$python" find.py &
asked=$!
run_java Find.java >"$tmp/null"
wait $asked
sleep 0.5

# came PATH: seconds until its body came.
came() {
	awk -v p="/$1" '$1 == p { print $2 }' "$tmp/seen"
}

for name in aiohttp tornado jdk okhttp jetty lwp; do
	expect "the body of $name comes" never "$(came $name)"
done
expect "LWP's answer" "500 Can't use an undefined value as a SCALAR reference" "$told"
expect "seconds until the body of HttpURLConnection" 5 "$(came urlconnection)"
for name in apache apache-async; do
	expect "seconds until the body of $name" 3 "$(came $name)"
done
for name in curl go; do
	expect "seconds until the body of $name" 1 "$(came $name)"
done
for name in ahc ruby; do
	expect "seconds until the body of $name" 0 "$(came $name)"
done
find_end
