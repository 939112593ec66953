#!/bin/sh
# SPDX-License-Identifier: MIT
# Licence expressions as the grammar of SPDX 2.3 (Annex D) has them, given to what validates them.
# Guess: all find them right: "+" behind any id, LicenseRef- and DocumentRef- for one's own, WITH
#   behind each of these.
# Instead: license-expression 30.4.4 (Python), asked for SPDX' licences, knows no "+" but the old
#   GNU ids with one, and no LicenseRef-; go-spdx 2.8.0 knows all of them, but none before a WITH.
#   spdx-expression-parse 5.0.0 (npm) and pyspdx 1.2.0 find all right.
# Matters: a bill of materials with a licence of its own is right for one gate and wrong for another.
# Seen 2026-11-29, right of six: Python's license-expression 1, go-spdx 4, the others 6; a licence
#   that does not exist none.
. "$(dirname "$0")/support/find.sh"

get_npm spdx-expression-parse@5.0.0
get_pip license-expression==30.4.4 pyspdx==1.2.0
get_go github.com/github/go-spdx/v2/spdxexp@v2.8.0 <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/github/go-spdx/v2/spdxexp"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		right, _ := spdxexp.ValidateLicenses([]string{lines.Text()})
		fmt.Println(map[bool]string{true: "right", false: "wrong"}[right], lines.Text())
	}
}
GO
cat >"$tmp/list" <<'END'
MIT AND (ISC OR GPL-2.0-only WITH Classpath-exception-2.0)
CDDL-1.0+
LicenseRef-own
DocumentRef-other:LicenseRef-own
CDDL-1.0+ WITH Classpath-exception-2.0
LicenseRef-own WITH Classpath-exception-2.0
No-such-licence
END
cat >"$tmp/find.js" <<'JS'
const parse = require('spdx-expression-parse');
for (const line of require('fs').readFileSync(0, 'utf8').trim().split('\n')) {
  try {
    parse(line);
    console.log('right', line);
  } catch {
    console.log('wrong', line);
  }
}
JS
cat >"$tmp/find.py" <<'PY'
import sys

import pyspdx
from license_expression import get_spdx_licensing

licensing = get_spdx_licensing()
for line in sys.stdin.read().splitlines():
    if sys.argv[1] == "pyspdx":
        try:
            pyspdx.validate(line)
            right = True
        except (pyspdx.ParseException, ValueError):
            right = False
    else:
        right = not licensing.validate(line).errors
    print("right" if right else "wrong", line)
PY
# judged COMMAND...: r or w for each line.
judged() { run "$@" <"$tmp/list" | cut -c1 | tr -d '\n'; }

expect "by npm's spdx-expression-parse" rrrrrrw "$(judged node find.js)"
expect "by pyspdx" rrrrrrw "$(judged "$python" find.py pyspdx)"
expect "by go-spdx" rrrrwww "$(judged go/find)"
expect "by license-expression" rwwwwww "$(judged "$python" find.py license-expression)"
find_end
