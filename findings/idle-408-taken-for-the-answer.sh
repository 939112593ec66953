#!/bin/sh
# SPDX-License-Identifier: MIT
# httpr 0.7.8, primp 2.0.1 (both on reqwest) and PycURL 7.49.0 (libcurl 8.23.0). As servers do, one
# says `408 Request Timeout`, Connection: close, to an idle connection and closes it; 100 ms later
# the program sends its next request.
# Guess: what came before the request cannot be its answer (RFC 9112 9.2): a fresh connection, 200.
#   hyper, below reqwest, even knows the idle 408 by name.
# Instead: all three hand out the 408, for a POST as well; the server never saw the request. It may
#   be that in httpr and primp nobody reads the socket between two calls, so that hyper meets the
#   408 too late: pyreqwest 0.15.1, on reqwest as well, gives 200, and so does httpx.
# Matters: to retry code a 408 is an answer of the server, so a POST with it may have been begun;
#   here it is a request that was not even sent.
# Seen 2026-11-28: httpr, primp, pycurl 408 and 0 requests; pyreqwest, httpx 200 and 1.
. "$(dirname "$0")/support/find.sh"

get_pip httpr==0.7.8 primp==2.0.1 pycurl==7.49.0 pyreqwest==0.15.1 httpx==0.28.1
serve <<'PY'
def handle(conn):
    while conn.request():
        conn.ok()
        if conn.path == "/first":
            time.sleep(0.02)
            conn.send("HTTP/1.1 408 Request Timeout", "Connection: close", "Content-Length: 0")
            return
PY
cat >"$tmp/find.py" <<'PY'
import os
import sys
import time

name = sys.argv[1]
base = f"http://127.0.0.1:{os.environ['port']}"

if name == "pycurl":
    import pycurl
    curl = pycurl.Curl()

    def status(method, path):
        curl.reset()
        curl.setopt(pycurl.URL, base + path)
        curl.setopt(pycurl.WRITEFUNCTION, lambda data: None)
        if method == "POST":
            curl.setopt(pycurl.POSTFIELDS, "x")
        curl.perform()
        return curl.getinfo(pycurl.RESPONSE_CODE)
elif name == "pyreqwest":
    from pyreqwest.client import SyncClientBuilder
    client = SyncClientBuilder().build()

    def status(method, path):
        if method == "POST":
            return client.post(base + path).body_bytes(b"x").build().send().status
        return client.get(base + path).build().send().status
else:
    client = __import__(name).Client()

    def status(method, path):
        body = {"content": b"x"} if method == "POST" else {}
        return client.request(method, base + path, **body).status_code

for method in "GET", "POST":
    status("GET", "/first")
    time.sleep(0.1)
    print(method, status(method, "/" + name))
PY
for name in httpr primp pycurl; do
	expect "$name" "GET 408 POST 408" "$(run "$python" find.py $name | xargs)"
	expect "its requests that the server saw" 0 "$(($(reads GET /$name) + $(reads POST /$name)))"
done
for name in pyreqwest httpx; do
	expect "$name" "GET 200 POST 200" "$(run "$python" find.py $name | xargs)"
	expect "its requests that the server saw" 2 "$(($(reads GET /$name) + $(reads POST /$name)))"
done
find_end
