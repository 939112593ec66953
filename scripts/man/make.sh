#!/bin/sh
# SPDX-License-Identifier: MIT
# make.sh PAGE.in VERSION: the man page of that template, on standard output. A line
# `@table SECTION` in it stands for that table of README, each row an entry of a list: what README
# says of a key, an option or a field is written once.
set -eu
export LC_ALL=C.UTF-8

template=$1
version=$2
readme=$(dirname "$0")/../../README.md

# README's text below a heading, up to the next one of the same or a higher level.
section() {
	awk -v title="$1" '
		/^```/ { fenced = !fenced }
		!fenced && /^#+ / {
			level = index($0, " ")
			if (inside && level <= inside) exit
			if (substr($0, level + 1) == title) { inside = level; next }
		}
		inside' "$readme"
}

# The rows of the first table of a section, or of the one whose first cell holds $2.
rows() {
	section "$1" | awk -v first="${2-}" '
		function trim(text) { gsub(/^ +| +$/, "", text); return text }
		function roff(text) {
			gsub(/\\/, "\\e", text)
			gsub(/-/, "\\-", text)
			gsub(/…/, "\\&...", text)
			text = gensub_code(text)
			gsub(/\*\*/, "", text)
			while (match(text, /\[[a-z]+\]\(#[a-z]+\)/)) {
				link = substr(text, RSTART + 1, RLENGTH - 1)
				sub(/\].*/, "", link)
				text = substr(text, 1, RSTART - 1) link substr(text, RSTART + RLENGTH)
			}
			return text
		}
		# `code` in bold.
		function gensub_code(text,   out, at) {
			out = ""
			while ((at = index(text, "`")) > 0) {
				out = out substr(text, 1, at - 1) (open ? "\\fR" : "\\fB")
				open = !open
				text = substr(text, at + 1)
			}
			open = 0
			return out text
		}
		!/^\|/ { if (header) done = 1; next }
		done { done = 0; header = 0 }
		!header { header = 1; split($0, names, "|"); wanted = first == "" || index($0, first); next }
		/^\| *---/ { next }
		wanted {
			count = split($0, cells, / \| /)
			sub(/^\| */, "", cells[1])
			sub(/ *\|$/, "", cells[count])
			print ".TP"
			print roff(trim(cells[1]))
			if (count >= 4) {
				default_text = trim(cells[3])
				print roff(trim(cells[4])) "."
				print ".br"
				print "(" roff(trim(cells[2])) (default_text == "" ? "" : "; default " roff(default_text)) ")"
			} else {
				print roff(trim(cells[count])) "."
			}
		}'
}

while IFS= read -r line; do
	case $line in
	'@table '*'@'*) rest=${line#@table } && rows "${rest%%@*}" "${rest#*@}" ;;
	'@table '*) rows "${line#@table }" ;;
	*) printf '%s\n' "$line" | sed "s/@VERSION@/$version/g" ;;
	esac
done <"$template"
