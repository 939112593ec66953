#!/bin/sh
# SPDX-License-Identifier: MIT
# A POST whose body is a stream that can be read once (a Node stream, a generator, an io.Reader),
#   retries switched on for it; the server reads it, answers 503, and takes the second.
# Guess: a retry sends all of it again, held or rewound, or is not made.
# Instead: nine ask again with an empty body, as another framing even (Content-Length: 0), and hand
#   on the 200 to that. undici's interceptor does so with a generator; with a Readable it gives up, and
#   the retry of a fetch() with a plain string fails.
# Matters: the program is told that its upload was taken; what the server has is an empty file.
# Versions: axios-retry 4.5.0 and retry-axios 4.0.3 with axios 1.21.1, gaxios 7.3.1, undici 7.30.2
#   (interceptors.retry), @azure/core-rest-pipeline 1.24.0, fetch-retry 6.0.0 with node-fetch 3.3.2,
#   requests 2.34.2 with urllib3 2.8.0, aiohttp-retry 2.9.1, resty 2.17.2; not got 14.6.6, ky 2.1.0,
#   httpx-retries 0.6.0, make-fetch-happen 14.0.3, go-retryablehttp 0.7.8, rehttp 1.4.0, failsafe-go
#   0.9.8.
# Seen 2026-11-29, bytes of each body that came: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_go github.com/go-resty/resty/v2@v2.17.2 github.com/hashicorp/go-retryablehttp@v0.7.8 \
	github.com/PuerkitoBio/rehttp@v1.4.0 github.com/failsafe-go/failsafe-go/failsafehttp@v0.9.8 <<'GO'
package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/PuerkitoBio/rehttp"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
)

const wait = 10 * time.Millisecond

func body() io.Reader {
	return bufio.NewReader(strings.NewReader(strings.Repeat("x", 1000)))
}

func main() {
	url := "http://127.0.0.1:" + os.Getenv("port") + "/"
	status := func(r *resty.Response, err error) bool { return r.StatusCode() == 503 }
	resty.New().SetRetryCount(1).SetRetryWaitTime(wait).AddRetryCondition(status).
		R().SetBody(body()).Post(url + "resty")
	hashicorp := retryablehttp.NewClient()
	hashicorp.Logger = nil
	hashicorp.RetryWaitMin = wait
	hashicorp.Post(url+"go-retryablehttp", "text/plain", body())
	once := rehttp.RetryAll(rehttp.RetryMaxRetries(1), rehttp.RetryStatuses(503))
	(&http.Client{Transport: rehttp.NewTransport(nil, once, rehttp.ConstDelay(wait))}).
		Post(url+"rehttp", "text/plain", body())
	policy := failsafehttp.NewRetryPolicyBuilder().WithMaxRetries(1).Build()
	(&http.Client{Transport: failsafehttp.NewRoundTripper(nil, policy)}).
		Post(url+"failsafe-go", "text/plain", body())
}
GO
get_npm axios@1.21.1 axios-retry@4.5.0 retry-axios@4.0.3 gaxios@7.3.1 undici@7.30.2 \
	@azure/core-rest-pipeline@1.24.0 fetch-retry@6.0.0 node-fetch@3.3.2 got@14.6.6 ky@2.1.0 \
	make-fetch-happen@14.0.3
cat >"$tmp/find.mjs" <<'JS'
import { Readable } from 'node:stream';
import * as azure from '@azure/core-rest-pipeline';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import fetchRetry from 'fetch-retry';
import { request } from 'gaxios';
import got from 'got';
import ky from 'ky';
import makeFetchHappen from 'make-fetch-happen';
import nodeFetch from 'node-fetch';
import * as rax from 'retry-axios';
import * as undici from 'undici';

const url = `http://127.0.0.1:${process.env.port}/`;
const method = 'POST';
async function* parts() {
  for (let i = 0; i < 4; i++) yield Buffer.alloc(250, 'x');
}
const stream = () => Readable.from(parts(), { objectMode: false });
const dispatcher = new undici.Agent().compose(undici.interceptors.retry({
  methods: [method], statusCodes: [503], minTimeout: 10,
}));
const clients = {
  'axios-retry': (to, body) => {
    const client = axios.create();
    axiosRetry(client, { retries: 1, retryCondition: () => true });
    return client.post(to, body);
  },
  'retry-axios': (to, body) => {
    const client = axios.create();
    client.defaults.raxConfig = { instance: client, httpMethodsToRetry: [method], retry: 1 };
    rax.attach(client);
    return client.post(to, body);
  },
  gaxios: (to, body) => request({
    url: to, method, body, duplex: 'half', retry: true,
    retryConfig: { httpMethodsToRetry: [method] },
  }),
  undici: (to) => undici.request(to, { method, body: parts(), dispatcher })
    .then((r) => ({ status: r.statusCode })),
  'undici-string': (to) => undici.fetch(to, { method, body: 'x'.repeat(1000), dispatcher }),
  azure: (to, body) => azure
    .createPipelineFromOptions({ retryOptions: { retryDelayInMs: 10 } })
    .sendRequest(azure.createDefaultHttpClient(), azure.createPipelineRequest({
      url: to, allowInsecureConnection: true, method, body,
    })),
  'fetch-retry': (to, body) => fetchRetry(nodeFetch)(to, {
    method, body, retries: 1, retryOn: [503], retryDelay: 10,
  }),
  got: (to, body) => got(to, { method, body, retry: { methods: [method], limit: 1 } })
    .then((r) => ({ status: r.statusCode })),
  ky: (to, body) => ky(to, {
    method, body: Readable.toWeb(body), duplex: 'half', retry: { methods: ['post'], limit: 1 },
  }),
  'make-fetch-happen': (to, body) => makeFetchHappen(to, {
    method, body, retry: { retries: 1, minTimeout: 10 },
  }),
};
for (const [name, send] of Object.entries(clients)) {
  const told = await send(url + name, stream()).then((r) => r.status, () => 'an error');
  console.log(name, told);
}
process.exit();
JS
get_pip requests==2.34.2 urllib3==2.8.0 aiohttp==3.14.5 aiohttp-retry==2.9.1 httpx==0.28.1 \
	httpx-retries==0.6.0
cat >"$tmp/find.py" <<'PY'
import asyncio
import os

import aiohttp_retry
import httpx
import httpx_retries
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

url = f"http://127.0.0.1:{os.environ['port']}/"


def body():
    for _ in range(4):
        yield b"x" * 250


async def body_async():
    for part in body():
        yield part


async def aio():
    options = aiohttp_retry.ExponentialRetry(attempts=2, start_timeout=0.05)
    async with aiohttp_retry.RetryClient(retry_options=options) as client:
        async with client.post(url + "aiohttp-retry", data=body_async()) as answer:
            print("aiohttp-retry", answer.status)

session = requests.Session()
again = Retry(1, allowed_methods=None, status_forcelist=[503])
session.mount("http://", HTTPAdapter(max_retries=again))
print("requests", session.post(url + "requests", data=body()).status_code)
asyncio.run(aio())
again = httpx_retries.Retry(total=1, allowed_methods=["POST"], backoff_factor=0.01)
with httpx.Client(transport=httpx_retries.RetryTransport(retry=again)) as client:
    try:
        client.post(url + "httpx-retries", content=body())
    except httpx.StreamConsumed:
        print("httpx-retries an error")
PY
serve <<'PY'
tries = {}


def handle(conn):
    while conn.request():
        tries[conn.path] = tries.get(conn.path, 0) + 1
        print("body", conn.path, conn.body.count(b"x"), file=conn.log, flush=True)
        if tries[conn.path] == 1:
            conn.send("HTTP/1.1 503 No", "Content-Length: 0")
        else:
            conn.ok()
PY
{
	run node find.mjs
	run "$python" find.py
} >"$tmp/told"
run go/find

# bodies NAME: the bytes of each body that the server read of it.
bodies() {
	awk -v p="/$1" '$1 == "body" && $2 == p { printf "%s%s", n++ ? ", " : "", $3 }' "$tmp/seen"
}

for name in axios-retry retry-axios gaxios undici azure fetch-retry requests aiohttp-retry resty; do
	expect "bodies sent by $name" "1000, 0" "$(bodies $name)"
done
for name in axios-retry retry-axios gaxios undici azure fetch-retry requests aiohttp-retry; do
	expect "what the program is told" "$name 200" "$(grep "^$name " "$tmp/told")"
done
expect "bodies sent by undici for a string" "1000, 0" "$(bodies undici-string)"
expect "what the program is told" "undici-string an error" "$(grep undici-string "$tmp/told")"
for name in got make-fetch-happen httpx-retries; do
	expect "bodies sent by $name" 1000 "$(bodies $name)"
done
for name in ky go-retryablehttp rehttp failsafe-go; do
	expect "bodies sent by $name" "1000, 1000" "$(bodies $name)"
done
find_end
