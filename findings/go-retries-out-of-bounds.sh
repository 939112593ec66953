#!/bin/sh
# SPDX-License-Identifier: MIT
# Go's retry clients, each told to try twice more and to wait one second at most.
# Guess: a Retry-After of 30 s is cut to that second, or ends the tries; failsafehttp repeats a POST
#   that was refused, with 503, but none that got 500 or lost its connection; resty, told to retry,
#   retries a 503.
# Instead: retryablehttp and failsafehttp wait for the 30 s, the greatest wait being for their own
#   waits only. failsafehttp sends any POST again, one that was read and got no answer as well.
#   With its retry count set resty still takes a 503 for the answer; a POST whose connection ended
#   it does send again.
# Matters: a wait that only the context bounds, and the same order twice.
# Versions: hashicorp/go-retryablehttp 0.7.8, failsafe-go 0.9.8, resty 2.17.2; Go 1.26.8.
# Seen 2026-11-28, requests within 4 s: told 30 s one of both; failsafehttp's POST three; resty's
#   one at a 503, three at a lost connection.
. "$(dirname "$0")/support/find.sh"

serve <<'PY'
def handle(conn):
    while conn.request():
        how = conn.path.split("/")[2]
        if how == "gone":
            return
        conn.send({"500": "HTTP/1.1 500 No", "503": "HTTP/1.1 503 No",
                   "30": "HTTP/1.1 503 No\r\nRetry-After: 30"}[how], "Content-Length: 0")
PY
get_go github.com/hashicorp/go-retryablehttp@v0.7.8 \
	github.com/failsafe-go/failsafe-go/failsafehttp@v0.9.8 github.com/go-resty/resty/v2@v2.17.2 <<'GO'
package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
)

const first, most = 20 * time.Millisecond, time.Second

func main() {
	name, method, how := os.Args[1], os.Args[2], os.Args[3]
	url := "http://127.0.0.1:" + os.Getenv("port") + "/" + name + "/" + how
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, method, url, strings.NewReader("x"))
	switch name {
	case "retryablehttp":
		client := retryablehttp.NewClient()
		client.Logger, client.RetryMax = nil, 2
		client.RetryWaitMin, client.RetryWaitMax = first, most
		wrapped, _ := retryablehttp.FromRequest(request)
		client.Do(wrapped)
	case "failsafehttp":
		policy := failsafehttp.NewRetryPolicyBuilder().WithBackoff(first, most).WithMaxRetries(2)
		client := http.Client{Transport: failsafehttp.NewRoundTripper(nil, policy.Build())}
		client.Do(request)
	case "resty":
		client := resty.New().SetRetryCount(2).SetRetryWaitTime(first).SetRetryMaxWaitTime(most)
		client.R().SetContext(ctx).SetBody("x").Execute(method, url)
	}
}
GO
# sent CLIENT METHOD HOW: requests that the server read.
sent() {
	run go/find "$@" >"$tmp/out"
	reads "$2" "/$1/$3"
}

for name in retryablehttp failsafehttp; do
	expect "GETs of $name at a 503" 3 "$(sent $name GET 503)"
	expect "GETs of $name at a 503 with Retry-After: 30" 1 "$(sent $name GET 30)"
done
expect "POSTs of failsafehttp at a 500" 3 "$(sent failsafehttp POST 500)"
expect "POSTs of failsafehttp, the connection lost" 3 "$(sent failsafehttp POST gone)"
expect "GETs of resty at a 503" 1 "$(sent resty GET 503)"
expect "POSTs of resty, the connection lost" 3 "$(sent resty POST gone)"
find_end
