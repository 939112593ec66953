#!/bin/sh
# SPDX-License-Identifier: MIT
# An answer over TLS without a Content-Length, so that its end is that of the connection; the server
#   dies in the middle: the TCP connection ends without TLS's close_notify.
# Guess: TLS tells this from an end, and RFC 9112 9.8 calls the response complete "only if a valid
#   closure alert has been received": an error, but in Python and Node, whose TLS is told to bear it.
# Instead: seventeen of twenty give the half as the whole, with no error, those of Go and Java too.
#   Of the two that are libcurl with OpenSSL, only the newer one sees it.
# Matters: what came before the server died is stored as the file; no retry is made.
# Versions: Python 3.11 with urllib, httpx 0.28.1, aiohttp 3.14.5, Tornado 6.6.1; Node 20.20.2 with
#   https, undici 7.30.2, got 14.6.6; Go 1.26.8; JDK 17 with java.net.http, HttpURLConnection, OkHttp
#   5.5.1, Apache HttpClient 5.6.5 (classic and async), Jetty's client 12.1.14; LWP 6.68, HTTP::Tiny
#   0.080; curl 7.88.1 of Debian; not PycURL 7.49.0 from PyPI, wget 1.21.3, Net::HTTP of Ruby 3.1.
# Seen 2026-11-29 with TLS 1.3 (1.2 is the same): see the expectations.
. "$(dirname "$0")/support/find.sh"

need openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$tmp/key.pem" -out "$tmp/cert.pem"
need keytool -importcert -noprompt -file "$tmp/cert.pem" -alias own -keystore "$tmp/trust" \
	-storetype PKCS12 -storepass secret
cat >"$tmp/server.py" <<'PY'
import os
import socket
import ssl
import sys

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
listener.settimeout(300)
while True:
    sock = listener.accept()[0]
    try:
        sock = context.wrap_socket(sock, server_side=True)
        if sock.recv(65536):
            sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf")
    except OSError:
        pass
    os.close(sock.detach())
PY
get_pip httpx==0.28.1 aiohttp==3.14.5 tornado==6.6.1 pycurl==7.49.0
cat >"$tmp/find.py" <<'PY'
import asyncio
import io
import ssl
import sys
import urllib.request

import aiohttp
import httpx
import pycurl
from tornado.httpclient import AsyncHTTPClient

url = sys.argv[1]
context = ssl.create_default_context(cafile="cert.pem")


async def by_aiohttp():
    async with aiohttp.ClientSession() as session:
        async with session.get(url, ssl=context) as answer:
            return await answer.read()


async def by_tornado():
    return (await AsyncHTTPClient().fetch(url, ca_certs="cert.pem")).body


def by_pycurl():
    curl, body = pycurl.Curl(), io.BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.CAINFO, "cert.pem")
    curl.setopt(pycurl.WRITEFUNCTION, body.write)
    curl.perform()
    return body.getvalue()

clients = {
    "urllib": lambda: urllib.request.urlopen(url, context=context).read(),
    "httpx": lambda: httpx.get(url, verify=context).content,
    "aiohttp": lambda: asyncio.run(by_aiohttp()),
    "tornado": lambda: asyncio.run(by_tornado()),
    "pycurl": by_pycurl,
}
for name, get in clients.items():
    try:
        told = get().decode()
    except pycurl.error:
        told = "an error"
    print(name, told)
PY
get_npm undici@7.30.2 got@14.6.6
cat >"$tmp/find.mjs" <<'JS'
import fs from 'node:fs';
import https from 'node:https';
import got from 'got';
import { Agent, request } from 'undici';

const url = process.argv[2];
const ca = fs.readFileSync('cert.pem');
const agent = new https.Agent({ ca });
const byHttps = new Promise((done, failed) => {
  https.get(url, { agent }, async (answer) => {
    try {
      done(Buffer.concat(await answer.toArray()).toString());
    } catch (e) {
      failed(e);
    }
  }).on('error', failed);
});
const clients = {
  https: byHttps,
  undici: request(url, { dispatcher: new Agent({ connect: { ca } }) }).then((r) => r.body.text()),
  got: got(url, { agent: { https: agent }, retry: { limit: 0 } }).then((r) => r.body),
};
for (const [name, told] of Object.entries(clients)) {
  console.log(name, await told.catch(() => 'an error'));
}
process.exit();
JS
get_go <<'GO'
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	pem, _ := os.ReadFile("cert.pem")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	answer, err := http.Get(os.Args[1])
	if err == nil {
		var body []byte
		if body, err = io.ReadAll(answer.Body); err == nil {
			fmt.Println("go", string(body))
			return
		}
	}
	fmt.Println("go an error", err)
}
GO
get_maven com.squareup.okhttp3:okhttp-jvm:5.5.1 org.eclipse.jetty:jetty-client:12.1.14 \
	org.apache.httpcomponents.client5:httpclient5:5.6.5
cat >"$tmp/Find.java" <<'JAVA'
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.io.entity.EntityUtils;

public class Find {
    interface Get { String body() throws Exception; }

    static void told(String name, Get get) {
        try {
            System.out.println(name + " " + get.body());
        } catch (Exception e) {
            System.out.println(name + " an error " + e);
        }
    }

    public static void main(String[] args) throws Exception {
        String url = args[0];
        told("jdk", () -> HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url))
            .build(), HttpResponse.BodyHandlers.ofString()).body());
        told("urlconnection", () -> new String(new URL(url).openStream().readAllBytes()));
        told("okhttp", () -> new OkHttpClient().newCall(new Request.Builder().url(url).build())
            .execute().body().string());
        told("apache", () -> HttpClients.createSystem().execute(new HttpGet(url),
            answer -> EntityUtils.toString(answer.getEntity())));
        var async = HttpAsyncClients.createSystem();
        async.start();
        told("apache-async", () -> async.execute(SimpleRequestBuilder.get(url).build(), null)
            .get().getBodyText());
        var jetty = new org.eclipse.jetty.client.HttpClient();
        jetty.start();
        told("jetty", () -> jetty.GET(url).getContentAsString());
        System.exit(0);
    }
}
JAVA
cat >"$tmp/find.pl" <<'PL'
use HTTP::Tiny;
use LWP::UserAgent;
my %own = (SSL_ca_file => 'cert.pem');
my $lwp = LWP::UserAgent->new(ssl_opts => \%own)->get($ARGV[0]);
my $why = join ' ', grep { $_ } map { $lwp->header($_) } qw(Client-Aborted X-Died);
print 'lwp ', $lwp->is_success ? $lwp->content . $why : 'an error', "\n";
my $tiny = HTTP::Tiny->new(verify_SSL => 1, SSL_options => \%own)->get($ARGV[0]);
print 'tiny ', $tiny->{success} ? $tiny->{content} : 'an error', "\n";
PL
cat >"$tmp/find.rb" <<'RB'
require 'net/http'
http = Net::HTTP.new('localhost', URI(ARGV[0]).port)
http.use_ssl = true
http.ca_file = 'cert.pem'
begin
  puts "ruby #{http.start { |started| started.get('/').body }}"
rescue OpenSSL::SSL::SSLError
  puts 'ruby an error'
end
RB
own=$(free_port)
url=https://localhost:$own/
(cd "$tmp" && exec python3 server.py "$own") &
started=$!
until grep -q "$(printf ':%04X 00000000:0000 0A' "$own")" /proc/net/tcp; do
	sleep 0.1
done
{
	run "$python" find.py "$url"
	run node find.mjs "$url"
	run go/find "$url"
	run_java -Djavax.net.ssl.trustStore=trust -Djavax.net.ssl.trustStorePassword=secret \
		Find.java "$url"
	run perl find.pl "$url"
	run ruby find.rb "$url"
	echo "curl $(run curl -s --cacert cert.pem "$url" || echo "an error")"
	echo "wget $(run wget -q --tries 1 -O - --ca-certificate=cert.pem "$url" || echo ", an error")"
} >"$tmp/told"

for name in urllib httpx aiohttp tornado https undici got go jdk urlconnection okhttp apache \
	apache-async jetty lwp tiny curl; do
	expect "what $name gives" "$name half" "$(grep "^$name " "$tmp/told")"
done
for name in pycurl ruby; do
	expect "what $name gives" "$name an error" "$(grep "^$name " "$tmp/told")"
done
expect "what wget gives" "wget half, an error" "$(grep ^wget "$tmp/told")"
find_end
