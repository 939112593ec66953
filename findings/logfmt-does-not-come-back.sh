#!/bin/sh
# SPDX-License-Identifier: MIT
# Values written by go-logfmt 0.6.1 (Go kit's, below Loki and Grafana), read by four readers.
# Guess: go-logfmt quotes and escapes as in JSON, and so all others read: what goes in comes out.
# Instead: npm's logfmt 1.4.0 makes a letter n of a new line and true of the text "true"; Python's
#   logfmt 0.4 misses the end of a value with an escape in it, so that the next key is part of it
#   and bits of its value are keys. kr/logfmt (Go) and logfmtkv 0.2.1 (Python) read all of it.
# Matters: one error text with a new line, and the fields after it are not there.
# Seen 2026-11-28: npm "a nb" and true; Python the value `a nb" path=`, no path, a key c.
. "$(dirname "$0")/support/find.sh"

get_npm logfmt@1.4.0
get_pip logfmt==0.4 logfmtkv==0.2.1
get_go github.com/go-logfmt/logfmt@v0.6.1 \
	github.com/kr/logfmt@v0.0.0-20140226030751-b84e30acd515 <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/go-logfmt/logfmt"
	kr "github.com/kr/logfmt"
)

func main() {
	if len(os.Args) == 1 {
		writer := logfmt.NewEncoder(os.Stdout)
		writer.EncodeKeyvals("line", "a \nb", "path", `c =\`, "next", "true")
		writer.EndRecord()
		return
	}
	line, _ := os.ReadFile("line")
	kr.Unmarshal(line, kr.HandlerFunc(func(key, val []byte) error {
		fmt.Printf("%s=%q ", key, val)
		return nil
	}))
}
GO
cat >"$tmp/find.py" <<'PY'
import json

import logfmt
import logfmtkv

print(json.dumps(next(logfmt.parse(open("line")))))
print(json.dumps(logfmtkv.parse(open("line").read().strip())))
PY
run go/find | tee "$tmp/line"
expect "read by kr/logfmt" 'line="a \nb" path="c =\\" next="true" ' "$(run go/find kr)"
expect "read by npm's logfmt" '{"line":"a nb","path":"c =\\","next":true}' \
	"$(run node -p 'JSON.stringify(require("logfmt").parse(fs.readFileSync("line", "utf8").trim()))')"
run "$python" find.py >"$tmp/python"
expect "read by logfmtkv" '{"line": "a \nb", "path": "c =\\", "next": "true"}' \
	"$(sed -n 2p "$tmp/python")"
expect "read by Python's logfmt" \
	'{"line": "a nb\" path=", "c": true, "\\\\": true, "next": "true"}' "$(sed -n 1p "$tmp/python")"
find_end
