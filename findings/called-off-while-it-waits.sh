#!/bin/sh
# SPDX-License-Identifier: MIT
# A server says 503, the client waits 3 s to try again; after 1 s the caller calls it off by the signal
#   or the context that it gave with the request, which is also how a deadline is set.
# Guess: the call ends then, in all of them.
# Instead: nine notice it when the wait is over, as the next try fails at once; fetch-retry and
#   make-fetch-happen then take that for one more failure, and wait again.
# Matters: a deadline of 1 s takes 3 to 9, and a program that wants to end stays.
# Versions: gaxios 7.3.1, retry-axios 4.0.3, undici 7.30.2 (request with interceptors.retry), ofetch
#   1.5.1, wretch 3.0.9, cockatiel 4.0.0, fetch-retry 6.0.0, make-fetch-happen 14.0.3, heimdall 7.0.3;
#   not axios-retry 4.5.0, got 14.6.6, ky 2.1.0, undici's fetch with the same interceptor,
#   @azure/core-rest-pipeline 1.24.0, p-retry 6.2.1, go-retryablehttp 0.7.8, resty 2.17.2, rehttp
#   1.4.0, failsafe-go 0.9.8.
# Seen 2026-11-29, when the call ends: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_npm axios@1.21.1 axios-retry@4.5.0 retry-axios@4.0.3 gaxios@7.3.1 undici@7.30.2 ofetch@1.5.1 \
	wretch@3.0.9 cockatiel@4.0.0 fetch-retry@6.0.0 make-fetch-happen@14.0.3 got@14.6.6 ky@2.1.0 \
	@azure/core-rest-pipeline@1.24.0 p-retry@6.2.1
cat >"$tmp/find.mjs" <<'JS'
import * as azure from '@azure/core-rest-pipeline';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { ConstantBackoff, handleAll, retry } from 'cockatiel';
import fetchRetry from 'fetch-retry';
import { request } from 'gaxios';
import got from 'got';
import ky from 'ky';
import makeFetchHappen from 'make-fetch-happen';
import { ofetch } from 'ofetch';
import pRetry from 'p-retry';
import * as rax from 'retry-axios';
import * as undici from 'undici';
import wretch from 'wretch';
import { retry as wretchRetry } from 'wretch/middlewares';

const wait = 3000;
const dispatcher = new undici.Agent().compose(undici.interceptors.retry({}));
const get = async (url, signal) => {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(answer.status);
};
const clients = {
  gaxios: (url, signal) => request({
    url, signal, retry: true, retryConfig: { retryDelay: wait },
  }),
  'retry-axios': (url, signal) => {
    const client = axios.create();
    client.defaults.raxConfig = { instance: client, retry: 2 };
    rax.attach(client);
    return client.get(url, { signal });
  },
  undici: (url, signal) => undici.request(url, { signal, dispatcher }),
  ofetch: (url, signal) => ofetch(url, { signal, retry: 2, retryDelay: wait }),
  wretch: (url, signal) => wretch(url, { signal })
    .middlewares([wretchRetry({ delayTimer: wait, maxAttempts: 2 })]).get().res(),
  cockatiel: (url, signal) => retry(handleAll, {
    maxAttempts: 2, backoff: new ConstantBackoff(wait),
  }).execute((context) => get(url, context.signal), signal),
  'fetch-retry': (url, signal) => fetchRetry(fetch)(url, {
    signal, retries: 2, retryDelay: wait, retryOn: [503],
  }),
  'make-fetch-happen': (url, signal) => makeFetchHappen(url, {
    signal, retry: { retries: 2, minTimeout: wait, factor: 1 },
  }),
  'axios-retry': (url, signal) => {
    const client = axios.create();
    axiosRetry(client, { retries: 2, retryDelay: () => wait });
    return client.get(url, { signal });
  },
  got: (url, signal) => got(url, { signal }),
  ky: (url, signal) => ky(url, { signal }),
  'undici-fetch': (url, signal) => undici.fetch(url, { signal, dispatcher }),
  azure: (url, abortSignal) => azure.createPipelineFromOptions({})
    .sendRequest(azure.createDefaultHttpClient(), azure.createPipelineRequest({
      url, allowInsecureConnection: true, abortSignal,
    })),
  'p-retry': (url, signal) => pRetry(() => get(url, signal), { minTimeout: wait, signal }),
};
await Promise.all(Object.entries(clients).map(async ([name, send]) => {
  const caller = new AbortController();
  setTimeout(() => caller.abort(), 1000);
  const began = performance.now();
  await send(`http://127.0.0.1:${process.env.port}/${name}`, caller.signal).catch(() => {});
  const took = (performance.now() - began) / 1000;
  console.log(name, took < 2.5 ? 'at once' : took < 5.5 ? 'after the wait' : 'after two waits');
}));
process.exit();
JS
get_go github.com/go-resty/resty/v2@v2.17.2 github.com/hashicorp/go-retryablehttp@v0.7.8 \
	github.com/PuerkitoBio/rehttp@v1.4.0 github.com/failsafe-go/failsafe-go/failsafehttp@v0.9.8 \
	github.com/gojek/heimdall/v7/httpclient@v7.0.3 <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/PuerkitoBio/rehttp"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/go-resty/resty/v2"
	"github.com/gojek/heimdall/v7"
	"github.com/gojek/heimdall/v7/httpclient"
	"github.com/hashicorp/go-retryablehttp"
)

const wait = 3 * time.Second

var all sync.WaitGroup

func told(name string, send func(ctx context.Context, url string)) {
	all.Add(1)
	go func() {
		defer all.Done()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		send(ctx, "http://127.0.0.1:"+os.Getenv("port")+"/"+name)
		end := "after the wait"
		if time.Since(began) < 2500*time.Millisecond {
			end = "at once"
		}
		fmt.Println(name, end)
	}()
}

func main() {
	get := func(ctx context.Context, url string) *http.Request {
		request, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
		return request
	}
	retrier := heimdall.NewRetrier(heimdall.NewConstantBackoff(wait, 0))
	gojek := httpclient.NewClient(httpclient.WithRetryCount(1), httpclient.WithRetrier(retrier))
	told("heimdall", func(ctx context.Context, url string) { gojek.Do(get(ctx, url)) })
	status := func(r *resty.Response, err error) bool { return r.StatusCode() == 503 }
	client := resty.New().SetRetryCount(1).SetRetryWaitTime(wait).SetRetryMaxWaitTime(wait).
		AddRetryCondition(status)
	told("resty", func(ctx context.Context, url string) { client.R().SetContext(ctx).Get(url) })
	hashicorp := retryablehttp.NewClient()
	hashicorp.Logger = nil
	told("go-retryablehttp", func(ctx context.Context, url string) {
		request, _ := retryablehttp.FromRequest(get(ctx, url))
		hashicorp.Do(request)
	})
	once := rehttp.RetryAll(rehttp.RetryMaxRetries(1), rehttp.RetryStatuses(503))
	told("rehttp", func(ctx context.Context, url string) {
		transport := rehttp.NewTransport(nil, once, rehttp.ConstDelay(wait))
		(&http.Client{Transport: transport}).Do(get(ctx, url))
	})
	policy := failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(1).Build()
	told("failsafe-go", func(ctx context.Context, url string) {
		transport := failsafehttp.NewRoundTripper(nil, policy)
		(&http.Client{Transport: transport}).Do(get(ctx, url))
	})
	all.Wait()
}
GO
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.send("HTTP/1.1 503 No", "Retry-After: 3", "Content-Length: 0")
PY
{
	run node find.mjs
	run go/find
} >"$tmp/out"

for name in gaxios retry-axios undici ofetch wretch cockatiel heimdall; do
	expect "the call ends" "$name after the wait" "$(grep "^$name " "$tmp/out")"
done
for name in fetch-retry make-fetch-happen; do
	expect "the call ends" "$name after two waits" "$(grep "^$name " "$tmp/out")"
done
for name in axios-retry got ky undici-fetch azure p-retry go-retryablehttp resty rehttp failsafe-go; do
	expect "the call ends" "$name at once" "$(grep "^$name " "$tmp/out")"
	expect "GETs that came" 1 "$(reads GET "/$name")"
done
find_end
