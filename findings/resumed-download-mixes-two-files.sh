#!/bin/sh
# SPDX-License-Identifier: MIT
# A download breaks off after 40,000 of 100,000 bytes, and when the client comes back the file is
# another one of the same length: strong ETag "v1" has become "v2", the server knows If-Range and
# If-Match. wget 1.21.3, wget2 1.99.1 and aria2 1.36.0 of Debian 12, node-downloader-helper 2.1.11.
# And a file read in blocks that changes between the first and the second: fsspec 2026.9.0 (its
# HTTP file system, with aiohttp 3.14.5), httpio 0.3.0.
# Guess: each sends the validator that it was given, or compares it, and fails or starts anew.
# Instead: none sends If-Range or If-Match, and none compares. wget, aria2 and node-downloader-helper
#   put 60,000 bytes of the new file behind 40,000 of the old and end with success; so do fsspec and
#   httpio, block by block. wget2 does not come back: it keeps the 40,000 bytes, and exits with 0.
# Matters: a retry that goes on in the middle of a body is right only with If-Range and a look at the
#   validator of the 206; that a client does it by itself does not mean that it does either.
# Seen 2026-11-28, bytes of the old and of the new file: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb wget=1.21.3-1+deb12u1 wget2=1.99.1-2.2 libwget0=1.99.1-2.2 aria2=1.36.0-1 libaria2-0=1.36.0-1
get_deb libgpgme11 libassuan0 libc-ares2 libssh2-1 libnettle8 libhogweed6
get_npm node-downloader-helper@2.1.11
get_pip fsspec==2026.9.0 aiohttp==3.14.5 httpio==0.3.0

# Of each path, the first response that has a body is of the old file: whole files break off in it.
serve <<'PY'
import time

LENGTH, CUT = 100000, 40000
OLD, NEW = '"v1"', '"v2"'
asked = set()


def handle(conn):
    while conn.request():
        old = conn.method == "HEAD" or conn.path not in asked
        tag, letter = (OLD, b"a") if old else (NEW, b"b")
        if conn.method != "HEAD":
            asked.add(conn.path)
        first, last = 0, LENGTH - 1
        span = conn.fields.get("range")
        if conn.fields.get("if-match", tag) != tag:
            conn.send("HTTP/1.1 412 Precondition Failed", "Content-Length: 0")
            continue
        if span and conn.fields.get("if-range", tag) == tag:
            first, _, until = span.split("=")[1].partition("-")
            first, last = int(first), min(int(until or last), last)
        status = ["206 Partial Content", f"Content-Range: bytes {first}-{last}/{LENGTH}"]
        whole = last - first == LENGTH - 1
        body = letter * (last - first + 1)
        head = [f"HTTP/1.1 {'200 OK' if whole else status[0]}", f"ETag: {tag}", "Accept-Ranges: bytes"]
        head += [f"Content-Length: {len(body)}"] + ([] if whole else status[1:])
        sent = b"" if conn.method == "HEAD" else body[:CUT] if old and whole else body
        conn.sock.sendall("\r\n".join(head + ["", ""]).encode() + sent)
        if len(sent) < len(body) and conn.method != "HEAD":
            time.sleep(0.3)  # that the client has read it
            return
PY

# has FILE: how many bytes of the old and of the new file are in it.
has() {
	python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
print(data.count(b"a"), "old", data.count(b"b"), "new")' "$tmp/$1"
}

bin=$tmp/deb/usr/bin
url=http://127.0.0.1:$port
export LD_LIBRARY_PATH="$libs"
run "$bin/wget" -q --tries=3 -O wget "$url/wget"
expect "wget, exit status" 0 $?
expect "wget" "40000 old 60000 new" "$(has wget)"
run "$bin/wget2" -q --tries=3 -O wget2 "$url/wget2"
expect "wget2, exit status" 0 $?
expect "wget2" "40000 old 0 new" "$(has wget2)"
run "$bin/aria2c" -q -x1 --no-conf --max-tries=3 --retry-wait=0 -o aria2 "$url/aria2"
expect "aria2, exit status" 0 $?
expect "aria2" "40000 old 60000 new" "$(has aria2)"
unset LD_LIBRARY_PATH
cat >"$tmp/helper.js" <<'JS'
const { DownloaderHelper } = require('node-downloader-helper');
const download = new DownloaderHelper(process.argv[2], '.', {
  fileName: 'helper', retry: { maxRetries: 3, delay: 100 } });
download.on('end', () => console.log('end'));
download.on('error', (error) => console.log(error.message));
download.start();
JS
expect "node-downloader-helper, event" end "$(run node helper.js "$url/helper")"
expect "node-downloader-helper" "40000 old 60000 new" "$(has helper)"
cat >"$tmp/blocks.py" <<'PY'
import sys

import fsspec
import httpio

kind, url = sys.argv[1:]
if kind == "fsspec":
    file = fsspec.open(url, "rb", block_size=30000).open()
else:
    file = httpio.open(url, block_size=30000)
with open(kind, "wb") as copy:
    while data := file.read(10000):
        copy.write(data)
PY
run "$python" blocks.py fsspec "$url/fsspec"
expect "fsspec" "40000 old 60000 new" "$(has fsspec)"
run "$python" blocks.py httpio "$url/httpio"
expect "httpio" "30000 old 70000 new" "$(has httpio)"
find_end
