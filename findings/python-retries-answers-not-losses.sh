#!/bin/sh
# SPDX-License-Identifier: MIT
# aiohttp-retry 2.9.1 and retryhttp 1.5.0 (with httpx 0.28.1), told to try three times.
# Guess: aiohttp-retry retries any error, as its list of options says ("by default on all"), and no
#   POST that got 500; retryhttp waits as long as Retry-After says, with a 503 as with a 429.
# Instead: aiohttp-retry retries no error at all until they are named, but sends a POST that got 500
#   three times. retryhttp reads the Retry-After of a 429 only: told by a 503 to wait 30 s, its
#   three tries are over within 10 s.
# Matters: whoever installs it against lost connections has nothing against them, and sends again
#   what a server has read and answered.
# Seen 2026-11-28: POSTs by aiohttp-retry one when the connection ended, three with the error named
#   and three after a 500; GETs by retryhttp with Retry-After: 30 three at a 503, one at a 429.
. "$(dirname "$0")/support/find.sh"

get_pip aiohttp==3.14.5 aiohttp-retry==2.9.1 httpx==0.28.1 retryhttp==1.5.0
serve <<'PY'
def handle(conn):
    while conn.request():
        if conn.path == "/lost":
            return
        conn.send("HTTP/1.1 " + conn.path[1:4] + " No", "Retry-After: 30", "Content-Length: 0")
PY
cat >"$tmp/find.py" <<'PY'
import asyncio
import os
import sys
import threading

import aiohttp
import aiohttp_retry
import httpx
import retryhttp

name, method, path = sys.argv[1:]
url = f"http://127.0.0.1:{os.environ['port']}/{path}"


async def by_aiohttp():
    named = {aiohttp.ServerDisconnectedError} if name == "named" else None
    options = aiohttp_retry.ExponentialRetry(attempts=3, start_timeout=0.05, exceptions=named)
    async with aiohttp_retry.RetryClient(retry_options=options) as client:
        async with client.request(method, url) as answer:
            await answer.read()


@retryhttp.retry(max_attempt_number=3)
def by_retryhttp():
    httpx.request(method, url).raise_for_status()


threading.Timer(10, os._exit, [0]).start()
try:
    by_retryhttp() if name == "retryhttp" else asyncio.run(by_aiohttp())
except Exception:
    pass
os._exit(0)
PY
sent() {
	before=$(reads "$2" "/$3")
	run "$python" find.py "$@"
	echo $(($(reads "$2" "/$3") - before))
}

expect "POSTs by aiohttp-retry, the connection lost" 1 "$(sent aiohttp POST lost)"
expect "POSTs by aiohttp-retry, the error named" 3 "$(sent named POST lost)"
expect "POSTs by aiohttp-retry, answered 500" 3 "$(sent aiohttp POST 500)"
expect "GETs by retryhttp in 10 s, told 30 s by a 503" 3 "$(sent retryhttp GET 503)"
expect "GETs by retryhttp in 10 s, told 30 s by a 429" 1 "$(sent retryhttp GET 429)"
find_end
