#!/bin/sh
# SPDX-License-Identifier: MIT
# Eight libraries for Structured Fields (RFC 8941, 9651) read fields that the grammar allows, and write
# what they have read.
# Guess: what comes out is the canonical form of what went in; a type that a library does not know, as
#   Date and Display String, which are of 2024, it refuses.
# Instead: structured-headers, which names RFC 9651, reads a Date only where the field ends behind it: one
#   with a parameter, in a list or before another key makes the whole field an error. It and the two
#   others of npm write the Decimal 1.0 as the Integer 1, another type. http_sfv and httpsfv refuse
#   base64 without its padding, which a parser should take (4.2.7). sfvparse refuses the dictionary
#   "u=1, i", writes a String as a Token, and takes base64 for the bytes themselves. http-sf and sfv
#   (Rust) do all as guessed.
# Matters: a proxy or client that reads, changes and writes such a field hands on another one, which
#   breaks signatures over it; one Date in a field and the rest of it is gone.
# Versions: structured-headers 2.1.0, structured-field-values 2.0.4, @svta/cml-structured-field-values
#   1.1.6 on Node 20.20.2; http-sf 1.5.0, http_sfv 0.9.9, sfvparse 0.1.0 on Python 3.11.7;
#   dunglas/httpsfv 1.1.2; sfv 0.16.0 (Rust).
# Seen 2026-11-29: what does not come back, see the expectations.
. "$(dirname "$0")/support/find.sh"

get_npm structured-headers@2.1.0 structured-field-values@2.0.4 \
	@svta/cml-structured-field-values@1.1.6
get_pip http-sf==1.5.0 http-sfv==0.9.9 sfvparse==0.1.0
# Kind, field, and its canonical form.
cat >"$tmp/fields" <<'FIELDS'
item|@1795910400|@1795910400
item|@1795910400;a|@1795910400;a
list|@1, @2|@1, @2
dict|d=@1, b|d=@1, b
item|%"f%c3%bc"|%"f%c3%bc"
item|1.0|1.0
list|a;q=1.0, b;q=0.5|a;q=1.0, b;q=0.5
item|:aGk=:|:aGk=:
item|:aGk:|:aGk=:
dict|u=1, i|u=1, i
item|x;a="y"|x;a="y"
list|( 1  2 );c|(1 2);c
FIELDS
cat >"$tmp/find.py" <<'PY'
import sys

import http_sf
import http_sfv
import sfvparse


def by_http_sf(kind, field):
    return http_sf.ser(http_sf.parse(field, tltype={"dict": "dictionary"}.get(kind, kind)))


def by_http_sfv(kind, field):
    kinds = {"item": http_sfv.Item, "list": http_sfv.List, "dict": http_sfv.Dictionary}
    read = kinds[kind]()
    read.parse(field)
    return str(read)


def by_sfvparse(kind, field):
    read = getattr(sfvparse, "parse_" + kind)(field)
    # it writes "; " before a parameter, which may be read again
    return getattr(sfvparse, "serialize_" + kind)(read).decode().replace("; ", ";")


for line in open("fields"):
    kind, field, canonical = line.rstrip("\n").split("|")
    try:
        written = globals()["by_" + sys.argv[1]](kind, field.encode())
    except ValueError:
        written = "error"
    if written != canonical:
        print(f"{field} > {written}")
PY
cat >"$tmp/find.mjs" <<'JS'
import { readFileSync } from 'fs';
import * as headers from 'structured-headers';
import * as values from 'structured-field-values';
import * as cml from '@svta/cml-structured-field-values';

const { decodeItem, decodeList, decodeDict, encodeItem, encodeList, encodeDict } = values;
const by = {
  'structured-headers': {
    item: (field) => headers.serializeItem(headers.parseItem(field)),
    list: (field) => headers.serializeList(headers.parseList(field)),
    dict: (field) => headers.serializeDictionary(headers.parseDictionary(field)),
  },
  'structured-field-values': {
    item: (field) => encodeItem(decodeItem(field)),
    list: (field) => encodeList(decodeList(field)),
    dict: (field) => encodeDict(decodeDict(field)),
  },
  cml: {
    item: (field) => cml.encodeSfItem(cml.decodeSfItem(field)),
    list: (field) => cml.encodeSfList(cml.decodeSfList(field)),
    dict: (field) => cml.encodeSfDict(cml.decodeSfDict(field)),
  },
}[process.argv[2]];
for (const line of readFileSync('fields', 'utf8').trim().split('\n')) {
  const [kind, field, canonical] = line.split('|');
  let written = 'error';
  try { written = by[kind](field); } catch { /* as said */ }
  if (written !== canonical) console.log(`${field} > ${written}`);
}
JS
get_go github.com/dunglas/httpsfv@v1.1.2 <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/dunglas/httpsfv"
)

func read(kind string, field string) (httpsfv.StructuredFieldValue, error) {
	switch lines := []string{field}; kind {
	case "item":
		return httpsfv.UnmarshalItem(lines)
	case "list":
		return httpsfv.UnmarshalList(lines)
	default:
		return httpsfv.UnmarshalDictionary(lines)
	}
}

func main() {
	fields, _ := os.ReadFile("fields")
	for _, line := range strings.Split(strings.TrimSpace(string(fields)), "\n") {
		part := strings.Split(line, "|")
		written := "error"
		if value, err := read(part[0], part[1]); err == nil {
			written, _ = httpsfv.Marshal(value)
		}
		if written != part[2] {
			fmt.Println(part[1], ">", written)
		}
	}
}
GO
get_cargo 'sfv = "=0.16.0"' <<'RUST'
use sfv::{Dictionary, FieldType, Item, List, Parser};

fn written(kind: &str, field: &str) -> Option<String> {
    let parser = Parser::new(field);
    match kind {
        "item" => Some(parser.parse::<Item>().ok()?.serialize()),
        "list" => parser.parse::<List>().ok()?.serialize(),
        _ => parser.parse::<Dictionary>().ok()?.serialize(),
    }
}

fn main() {
    for line in std::fs::read_to_string("fields").unwrap().lines() {
        let part: Vec<&str> = line.split('|').collect();
        let written = written(part[0], part[1]).unwrap_or("error".to_string());
        if written != part[2] {
            println!("{} > {}", part[1], written);
        }
    }
}
RUST
whole="1.0 > 1
a;q=1.0, b;q=0.5 > a;q=1, b;q=0.5"
expect "http-sf" "" "$(run "$python" find.py http_sf)"
expect "sfv" "" "$(run crate/target/debug/find)"
expect "http_sfv" ":aGk: > error" "$(run "$python" find.py http_sfv)"
expect "httpsfv" ":aGk: > error" "$(run go/find)"
expect "structured-headers" "@1795910400;a > error
@1, @2 > error
d=@1, b > error
$whole" "$(run node find.mjs structured-headers)"
older='%"f%c3%bc" > error'
expect "structured-field-values" "$older
$whole" "$(run node find.mjs structured-field-values)"
expect "cml-structured-field-values" "$older
$whole" "$(run node find.mjs cml)"
expect "sfvparse" "@1795910400 > error
@1795910400;a > error
@1, @2 > error
d=@1, b > error
$older
$whole
:aGk=: > :YUdrPQ==:
:aGk: > :YUdr:
u=1, i > error
x;a=\"y\" > x;a=y" "$(run "$python" find.py sfvparse)"
find_end
