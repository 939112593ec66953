#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs of Debian 12 and clients of PyPI beside a server that reads a request which changes
#   something, and closes without an answer: on a fresh connection, and on one that has had an
#   answer. No retry was asked for.
# Guess: each sends it once, as nobody knows whether it was carried out; curl and wget, which try
#   again by themselves, do so with a GET.
# Instead: Emacs sends a POST twice and wget up to twenty times, both on fresh connections too; curl
#   twice where the first time was on a used one. There cadaver sends MKCOL, MOVE and PUT twice as
#   well, and then says "405" or "404" of what was done.
# Matters: one order becomes two, or twenty; what went well is told as an error.
# Versions: Emacs 28.2, wget 1.21.3, curl 7.88.1, cadaver 0.24 with neon 0.32.5; not treq 26.7.0,
#   geventhttpclient 2.6.1.
# Seen 2026-11-29, times the server read it: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb emacs-nox=1:28.2+1-15+deb12u4 emacs-common=1:28.2+1-15+deb12u4 \
	emacs-el=1:28.2+1-15+deb12u4 emacs-bin-common=1:28.2+1-15+deb12u4 libgccjit0=12.2.0-14+deb12u1 \
	libjansson4=2.14-2 libgpm2=1.20.7-10+b1 libasound2=1.2.8-1+b1 libisl23=0.25-1.1 libmpc3=1.3.1-1 \
	libmpfr6=4.2.0-1 wget=1.21.3-1+deb12u1 cadaver=0.24+dfsg-1 libneon27-gnutls=0.32.5-1
get_pip geventhttpclient==2.6.1 treq==26.7.0
need curl --version
emacs=$tmp/deb/usr/share/emacs/28.2
cat >"$tmp/find.el" <<'EL'
(require 'url)
(defun ask (method path)
  (let ((url-request-method method)
        (url-request-data (and (string= method "POST") "x")))
    (ignore-errors
      (url-retrieve-synchronously
       (format "http://127.0.0.1:%s/%s" (getenv "port") path) t t 8))))
(ask "POST" "emacs/fresh")
(ask "GET" "first")
(ask "POST" "emacs/used")
EL
cat >"$tmp/find.py" <<'PY'
import os

import treq
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed
from twisted.internet import defer, error, task
from twisted.web.client import ResponseNeverReceived

port = int(os.environ["port"])
client = HTTPClient("127.0.0.1", port)
client.get("/first").read()
try:
    client.post("/gevent/used", body="x")
except HTTPConnectionClosed:
    pass


@defer.inlineCallbacks
def by_treq(reactor):
    url = f"http://127.0.0.1:{port}/"
    first = yield treq.get(url + "first")
    yield first.content()
    try:
        yield treq.post(url + "treq/used", data=b"x")
    except ResponseNeverReceived:
        pass

task.react(by_treq)
PY
serve <<'PY'
DONE = set()
LISTING = """<?xml version="1.0"?>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>%s</D:href><D:propstat>
<D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop>
<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"""


def changes(conn):
    """Carries it out, without an answer; told again, it finds it done."""
    if (conn.method, conn.path) not in DONE:
        DONE.add((conn.method, conn.path))
        return False
    status = "405 Not Allowed" if conn.method == "MKCOL" else "404 Not Found"
    conn.send("HTTP/1.1 " + status, "Content-Length: 0")
    return True


def handle(conn):
    while conn.request():
        if conn.method == "OPTIONS":
            conn.send("HTTP/1.1 200 OK", "DAV: 1", "Content-Length: 0")
        elif conn.method == "PROPFIND":
            body = LISTING % conn.path
            conn.send("HTTP/1.1 207 Multi-Status", "Content-Type: application/xml",
                      "Content-Length: %d" % len(body), body=body)
        elif conn.method == "GET":
            conn.ok("Content-Type: text/plain")
        elif conn.method == "POST" or not changes(conn):
            return
PY
url=http://127.0.0.1:$port
EMACSLOADPATH=$(find "$emacs/lisp" -type d | paste -sd:) EMACSDATA=$emacs/etc LD_LIBRARY_PATH=$libs \
	run "$tmp/deb/usr/bin/emacs-nox" -Q --batch -l "$tmp/find.el" \
	--dump-file="$(echo "$tmp"/deb/usr/libexec/emacs/28.2/*/emacs.pdmp)" >"$tmp/null"
run timeout 9 "$tmp/deb/usr/bin/wget" -q -O "$tmp/null" --post-data=x "$url/wget/fresh"
run curl -s -d x "$url/curl/fresh"
run curl -s "$url/first" --next -s -d x "$url/curl/used" >"$tmp/null"
run "$python" find.py
echo x >"$tmp/file"
told=$(printf 'mkcol new\nmove a b\nput file\nquit\n' | LD_LIBRARY_PATH=$libs \
	run "$tmp/deb/usr/bin/cadaver" "$url/dav/")

expect "POSTs of Emacs" "2 2" "$(reads POST /emacs/fresh) $(reads POST /emacs/used)"
expect "POSTs of wget in 9 s are more than two" yes \
	"$([ "$(reads POST /wget/fresh)" -gt 2 ] && echo yes)"
expect "POSTs of curl" "1 2" "$(reads POST /curl/fresh) $(reads POST /curl/used)"
expect "POSTs of treq and geventhttpclient" "1 1" \
	"$(reads POST /treq/used) $(reads POST /gevent/used)"
expect "MKCOL, MOVE and PUT of cadaver" "2 2 2" \
	"$(reads MKCOL /dav/new/) $(reads MOVE /dav/a) $(reads PUT /dav/file)"
expect "what cadaver says of them" "405 Not Allowed
404 Not Found
404 Not Found" "$(echo "$told" | grep '^40')"
find_end
