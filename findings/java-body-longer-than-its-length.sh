#!/bin/sh
# SPDX-License-Identifier: MIT
# A response of `Content-Length: 10`, and with it, as a server sends it whose time for an idle
# connection is over, the head of a 408 and the end of the connection. HttpURLConnection of JDK 17.
# Guess: ten bytes, and the connection is not used again (RFC 9112, section 6.3: the length decides).
# Instead: eighty: the 408's head is at the end of the body, where getContentLength() says 10. Java's
#   newer client, java.net.http, gives ten.
# Matters: what a server says to nobody becomes what a program was told; a checksum or a parser of
#   the body fails, and no error of the connection is to be seen.
# Seen 2026-11-28: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_maven
serve <<'PY'
import time


def handle(conn):
    if conn.request():
        conn.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
                          b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
                          b"Connection: close\r\n\r\n")
        time.sleep(0.1)
PY
cat >"$tmp/Get.java" <<'JAVA'
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Get {
    public static void main(String[] args) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(args[0]).openConnection();
        byte[] body = connection.getInputStream().readAllBytes();
        System.out.println(body.length + " of " + connection.getContentLength() + ": "
            + new String(body).split("\r")[0]);
        System.out.println(HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(URI.create(args[0])).version(HttpClient.Version.HTTP_1_1).build(),
            HttpResponse.BodyHandlers.ofString()).body());
    }
}
JAVA
run_java Get.java "http://127.0.0.1:$port/" >"$tmp/said"
expect HttpURLConnection "80 of 10: 0123456789HTTP/1.1 408 Request Timeout" "$(sed -n 1p "$tmp/said")"
expect java.net.http 0123456789 "$(sed -n 2p "$tmp/said")"
find_end
