#!/bin/sh
# SPDX-License-Identifier: MIT
# Four readers of RFC 5424, given lines that it allows: a message that starts with a bracket, a
# parameter twice, as the RFC does with origin's ip (7.2.3), escapes, an element with an IANA name.
# Guess: the four things come out as they were put in; a parameter given twice as a list.
# Instead: glossy takes the message "[conn 7] reset" for structured data: "reset" is left;
#   nsyslog-parser reads no element whose name has no @ and leaves it in the message; the escapes
#   of 6.3.3 are not undone by syslog-rfc5424-parser; of a parameter given twice all but
#   nsyslog-parser keep only the last.
# Matters: a program that logs what it does to [conn 7] has lost the number at the reader.
# Versions: glossy 0.1.7 and nsyslog-parser 0.10.1 on Node 20.20.2, syslog-rfc5424-parser 0.3.2 on
#   Python 3.11.7, leodido/go-syslog 4.6.0.
# Seen 2026-11-28: as the statements below.
. "$(dirname "$0")/support/find.sh"

get_npm glossy@0.1.7 nsyslog-parser@0.10.1
get_pip syslog-rfc5424-parser==0.3.2
cat >"$tmp/lines" <<'LOG'
<13>1 2003-10-11T22:14:15.003Z h a p m [x@1 k="v"] [conn 7] reset
<13>1 2003-10-11T22:14:15.003Z h a p m [x@1 ip="1" ip="2"] y
<13>1 2003-10-11T22:14:15.003Z h a p m [x@1 k="q\"b\]c\\d"] y
<13>1 2003-10-11T22:14:15.003Z h a p m [origin ip="1"] y
LOG
get_go github.com/leodido/go-syslog/v4@v4.6.0 <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/leodido/go-syslog/v4/rfc5424"
)

func main() {
	lines, _ := os.ReadFile("lines")
	for _, line := range strings.Split(strings.TrimSpace(string(lines)), "\n") {
		message, err := rfc5424.NewParser().Parse([]byte(line))
		if err != nil {
			fmt.Println(err)
			continue
		}
		parsed := message.(*rfc5424.SyslogMessage)
		data, _ := json.Marshal(parsed.StructuredData)
		fmt.Println(string(data), *parsed.Message)
	}
}
GO
cat >"$tmp/find.py" <<'PY'
import json

from syslog_rfc5424_parser import SyslogMessage

for line in open("lines").read().splitlines():
    message = SyslogMessage.parse(line)
    print(json.dumps(message.sd, separators=(",", ":")), message.msg)
PY
cat >"$tmp/find.js" <<'JS'
const nsyslog = require('nsyslog-parser');
const glossy = require('glossy').Parse;
const lines = require('fs').readFileSync('lines', 'utf8').trim().split('\n');
for (const line of lines) {
  if (process.argv[2] === 'glossy') {
    const { structuredData, message } = glossy.parse(line);
    console.log(JSON.stringify(structuredData), message);
  } else {
    const { structuredData, message } = nsyslog(line);
    console.log(JSON.stringify(structuredData), message);
  }
}
JS
run go/find >"$tmp/go-syslog"
run "$python" find.py >"$tmp/syslog-rfc5424-parser"
run node find.js glossy >"$tmp/glossy"
run node find.js nsyslog >"$tmp/nsyslog-parser"
# line READER NUMBER
line() {
	sed -n "$2p" "$tmp/$1" | sed 's/ *$//'
}

expect "a bracket first, go-syslog" '{"x@1":{"k":"v"}} [conn 7] reset' "$(line go-syslog 1)"
expect "a bracket first, glossy" '{"x@1":{"k":"v"},"conn":{}} reset' "$(line glossy 1)"
for reader in go-syslog syslog-rfc5424-parser glossy; do
	expect "a parameter twice, $reader" '{"x@1":{"ip":"2"}} y' "$(line $reader 2)"
done
expect "escapes, go-syslog" '{"x@1":{"k":"q\"b]c\\d"}} y' "$(line go-syslog 3)"
expect "escapes, syslog-rfc5424-parser" '{"x@1":{"k":"q\\\"b\\]c\\\\d"}} y' \
	"$(line syslog-rfc5424-parser 3)"
expect "an IANA name, go-syslog" '{"origin":{"ip":"1"}} y' "$(line go-syslog 4)"
expect "an IANA name, nsyslog-parser" '[] ip="1"] y' "$(line nsyslog-parser 4)"
find_end
