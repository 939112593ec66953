#!/bin/sh
# SPDX-License-Identifier: MIT
# minreq 3.0.0. A server reads the request and closes without a byte of answer.
# Guess: an error, as in ureq 3.5.2 ("Peer disconnected").
# Instead: Ok with status 503 and an empty body, as if the server had said so.
# Matters: a 503 says "not now, try again". Code that repeats a POST on 503, as the server has then
#   refused it, here repeats one that the server may have carried out.
# Seen 2026-11-28: minreq status 503, reason "Server did not provide a status line"; ureq an error.
. "$(dirname "$0")/support/find.sh"

get_cargo 'minreq = "=3.0.0"
ureq = { version = "=3.5.2", default-features = false }' <<'RUST'
fn main() {
    let url = format!("http://127.0.0.1:{}/", std::env::var("port").unwrap());
    match minreq::post(url.clone() + "minreq").with_body("x").send() {
        Ok(answer) => println!("minreq {} {}", answer.status_code, answer.reason_phrase),
        Err(why) => println!("minreq error {why}"),
    }
    match ureq::post(url + "ureq").send("x") {
        Ok(answer) => println!("ureq {}", answer.status()),
        Err(why) => println!("ureq error {why}"),
    }
}
RUST
serve <<'PY'
def handle(conn):
    conn.request()
PY
run crate/target/debug/find | tee "$tmp/out"

expect "what minreq gives" "minreq 503" "$(grep '^minreq' "$tmp/out" | cut -d' ' -f1,2)"
expect "what ureq gives" "ureq error" "$(grep '^ureq' "$tmp/out" | cut -d' ' -f1,2)"
expect "requests that the server read of each" "1 1" \
	"$(reads POST /minreq) $(reads POST /ureq)"
find_end
