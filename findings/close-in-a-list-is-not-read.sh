#!/bin/sh
# SPDX-License-Identifier: MIT
# Six clients, and a server that says in four ways besides `Connection: close` that it will close.
# Guess: Connection is a list of words in any case, over one field or more (RFC 9110 7.6.1), and
#   HTTP/1.0 without keep-alive closes (RFC 9112 9.3): none of them is used again.
# Instead: all but requests use it again after `Connection: keep-alive, close`; with two fields, the
#   second being close, java.net.http, requests, LWP and wget do; after HTTP/1.0 without a word
#   java.net.http, OkHttp, Twisted and wget; after `Connection: Close` Twisted.
#   Only a single plain `close` is obeyed by all.
# Matters: a proxy that adds its own word to the field turns a goodbye into a dead connection in the
#   pool; the next POST on it fails.
# Versions: JDK 17.0.15, OkHttp 5.5.1, Twisted 26.10.0, requests 2.34.2 on Python 3.11.7, and
#   Debian 12's LWP 6.68 and wget 1.21.3.
# Seen 2026-11-28, obeyed: java.net.http plain capital; OkHttp plain capital two; Twisted plain two;
#   requests plain capital list http10; LWP plain capital http10; wget plain capital.
. "$(dirname "$0")/support/find.sh"

get_maven com.squareup.okhttp3:okhttp-jvm:5.5.1
get_pip twisted==26.10.0 treq==26.7.0 requests==2.34.2 urllib3==2.8.0
need perl -MLWP -e 1
need wget -V
echo "LWP $(perl -MLWP -e 'print LWP->VERSION'), $(wget -V | head -1)"
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

import requests
import treq
from twisted.internet import defer, task


@defer.inlineCallbacks
def main(reactor):
    for form in sys.argv[1:]:
        for _ in range(2):
            answer = yield treq.get(f"http://127.0.0.1:{os.environ['port']}/twisted/{form}")
            yield answer.content()
            yield task.deferLater(reactor, 0.05, lambda: None)


session = requests.Session()
for form in sys.argv[1:]:
    for _ in range(2):
        session.get(f"http://127.0.0.1:{os.environ['port']}/requests/{form}")
task.react(main)
PY
cat >"$tmp/find.pl" <<'PERL'
use LWP::UserAgent;
my $client = LWP::UserAgent->new(keep_alive => 1);
for my $form (@ARGV) {
	$client->get("http://127.0.0.1:$ENV{port}/lwp/$form") for 1 .. 2;
}
PERL
forms="plain capital list two http10"
# shellcheck disable=SC2086
{
	run_java Find.java $forms
	run "$python" find.py $forms
	run perl find.pl $forms
	for form in $forms; do
		url=http://127.0.0.1:$port/wget/$form
		run wget -q --tries=1 -O answer "$url" "$url"
	done
}

told() {
	for form in $forms; do
		[ "$(conns "/$1/$form")" -eq 2 ] && printf ' %s' "$form"
	done
}

expect "ways to say close that java.net.http obeys" " plain capital" "$(told jdk)"
expect "ways to say close that OkHttp obeys" " plain capital two" "$(told okhttp)"
expect "ways to say close that Twisted obeys" " plain two" "$(told twisted)"
expect "ways to say close that requests obeys" " plain capital list http10" "$(told requests)"
expect "ways to say close that LWP obeys" " plain capital http10" "$(told lwp)"
expect "ways to say close that wget obeys" " plain capital" "$(told wget)"
find_end
