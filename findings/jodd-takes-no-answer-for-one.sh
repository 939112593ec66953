#!/bin/sh
# SPDX-License-Identifier: MIT
# jodd-http 6.3.0. A server reads the request and closes without a byte of answer; sends a 103
#   before its 200 and keeps the connection; puts an extension behind the size of a chunk.
# Guess: an exception; the 200 at once; the body without the extension (RFC 9112 7.1.1: those that
#   are not known must be ignored).
# Instead: no exception, an answer with status 0 and an empty body, on a fresh connection and on a
#   used one. The 103 is the answer, and what comes until the end of the connection is its body,
#   so that it waits for its timeout, of which there is none by itself. The extension fails it.
# Matters: a test for "400 and above" takes a lost connection for success; a retry that waits for
#   an exception does not come.
# Seen 2026-11-29: status 0; a read time-out after the 2 s it was told; HttpException.
. "$(dirname "$0")/support/find.sh"

get_maven org.jodd:jodd-http:6.3.0
serve <<'PY'
def handle(conn):
    while conn.request() and conn.path != "/gone":
        if conn.path == "/used" and conn.requests == 2:
            return
        if conn.path == "/103":
            conn.send("HTTP/1.1 103 Early Hints", "Link: </a.css>")
        if conn.path == "/extension":
            conn.send("HTTP/1.1 200 OK", "Transfer-Encoding: chunked",
                      body="2;a=b\r\nok\r\n0\r\n\r\n")
        else:
            conn.ok()
PY
cat >"$tmp/Find.java" <<'JAVA'
import jodd.http.HttpRequest;
import jodd.http.HttpResponse;

public class Find {
    static HttpResponse before;

    static String get(String path) {
        HttpRequest request = HttpRequest.get("http://127.0.0.1:" + System.getenv("port") + path)
            .connectionKeepAlive(true).timeout(2000);
        try {
            before = (before == null ? request : request.keepAlive(before, true)).send();
            return before.statusCode() + " " + before.bodyText();
        } catch (Exception e) {
            Throwable why = e.getCause() == null ? e : e.getCause();
            return why.getClass().getSimpleName();
        }
    }

    public static void main(String[] args) {
        for (String path : new String[] {"/ok", "/gone", "/103", "/extension", "/used"}) {
            before = null;
            System.out.println(path + " " + get(path));
        }
        System.out.println("/used again " + get("/used"));
    }
}
JAVA
run_java Find.java >"$tmp/out"
# seen PATH
seen() {
	sed -n "s|^/$1 ||p" "$tmp/out"
}

expect "a plain answer" "200 ok" "$(seen ok)"
expect "no answer on a fresh connection" "0 " "$(seen gone)"
expect "no answer on a used connection" "200 ok
again 0 " "$(seen used)"
expect "a 103 first" SocketTimeoutException "$(seen 103)"
expect "a chunk extension" HttpException "$(seen extension)"
find_end
