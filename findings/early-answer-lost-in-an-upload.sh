#!/bin/sh
# SPDX-License-Identifier: MIT
# A POST of 30 MB. The server answers 413 with Connection: close while the body still comes, closes
#   its side and reads on for a second before it closes, as Apache does and RFC 9112 9.6 advises.
# Guess: each client stops, or finds out when a write fails, and gives the 413; RFC 9112
#   9.5 asks it to watch for an answer while it sends.
# Instead: seven give a broken pipe, though the answer lies in their socket. HttpURLConnection sends
#   the POST once more before that, wget again and again.
# Matters: "too large", "not allowed" or "log in first" reads as a network fault, which retries then
#   meet with the same upload.
# Versions: urllib of Python 3.11, HTTP::Tiny 0.080, wget 1.21.3, HttpURLConnection of JDK 17, Apache
#   HttpClient 5.6.5 (classic), Jetty's client 12.1.14, AsyncHttpClient 3.0.2; not curl 7.88.1,
#   requests 2.34.2, httpx 0.28.1, aiohttp 3.14.5, LWP 6.68, Net::HTTP of Ruby 3.1, Go 1.26.8, Node
#   20.20.2, java.net.http, OkHttp 5.5.1, Apache's async client.
# Seen 2026-11-29: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_pip requests==2.34.2 httpx==0.28.1 aiohttp==3.14.5
cat >"$tmp/find.py" <<'PY'
import asyncio
import os
import urllib.error
import urllib.request

import aiohttp
import httpx
import requests

base = f"http://127.0.0.1:{os.environ['port']}/"
body = bytes(30_000_000)


def by_urllib(url):
    try:
        return urllib.request.urlopen(url, data=body).status
    except urllib.error.HTTPError as error:
        return error.code


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=body) as answer:
            return answer.status

clients = {
    "urllib": by_urllib,
    "requests": lambda url: requests.post(url, data=body).status_code,
    "httpx": lambda url: httpx.post(url, content=body).status_code,
    "aiohttp": lambda url: asyncio.run(by_aiohttp(url)),
}
for name, send in clients.items():
    try:
        told = send(base + name)
    except OSError:
        told = "an error"
    print(name, told)
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
import okhttp3.*;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.asynchttpclient.Dsl;
import org.eclipse.jetty.client.BytesRequestContent;

public class Find {
    interface Post { int send(String url) throws Exception; }

    static final byte[] body = new byte[30000000];

    static void told(String name, Post post) {
        Object told;
        try {
            told = post.send("http://127.0.0.1:" + System.getenv("port") + "/" + name);
        } catch (Exception e) {
            told = "an error";
        }
        System.out.println(name + " " + told);
    }

    static int jdk(String url) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
            .version(HttpClient.Version.HTTP_1_1)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body)).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding())
            .statusCode();
    }

    static int urlConnection(String url) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        connection.setDoOutput(true);
        connection.getOutputStream().write(body);
        return connection.getResponseCode();
    }

    static int okhttp(String url) throws Exception {
        Request request = new Request.Builder().url(url).post(RequestBody.create(body)).build();
        return new OkHttpClient().newCall(request).execute().code();
    }

    static int apache(String url) throws Exception {
        HttpPost request = new HttpPost(url);
        request.setEntity(new ByteArrayEntity(body, null));
        return HttpClients.createDefault().execute(request, r -> r.getCode());
    }

    static int apacheAsync(String url) throws Exception {
        var client = HttpAsyncClients.createDefault();
        client.start();
        return client.execute(SimpleRequestBuilder.post(url)
            .setBody(body, ContentType.TEXT_PLAIN).build(), null).get().getCode();
    }

    static int jetty(String url) throws Exception {
        var client = new org.eclipse.jetty.client.HttpClient();
        client.start();
        return client.newRequest(url).method("POST").body(new BytesRequestContent(body)).send()
            .getStatus();
    }

    static int ahc(String url) throws Exception {
        return Dsl.asyncHttpClient().preparePost(url).setBody(body).execute().get()
            .getStatusCode();
    }

    public static void main(String[] args) {
        told("jdk", Find::jdk);
        told("urlconnection", Find::urlConnection);
        told("okhttp", Find::okhttp);
        told("apache", Find::apache);
        told("apache-async", Find::apacheAsync);
        told("jetty", Find::jetty);
        told("ahc", Find::ahc);
        System.exit(0);
    }
}
JAVA
get_go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
)

func main() {
	body := bytes.NewReader(make([]byte, 30000000))
	url := "http://127.0.0.1:" + os.Getenv("port") + "/go"
	answer, err := http.Post(url, "text/plain", body)
	if err != nil {
		fmt.Println("go an error")
		return
	}
	fmt.Println("go", answer.StatusCode)
}
GO
cat >"$tmp/find.mjs" <<'JS'
import http from 'node:http';

const url = `http://127.0.0.1:${process.env.port}/node`;
const request = http.request(url, { method: 'POST' }, (answer) => {
  console.log('node', answer.statusCode);
  process.exit();
});
request.on('error', () => console.log('node an error'));
request.end(Buffer.alloc(30000000));
JS
cat >"$tmp/find.pl" <<'PL'
use HTTP::Tiny;
use LWP::UserAgent;
my ($base, $body) = ("http://127.0.0.1:$ENV{port}", 'x' x 30_000_000);
my $tiny = HTTP::Tiny->new->post("$base/tiny", { content => $body });
print 'tiny ', $tiny->{status} == 599 ? 'an error' : $tiny->{status}, "\n";
my $lwp = LWP::UserAgent->new->post("$base/lwp", Content => $body);
print 'lwp ', $lwp->code, "\n";
PL
cat >"$tmp/find.rb" <<'RB'
require 'net/http'
url = URI("http://127.0.0.1:#{ENV['port']}/ruby")
puts "ruby #{Net::HTTP.post(url, 'x' * 30_000_000).code}"
RB
head -c 30000000 /dev/zero >"$tmp/body"
serve <<'PY'
import socket


def handle(conn):
    head = conn._until(b"\r\n\r\n")
    path = head.decode().split(" ")[1]
    print(conn.number, 1, "POST", path, file=conn.log, flush=True)
    came = len(conn.buffered)
    while came < 65536:
        came += len(conn.sock.recv(65536))
    conn.send("HTTP/1.1 413 Too Large", "Connection: close", "Content-Length: 3", body="big")
    conn.sock.shutdown(socket.SHUT_WR)
    end = time.monotonic() + 1
    while time.monotonic() < end and conn.sock.recv(16384):
        time.sleep(0.01)
PY
{
	run "$python" find.py
	run go/find
	run node find.mjs
	run perl find.pl
	run ruby find.rb
	run curl -s -o "$tmp/null" -w 'curl %{http_code}\n' -H Expect: --data-binary @body \
		"http://127.0.0.1:$port/curl"
	run_java Find.java
} >"$tmp/told"
run timeout 15 wget -q -O "$tmp/null" --post-file=body "http://127.0.0.1:$port/wget"
tries=$(reads POST /wget)

for name in httpx aiohttp requests ruby go node lwp curl jdk okhttp apache-async; do
	expect "what $name says" "$name 413" "$(grep "^$name " "$tmp/told")"
done
for name in urllib tiny urlconnection apache jetty ahc; do
	expect "what $name says" "$name an error" "$(grep "^$name " "$tmp/told")"
done
expect "POSTs of HttpURLConnection" 2 "$(reads POST /urlconnection)"
expect "POSTs of wget in 15 s are more than three" yes "$([ "$tries" -gt 3 ] && echo yes)"
expect "POSTs of Apache" 1 "$(reads POST /apache)"
find_end
