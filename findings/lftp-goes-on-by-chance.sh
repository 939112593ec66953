#!/bin/sh
# SPDX-License-Identifier: MIT
# lftp 4.9.2 (Debian 12) gets a file of 100,000 bytes whose connection ends after 40,000; the server
# knows Range. Twice the same, but for what glibc's malloc fills fresh memory with: MALLOC_PERTURB_.
# Guess: it goes on by a new connection with a Range, or it gives up after its tries (max-retries 3)
#   and says why; in any case the same both times.
# Instead: with 255, which gives memory of zeros, it goes on and has the whole file; with 85, 127 or
#   254 it ends with status 1, and its message stops behind the file's name.
# Matters: what happens to a lost download hangs on what lay in memory, so that a script that
#   works here fails there, and the message says nothing to search for.
# Seen 2026-11-29: 255: status 0, 100,000 bytes; the others: status 1, 40,000 bytes, "get: /file: ".
. "$(dirname "$0")/support/find.sh"

get_deb lftp=4.9.2-2+b1
serve <<'PY'
LENGTH, CUT = 100000, 40000


def handle(conn):
    while conn.request():
        span = conn.fields.get("range")
        first = int(span.split("=")[1].split("-")[0]) if span else 0
        last = f"{LENGTH - 1}/{LENGTH}"
        head = ["HTTP/1.1 200 OK"]
        if span:
            head = ["HTTP/1.1 206 Partial Content", f"Content-Range: bytes {first}-{last}"]
        size = LENGTH - first
        conn.send(*head, "Accept-Ranges: bytes", f"Content-Length: {size}",
                  body="a" * (size if span else CUT))
        if not span:
            time.sleep(0.3)  # that the client has read it
            return
PY
commands="set net:max-retries 3; set net:reconnect-interval-base 1; get http://127.0.0.1:$port/file"
# gets FILL: the exit status, the bytes that came and what lftp said.
gets() {
	rm -f "$tmp/file"
	run env "LD_LIBRARY_PATH=$libs:$libs/lftp/4.9.2" HOME="$tmp" MALLOC_PERTURB_="$1" \
		deb/usr/bin/lftp --norc -c "$commands" >"$tmp/said"
	echo "status $?, $(wc -c <"$tmp/file") bytes, \"$(cat "$tmp/said")\""
}

for fill in 255 85 127 254 255 85; do
	want='status 1, 40000 bytes, "get: /file: "'
	[ $fill != 255 ] || want='status 0, 100000 bytes, ""'
	expect "memory filled by $fill" "$want" "$(gets $fill)"
done
find_end
