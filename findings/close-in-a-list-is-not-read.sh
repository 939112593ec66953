#!/bin/sh
# SPDX-License-Identifier: MIT
# java.net.http of JDK 17, OkHttp 5.5.1 and Twisted 26.10.0. A server says in three ways that it
# will close.
# Guess: Connection is a list of words in any case (RFC 9110 7.6.1), and HTTP/1.0 without keep-alive
#   closes (RFC 9112 9.3): none of the three is used again.
# Instead: `Connection: keep-alive, close` is used again by all three clients, HTTP/1.0 without a
#   word too; `Connection: Close` by Twisted, and two fields, the second `close`, by the JDK.
#   Only a single plain `close` is obeyed by all.
# Matters: a proxy that adds its own word to the field turns a goodbye into a dead connection in the
#   pool; the next POST on it fails.
# Seen 2026-11-28, obeyed: java.net.http plain, capital; OkHttp plain, capital, two; Twisted plain, two.
. "$(dirname "$0")/support/find.sh"

get_maven com.squareup.okhttp3:okhttp-jvm:5.5.1
get_pip twisted==26.10.0 treq==26.7.0
serve <<'PY'
HEADS = {
    "plain": ["HTTP/1.1 200 OK", "Connection: close"],
    "capital": ["HTTP/1.1 200 OK", "Connection: Close"],
    "list": ["HTTP/1.1 200 OK", "Connection: keep-alive, close"],
    "two": ["HTTP/1.1 200 OK", "Connection: keep-alive", "Connection: close"],
    "http10": ["HTTP/1.0 200 OK"],
}


def handle(conn):
    while conn.request():
        conn.send(*HEADS[conn.path.split("/")[2]], "Content-Length: 2", body="ok")
PY
cat >"$tmp/Find.java" <<'JAVA'
import java.net.URI;
import java.net.http.*;

public class Find {
    public static void main(String[] args) throws Exception {
        String base = "http://127.0.0.1:" + System.getenv("port");
        HttpClient jdk = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        okhttp3.OkHttpClient okhttp = new okhttp3.OkHttpClient();
        for (String form : args)
            for (int i = 0; i < 2; i++) {
                jdk.send(HttpRequest.newBuilder(URI.create(base + "/jdk/" + form)).build(),
                    HttpResponse.BodyHandlers.ofString());
                okhttp3.Request request =
                    new okhttp3.Request.Builder().url(base + "/okhttp/" + form).build();
                try (okhttp3.Response answer = okhttp.newCall(request).execute()) {
                    answer.body().string();
                }
                Thread.sleep(50);
            }
        System.exit(0);
    }
}
JAVA
cat >"$tmp/find.py" <<'PY'
import os
import sys

import treq
from twisted.internet import defer, task


@defer.inlineCallbacks
def main(reactor):
    for form in sys.argv[1:]:
        for _ in range(2):
            answer = yield treq.get(f"http://127.0.0.1:{os.environ['port']}/twisted/{form}")
            yield answer.content()
            yield task.deferLater(reactor, 0.05, lambda: None)


task.react(main)
PY
forms="plain capital list two http10"
# shellcheck disable=SC2086
{
	run_java Find.java $forms
	run "$python" find.py $forms
}

told() {
	for form in $forms; do
		[ "$(conns "/$1/$form")" -eq 2 ] && printf ' %s' "$form"
	done
}

expect "ways to say close that java.net.http obeys" " plain capital" "$(told jdk)"
expect "ways to say close that OkHttp obeys" " plain capital two" "$(told okhttp)"
expect "ways to say close that Twisted obeys" " plain two" "$(told twisted)"
find_end
