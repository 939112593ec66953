#!/bin/sh
# SPDX-License-Identifier: MIT
# Four clients with retries on; the server answers 503 with Retry-After: 30.
# Guess: the clients of Google's and of Microsoft's services, and heimdall, wait for the 30 s or
#   give up; ofetch, which is smaller, may not know the field.
# Instead: none of them reads it. ofetch asks again at once, the others after the waits of their own,
#   and each is through with its tries in a few seconds. heimdall does so with a POST as well.
# Matters: what is meant to spare a server doubles to quadruples its load.
# Versions: gaxios 7.3.1 (retry: true), typed-rest-client 3.1.2 (allowRetries), ofetch 1.5.1 (as it
#   is), heimdall 7.0.3 (two retries); Node 20.20.2, Go 1.26.8.
# Seen 2026-11-29, requests read, and all within 20 s: gaxios 4, typed-rest-client 4, ofetch 2,
#   heimdall's POST 3.
. "$(dirname "$0")/support/find.sh"

get_npm gaxios@7.3.1 typed-rest-client@3.1.2 ofetch@1.5.1
get_go github.com/gojek/heimdall/v7/httpclient@v7.0.3 <<'GO'
package main

import (
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gojek/heimdall/v7"
	"github.com/gojek/heimdall/v7/httpclient"
)

func main() {
	backoff := heimdall.NewConstantBackoff(50*time.Millisecond, 5*time.Millisecond)
	client := httpclient.NewClient(httpclient.WithRetryCount(2),
		httpclient.WithRetrier(heimdall.NewRetrier(backoff)))
	url := "http://127.0.0.1:" + os.Getenv("port") + "/heimdall"
	client.Post(url, strings.NewReader("x"), http.Header{})
}
GO
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.send("HTTP/1.1 503 No", "Retry-After: 30", "Content-Length: 0")
PY
cat >"$tmp/find.mjs" <<'JS'
import { request } from 'gaxios';
import { ofetch } from 'ofetch';
import typed from 'typed-rest-client/HttpClient.js';

const url = `http://127.0.0.1:${process.env.port}/`;
const clients = {
  gaxios: () => request({ url: `${url}gaxios`, retry: true }),
  ofetch: () => ofetch(`${url}ofetch`),
  typed: () => new typed.HttpClient('find', [], { allowRetries: true, maxRetries: 3 })
    .get(`${url}typed`),
};
await clients[process.argv[2]]().catch(() => {});
process.exit();
JS
for name in gaxios typed ofetch; do
	run timeout 20 node find.mjs $name
done
run timeout 20 go/find

expect "GETs of gaxios" 4 "$(reads GET /gaxios)"
expect "GETs of typed-rest-client" 4 "$(reads GET /typed)"
expect "GETs of ofetch" 2 "$(reads GET /ofetch)"
expect "POSTs of heimdall" 3 "$(reads POST /heimdall)"
find_end
