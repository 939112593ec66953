#!/bin/sh
# SPDX-License-Identifier: MIT
# AsyncHttpClient 3.0.2, no setting changed. A server reads each request and closes without answer.
# Guess: the GET is tried a few times, the POST once, as nobody knows whether it was carried out.
# Instead: GET and POST alike are sent six times (maxRequestRetry is 5 and does not look at the
#   method), over six fresh connections too, in a few milliseconds.
# Matters: one POST under a server that dies while it works is up to six orders.
# Seen 2026-11-28: GET 6, POST 6; with setMaxRequestRetry(0) POST 1.
. "$(dirname "$0")/support/find.sh"

get_maven org.asynchttpclient:async-http-client:3.0.2
serve <<'PY'
def handle(conn):
    conn.request()
PY
cat >"$tmp/Find.java" <<'JAVA'
import org.asynchttpclient.*;

public class Find {
    static void send(AsyncHttpClient client, String method, String path) {
        String url = "http://127.0.0.1:" + System.getenv("port") + path;
        BoundRequestBuilder request = client.prepare(method, url);
        if (method.equals("POST")) request.setBody("x");
        try {
            System.out.println(request.execute().get().getStatusCode());
        } catch (Exception e) {
            System.out.println(method + " " + path + ": " + e.getCause());
        }
    }

    public static void main(String[] args) {
        AsyncHttpClient usual = Dsl.asyncHttpClient();
        send(usual, "GET", "/usual");
        send(usual, "POST", "/usual");
        send(Dsl.asyncHttpClient(Dsl.config().setMaxRequestRetry(0)), "POST", "/no-retry");
        System.exit(0);
    }
}
JAVA
run_java Find.java

expect "times the server read the GET" 6 "$(reads GET /usual)"
expect "times the server read the POST" 6 "$(reads POST /usual)"
expect "times the server read the POST of a client without retries" 1 "$(reads POST /no-retry)"
find_end
