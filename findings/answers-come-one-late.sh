#!/bin/sh
# SPDX-License-Identifier: MIT
# Two Java clients, a pool of one connection each; three seconds before its 200 a server sends a
#   102, 103 or 199.
# Guess: it is passed over (RFC 9110 15.2: a client must be able to, asked for or not, and takes
#   those it does not know as 100); or it is the answer and the connection is not used again.
# Instead: Reactor Netty gives 102, 103 and 199 to the program as the answer, Vert.x 102 and 199.
#   Both keep the connection, and the 200 that comes then is the answer to the next request.
# Matters: a server says "still at work" once, and another request gets the answer, with status 200
#   and no error.
# Versions: reactor-netty-http 1.3.0, vertx-core 5.2.3; JDK 17.
# Seen 2026-11-29, asked for /a, which a 102 precedes, then for /b: 102 without a body, then 200 and
#   the body of /a; with a 100 all is well.
. "$(dirname "$0")/support/find.sh"

serve <<'PY'
def handle(conn):
    while conn.request():
        client, interim, name = conn.path[1:].split("/")
        if name == "a":
            conn.send(f"HTTP/1.1 {interim} Interim")
            time.sleep(3)
        conn.send("HTTP/1.1 200 OK", "Content-Length: 1", body=name)
PY

cat >"$tmp/Reactor.java" <<'JAVA'
import java.time.Duration;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

public class Reactor {
    public static void main(String[] interims) {
        for (String interim : interims) {
            HttpClient client = HttpClient.create(ConnectionProvider.create(interim, 1));
            for (String name : new String[] {"a", "b"}) {
                System.out.println(interim + ": " + client.get()
                    .uri("http://127.0.0.1:" + System.getenv("port") + "/reactor/" + interim
                        + "/" + name)
                    .responseSingle((answer, body) -> body.asString().defaultIfEmpty("-")
                        .map(text -> answer.status().code() + " " + text))
                    .block(Duration.ofSeconds(20)));
            }
        }
        System.exit(0);
    }
}
JAVA
cat >"$tmp/Vertx.java" <<'JAVA'
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import java.util.concurrent.TimeUnit;

public class Vertx {
    public static void main(String[] interims) throws Exception {
        int port = Integer.parseInt(System.getenv("port"));
        for (String interim : interims) {
            var client = io.vertx.core.Vertx.vertx()
                .createHttpClient(new PoolOptions().setHttp1MaxSize(1));
            for (String name : new String[] {"a", "b"}) {
                System.out.println(interim + ": " + client
                    .request(HttpMethod.GET, port, "127.0.0.1", "/vertx/" + interim + "/" + name)
                    .compose(request -> request.send())
                    .compose(answer -> answer.body().map(body -> answer.statusCode() + " "
                        + (body.length() == 0 ? "-" : body.toString())))
                    .toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS));
            }
        }
        System.exit(0);
    }
}
JAVA
# ask CLIENT: with each interim answer; then answers INTERIM: those to /a and to /b.
ask() {
	run_java "$1.java" 100 102 103 199 >"$tmp/out"
}

answers() {
	sed -n "s/^$1: //p" "$tmp/out" | paste -sd, -
}

get_maven io.projectreactor.netty:reactor-netty-http:1.3.0
ask Reactor
expect "Reactor Netty, a 100 first" "200 a,200 b" "$(answers 100)"
for interim in 102 103 199; do
	expect "Reactor Netty, a $interim first" "$interim -,200 a" "$(answers $interim)"
done
rm -r "${tmp:?}/lib"
get_maven io.vertx:vertx-core:5.2.3
ask Vertx
for interim in 100 103; do
	expect "Vert.x, a $interim first" "200 a,200 b" "$(answers $interim)"
done
for interim in 102 199; do
	expect "Vert.x, a $interim first" "$interim -,200 a" "$(answers $interim)"
done
find_end
