#!/bin/sh
# SPDX-License-Identifier: MIT
# Apache HttpClient 5.6.5, both clients as they come. The server closes a kept-alive connection
# when the second GET on it arrives.
# Guess: both clients have the same retry strategy, one retry of idempotent requests: 200 and 200.
# Instead: only the classic one does it. The same close is a NoHttpResponseException there, and a
#   ConnectionClosedException in the async client, which stands on the strategy's list of what is
#   not worth a retry.
# Matters: who moves from classic to async for speed begins to see the keep-alive race.
# Seen 2026-11-28: classic 200 (GET sent twice), async ConnectionClosedException (sent once).
. "$(dirname "$0")/support/find.sh"

get_maven org.apache.httpcomponents.client5:httpclient5:5.6.5
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.requests > 1:
            return
        conn.ok()
PY
cat >"$tmp/Find.java" <<'JAVA'
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.async.*;
import org.apache.hc.client5.http.impl.classic.*;
import org.apache.hc.core5.http.io.entity.EntityUtils;

public class Find {
    interface Get { int status(String url) throws Exception; }

    static void twice(String name, Get client) throws Exception {
        String base = "http://127.0.0.1:" + System.getenv("port");
        client.status(base + "/first");
        Thread.sleep(50);
        try {
            System.out.println(name + " " + client.status(base + "/" + name));
        } catch (Exception e) {
            Throwable why = e.getCause() == null ? e : e.getCause();
            System.out.println(name + " " + why.getClass().getSimpleName());
        }
    }

    public static void main(String[] args) throws Exception {
        CloseableHttpClient classic = HttpClients.createDefault();
        twice("classic", url -> classic.execute(new HttpGet(url), answer -> {
            EntityUtils.consume(answer.getEntity());
            return answer.getCode();
        }));
        CloseableHttpAsyncClient async = HttpAsyncClients.createDefault();
        async.start();
        twice("async", url ->
            async.execute(SimpleHttpRequest.create("GET", url), null).get().getCode());
        System.exit(0);
    }
}
JAVA
run_java Find.java >"$tmp/out"

expect "the classic client" "classic 200" "$(grep '^classic' "$tmp/out")"
expect "times it sent the GET" 2 "$(reads GET /classic)"
expect "the async client" "async ConnectionClosedException" "$(grep '^async' "$tmp/out")"
expect "times it sent the GET" 1 "$(reads GET /async)"
find_end
