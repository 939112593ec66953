#!/bin/sh
# SPDX-License-Identifier: MIT
# Five readers of the Prometheus text format 0.0.4, given what it allows: a } or a # in a label's
# value, escapes, blanks around names and braces, empty braces, a colon first.
# Guess: all read all, as Prometheus' own Go parser (common 0.74.0) does; what one cannot, it says.
# Instead: prometheus-parse 0.2.5 (Rust) drops the lines with a }, a blank before the braces, empty
#   braces or a colon without a word, Ok with fewer samples, and leaves escapes as they are written.
#   With blanks in the braces parse-prometheus-text-format 1.1.1 (npm) refuses the whole page, not
#   only the line. prometheus_client 0.26.0 (Python) reads all, but gives a
#   timestamp of ms in seconds.
# Matters: a path or an error message in a label, and one series of a page is missing on the graph.
# Seen 2026-11-28, samples of eight lines: Go 8, Python 8, npm 7, Rust's openmetrics-parser 0.5.1 8,
#   prometheus-parse 4.
. "$(dirname "$0")/support/find.sh"

get_pip prometheus_client==0.26.0
get_npm parse-prometheus-text-format@1.1.1
cat >"$tmp/page" <<'PROM'
plain{x="1"} 1
a{x="2}"} 1
b{x="q\"b\\c"} 1
c {x="1"} 1
d{ x = "1" , y = "2" } 1
e{} 1
:f 1
g{x="# 1"} 1
PROM
get_cargo 'prometheus-parse = "=0.2.5"
openmetrics-parser = "=0.5.1"' <<'RUST'
use openmetrics_parser::prometheus::parse_prometheus;

fn main() {
    let (mut a, mut b) = (0, 0);
    for line in std::fs::read_to_string("page").unwrap().lines() {
        let lines = std::iter::once(Ok(line.to_string()));
        let scrape = prometheus_parse::Scrape::parse(lines).expect("an error");
        a += scrape.samples.len();
        if scrape.samples.is_empty() {
            println!("dropped {line}");
        }
        if line.starts_with("b{") {
            println!("label {}", scrape.samples[0].labels["x"]);
        }
        b += parse_prometheus(&format!("{line}\n")).map_or(0, |page| page.families.len());
    }
    println!("prometheus-parse {a}\nopenmetrics-parser {b}");
}
RUST
get_go github.com/prometheus/common/expfmt@v0.74.0 <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func main() {
	page, _ := os.Open("page")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(page)
	fmt.Println(len(families), err)
}
GO
cat >"$tmp/find.py" <<'PY'
from prometheus_client.parser import text_string_to_metric_families as parse

print(sum(len(family.samples) for family in parse(open("page").read())))
print(next(iter(parse("a 1 1520879607789\n"))).samples[0].timestamp)
PY
cat >"$tmp/find.js" <<'JS'
const parse = require('parse-prometheus-text-format');
const lines = require('fs').readFileSync('page', 'utf8').split('\n');
let whole = 'yes';
try { parse(lines.join('\n')); } catch { whole = 'no'; }
const read = lines.filter((line) => {
  try { return parse(line + '\n').length; } catch { return false; }
});
console.log(read.length, 'the whole page:', whole);
JS
expect "samples by Go" "8 <nil>" "$(run go/find)"
expect "samples by Python, and a timestamp" "8 1520879607.789" "$(run "$python" find.py | xargs)"
expect "samples by npm" "7 the whole page: no" "$(run node find.js)"
run crate/target/debug/find >"$tmp/rust"
expect "samples by openmetrics-parser" "openmetrics-parser 8" "$(grep openm "$tmp/rust")"
expect "samples by prometheus-parse" "prometheus-parse 4" "$(grep '^prom' "$tmp/rust")"
grep dropped "$tmp/rust"
expect "what it makes of an escape" 'label q\"b\\c' "$(grep label "$tmp/rust")"
find_end
