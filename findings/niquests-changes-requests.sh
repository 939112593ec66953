#!/bin/sh
# SPDX-License-Identifier: MIT
# requests 2.34.2 in a virtual environment, before and after `pip install niquests==3.21.2`.
# Guess: another client that nobody imports changes nothing: requests keeps its urllib3 2.8.0.
# Instead: urllib3-future 2.25.904 comes along and takes the place of `urllib3`, so requests speaks
#   through another HTTP stack. An HTTP/1.0 server that says keep-alive is no longer kept; an answer
#   with a second Connection field, `close`, no longer kept in vain; a 103 no longer the answer.
# Matters: how connections are kept and fail depends on what else is installed, and pip's list does
#   not tell: it still shows urllib3 2.8.0.
# Seen 2026-11-28: connections for two requests, HTTP/1.0 keep-alive 1 then 2, two fields 1 then 2;
#   status behind a 103: 103 then 200 (Python 3.11.7).
. "$(dirname "$0")/support/find.sh"

get_pip requests==2.34.2 urllib3==2.8.0
serve <<'PY'
def handle(conn):
    while conn.request():
        if "http10" in conn.path:
            conn.send("HTTP/1.0 200 OK", "Connection: keep-alive", "Content-Length: 2", body="ok")
        elif "two" in conn.path:
            conn.ok("Connection: keep-alive", "Connection: close")
        else:
            conn.send("HTTP/1.1 103 Early Hints")
            conn.ok("Connection: close")
PY
cat >"$tmp/find.py" <<'PY'
import os
import sys

import requests

session = requests.Session()
base = f"http://127.0.0.1:{os.environ['port']}/{sys.argv[1]}"
for path in "-http10", "-two":
    for _ in range(2):
        session.get(base + path)
print(requests.get(base + "-103").status_code)
PY
before=$(run "$python" find.py before)
need "$python" -m pip install -q --disable-pip-version-check \
	niquests==3.21.2 urllib3-future==2.25.904
after=$(run "$python" find.py after)

expect "connections to HTTP/1.0 with keep-alive, before" 1 "$(conns /before-http10)"
expect "connections to HTTP/1.0 with keep-alive, after" 2 "$(conns /after-http10)"
expect "connections where a second field says close, before" 1 "$(conns /before-two)"
expect "connections where a second field says close, after" 2 "$(conns /after-two)"
expect "status behind a 103, before" 103 "$before"
expect "status behind a 103, after" 200 "$after"
expect "urllib3 that pip shows" "urllib3 2.8.0" \
	"$("$python" -m pip list 2>/dev/null | grep '^urllib3 ' | xargs)"
find_end
