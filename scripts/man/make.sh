#!/bin/sh
# SPDX-License-Identifier: MIT
# make.sh PAGE.in VERSION: the man page of that template, on standard output. A line
# `@table FOLDER SECTION@WORD` in it stands for a table of that folder's README.md, the first one of
# the section, or with `@WORD` the one whose head has that word. Each row is an entry of a list: what a
# page says of a key, an option or a field is written once.
set -eu
export LC_ALL=C.UTF-8

template=$1
version=$2
here=$(dirname "$0")
# shellcheck source=scripts/man/pages.sh
. "$here/pages.sh"

# rows FOLDER SECTION [WORD]
rows() {
	section "$here/../../$1/README.md" "$2" | awk -v first="${3-}" '
		function trim(text) { gsub(/^ +| +$/, "", text); return text }
		function roff(text) {
			gsub(/\\/, "\\e", text)
			gsub(/-/, "\\-", text)
			gsub(/…/, "\\&...", text)
			text = gensub_code(text)
			gsub(/\*\*/, "", text)
			while (match(text, /\[[^]]+\]\([^)]+\)/)) {
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
	'@table '*)
		rest=${line#@table }
		word=
		case $rest in *@*) word=${rest#*@} rest=${rest%%@*} ;; esac
		list=$(rows "${rest%% *}" "${rest#* }" "$word")
		[ -n "$list" ] || {
			echo "$template: no such table: $line" >&2
			exit 1
		}
		printf '%s\n' "$list"
		;;
	*) printf '%s\n' "$line" | sed "s/@VERSION@/$version/g" ;;
	esac
done <"$template"
