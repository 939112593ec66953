#!/bin/sh
# SPDX-License-Identifier: MIT
# A server sends `103 Early Hints` before its 200, as CDNs do, on a connection that it closes after.
# Guess: an interim answer is passed over (RFC 9110 15.2), the status is 200; all these libraries
#   know of 100 at least.
# Instead: requests 2.34.2 on Python 3.11 (its http.client knows only 100), LWP 6.68,
#   HttpURLConnection of JDK 17, AsyncHttpClient 3.0.2, attohttpc 0.31.0 and aiosonic 1.3.3 give 103
#   as the status and an answer without the body. The first four pass over a 100.
# Matters: 103 is no error to them, so nothing retries; the real 503 behind it is never seen.
# Seen 2026-11-28: 103 by all six; behind a 100: 200 200 200 200 100 100.
. "$(dirname "$0")/support/find.sh"

get_maven org.asynchttpclient:async-http-client:3.0.2
get_pip aiosonic==1.3.3 requests==2.34.2 urllib3==2.8.0
need perl -MLWP -e 1
echo "LWP $(perl -MLWP -e 'print LWP->VERSION')"
get_cargo 'attohttpc = { version = "=0.31.0", default-features = false }' <<'RUST'
fn main() {
    for kind in ["103", "100"] {
        let url = format!("http://127.0.0.1:{}/{kind}", std::env::var("port").unwrap());
        println!("attohttpc {kind} {}", attohttpc::get(url).send().unwrap().status().as_u16());
    }
}
RUST
serve <<'PY'
INTERIM = {"/103": "HTTP/1.1 103 Early Hints", "/100": "HTTP/1.1 100 Continue"}


def handle(conn):
    if conn.request():
        conn.send(INTERIM[conn.path])
        conn.ok("Connection: close")
PY
cat >"$tmp/Find.java" <<'JAVA'
import java.net.*;
import org.asynchttpclient.*;

public class Find {
    public static void main(String[] args) throws Exception {
        for (String kind : new String[] {"103", "100"}) {
            String url = "http://127.0.0.1:" + System.getenv("port") + "/" + kind;
            HttpURLConnection jdk = (HttpURLConnection) new URL(url).openConnection();
            System.out.println("jdk " + kind + " " + jdk.getResponseCode());
            AsyncHttpClient ahc = Dsl.asyncHttpClient();
            int status = ahc.prepareGet(url).execute().get().getStatusCode();
            System.out.println("ahc " + kind + " " + status);
            ahc.close();
        }
        System.exit(0);
    }
}
JAVA
cat >"$tmp/find.py" <<'PY'
import asyncio
import os

import aiosonic
import requests


async def main():
    for kind in "103", "100":
        url = f"http://127.0.0.1:{os.environ['port']}/{kind}"
        print("requests", kind, requests.get(url).status_code)
        async with aiosonic.HTTPClient() as client:
            answer = await client.get(url)
            print("aiosonic", kind, answer.status_code)


asyncio.run(main())
PY
{
	run_java Find.java
	run "$python" find.py
	run perl -MLWP::UserAgent -e \
		'print "lwp $_ ", LWP::UserAgent->new->get("http://127.0.0.1:$ENV{port}/$_")->code, "\n"
			for 103, 100'
	run crate/target/debug/find
} | tee "$tmp/out"

got() {
	grep "^$1 $2" "$tmp/out" | cut -d' ' -f3
}

for client in requests lwp jdk ahc attohttpc aiosonic; do
	expect "status that $client gives where a 103 comes first" 103 "$(got $client 103)"
done
for client in requests lwp jdk ahc; do
	expect "status that $client gives where a 100 comes first" 200 "$(got $client 100)"
done
for client in attohttpc aiosonic; do
	expect "status that $client gives where a 100 comes first" 100 "$(got $client 100)"
done
find_end
