#!/bin/sh
# SPDX-License-Identifier: MIT
# The rooms of preload/, by what their files include: arrows run down the list in preload/README.md,
# policy/ knows no preload header, nothing goes in a circle, and no file is two jobs.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/support/check.sh
. tests/support/check.sh

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

lines_max=400

# rooms TREE: those that its page lists, in order: the first word of such a line, in a block, a table
# or a list, is `NAME/`.
# shellcheck disable=SC2016 # backquotes of Markdown
rooms() {
	sed -n 's/^[|*-]\{0,1\} *`\{0,1\}\([a-z][a-z0-9]*\)\/`\{0,1\}\([ |].*\)\{0,1\}$/\1/p' \
		"$1/preload/README.md" | while read -r room; do
		[ ! -d "$1/preload/$room" ] || echo "$room"
	done | awk '!seen[$0]++'
}

# includes TREE: a line `FILE HEADER` for each header of ours, both by their place in the tree. What
# is no header (a list that is included with X defined) belongs to all.
includes() (
	cd "$1" || exit
	find preload policy -name '*.[ch]' | sort |
		xargs sed -n 's/^ *# *include "\(.*\.h\)".*/\1/p;T;F' |
		awk 'NR % 2 { header = $0; next } { print $0, header }' |
		awk '{
			path = $1
			sub(/[^\/]*$/, "", path)
			count = split(path $2, part, "/")
			depth = 0
			for (i = 1; i <= count; i++) {
				if (part[i] == "..") depth--
				else if (part[i] != "." && part[i] != "") kept[++depth] = part[i]
			}
			place = ""
			for (i = 1; i <= depth; i++) place = place (i > 1 ? "/" : "") kept[i]
			print $1, place
		}'
)

# offenders TREE: a line for each arrow that may not be, with the two files and the rule.
offenders() {
	includes "$1" >"$tmp/includes"
	rooms "$1" | awk '
		function room_of(file, part) {
			split(file, part, "/")
			return part[1] == "preload" ? part[2] : part[1]
		}
		FNR == NR { place[$1] = FNR; next }
		{
			from = room_of($1)
			to = room_of($2)
			pair = $1 " includes " $2 ": "
			if ($1 ~ /^policy\//) {
				if ($2 !~ /^policy\//) print pair "policy/ knows nothing else"
			} else if (!(from in place)) {
				print pair from "/ is not in the list of rooms"
			} else if (to != "policy" && !(to in place)) {
				print pair to "/ is no room"
			} else if (to != "policy" && place[to] < place[from]) {
				print pair from "/ may not reach up to " to "/"
			}
		}' - "$tmp/includes"
}

# circles TREE: files of two rooms, a source and its header being one, that need one another: for
# each two rooms the first such files.
circles() {
	includes "$1" | sed 's/\.[ch]\>//g' | awk '
		function room_of(file, part) {
			split(file, part, "/")
			return part[1] == "preload" ? part[2] : part[1]
		}
		function reaches(from, to, seen, list, count, i) {
			if (from in seen) return 0
			seen[from] = 1
			count = split(uses[from], list, " ")
			for (i = 1; i <= count; i++)
				if (list[i] == to || reaches(list[i], to, seen)) return 1
			return 0
		}
		$1 != $2 { uses[$1] = uses[$1] " " $2 }
		room_of($1) != room_of($2) { from[++pairs] = $1; to[pairs] = $2 }
		END {
			for (i = 1; i <= pairs; i++) {
				a = room_of(from[i])
				b = room_of(to[i])
				split("", seen)
				if (!((a, b) in told) && reaches(to[i], from[i], seen)) {
					print from[i] " needs " to[i] ", and that needs it"
					told[a, b] = told[b, a] = 1
				}
			}
		}'
}

# too_long TREE: files that have more lines than one job needs.
too_long() (
	cd "$1" || exit
	find preload policy -name '*.[ch]' -exec awk -v max=$lines_max '
		END { if (FNR > max) print FILENAME ": " FNR " lines, at most " max }' {} \;
)

unlisted() {
	for room in "$1"/preload/*/; do
		room=$(basename "$room")
		rooms "$1" | grep -qx "$room" || echo "preload/$room"
	done
}

none "every room of preload/ is in the list of preload/README.md" "$(unlisted .)"
at_least "includes of ours that were looked at" 300 "$(includes . | wc -l)"
none "every header of ours that is included is there" \
	"$(includes . | while read -r file header; do
		[ -f "$header" ] || echo "$file includes $header"
	done)"
none "arrows run down" "$(offenders .)"
none "no circle of files across rooms" "$(circles .)"
none "no file of preload/ and policy/ is over $lines_max lines" "$(too_long .)"

# A tree in which each of these is wrong once: does the check see it?
bad=$tmp/bad
mkdir -p "$bad/preload/upper" "$bad/preload/lower" "$bad/preload/cellar" "$bad/policy" || exit 1
cat >"$bad/preload/README.md" <<'END'
| room | what |
| --- | --- |
| `upper/` | what is above |
| `lower/` | what is below |
END
printf '#include "../lower/b.h"\n#include "own.h"\n' >"$bad/preload/upper/a.h"
printf '#include "../../policy/p.h"\n' >"$bad/preload/upper/own.h"
printf '#include <stddef.h>\n' >"$bad/preload/lower/b.h"
printf '#include "b.h"\n#  include "../upper/a.h"\n#include "../cellar/c.h"\n' >"$bad/preload/lower/b.c"
printf '#include "../lower/b.h"\n' >"$bad/preload/cellar/c.h"
printf '#include "../preload/lower/b.h"\n' >"$bad/policy/p.h"
awk 'BEGIN { for (i = 0; i < 401; i++) print "" }' >"$bad/policy/long.c"
awk 'BEGIN { for (i = 0; i < 400; i++) print "" }' >"$bad/policy/right.c"

# The same list in a fenced block.
mkdir -p "$tmp/fenced/preload/upper" "$tmp/fenced/preload/lower"
# shellcheck disable=SC2016 # backquotes of Markdown
printf '```\nupper/   above\nlower/   below\n```\n' >"$tmp/fenced/preload/README.md"

# seen WHAT WANT GOT
seen() {
	if [ "$2" = "$3" ]; then pass "seen in a bad tree: $1"; else fail "seen in a bad tree: $1" "$3"; fi
}

seen "a room that is in no list" "preload/cellar" "$(unlisted "$bad")"
seen "arrows that run up, to or from no room, or out of policy/" "\
policy/p.h includes preload/lower/b.h: policy/ knows nothing else
preload/cellar/c.h includes preload/lower/b.h: cellar/ is not in the list of rooms
preload/lower/b.c includes preload/cellar/c.h: cellar/ is no room
preload/lower/b.c includes preload/upper/a.h: lower/ may not reach up to upper/" \
	"$(offenders "$bad" | sort)"
seen "circles across rooms" "\
policy/p needs preload/lower/b, and that needs it
preload/cellar/c needs preload/lower/b, and that needs it
preload/lower/b needs preload/upper/a, and that needs it
preload/upper/own needs policy/p, and that needs it" "$(circles "$bad" | sort)"
seen "a file that is too long" "policy/long.c: 401 lines, at most 400" "$(too_long "$bad")"
equal "the list of rooms is read from a table and from a block" "upper lower upper lower" \
	"$({ rooms "$bad"; rooms "$tmp/fenced"; } | xargs)"

check_end
