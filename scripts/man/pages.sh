# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Reading the pages of this tree, to be sourced: by make.sh, and by the checks.

# section PAGE TITLE: the text below that heading, up to the next one of the same or a higher level.
section() {
	awk -v title="$2" '
		/^```/ { fenced = !fenced }
		!fenced && /^#+ / {
			level = index($0, " ")
			if (inside && level <= inside) exit
			if (substr($0, level + 1) == title) { inside = level; next }
		}
		inside' "$1"
}

# first_words PAGE TITLE: the code words in the first column of that section's tables.
first_words() {
	# shellcheck disable=SC2016 # backquotes of Markdown
	section "$1" "$2" | sed -n 's/^| \(`[^|]*\) |.*/\1/p' | grep -o '`[^`]*`' | tr -d '`' | sort -u
}

# fenced [LANGUAGE]: of standard input what stands in such blocks; without one in all of them.
fenced() {
	awk -v language="$1" '
		/^```/ { inside = !inside && (language == "" || $0 == "```" language)
			open = !open; if (!open) inside = 0; next }
		inside'
}
