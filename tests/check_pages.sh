#!/bin/sh
# SPDX-License-Identifier: MIT
# The pages as their reader meets them: the first one is short, every link leads somewhere, every file
# and every target of make that is named is there. What they say is check_docs.sh's.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C.UTF-8

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

python=/usr/bin/python3
[ -x $python ] || python=python3
dead() { $python -B tests/support/links.py "$1" 2>&1; }

at_most "lines of README.md" 250 "$(wc -l <README.md)"
none "what the pages refer to is there, and all of them are reached from README.md" "$(dead .)"

# A tree with one mistake of each kind, to see that each is found.
mkdir -p "$tmp/tests" "$tmp/scripts"
cp Makefile "$tmp/" && cp tests/tests.mk "$tmp/tests/" && cp scripts/install.mk "$tmp/scripts/"
cat >"$tmp/README.md" <<'END'
# Start
[gone](gone.md) [right](tests/README.md#here) [wrong](tests/README.md#there) [file](Makefile)
`tests/no.c`, `no/`, `tests.mk`, `make check`, `make nothing`

| a | b |
| --- | --- |
| one |
END
# shellcheck disable=SC2016 # backquotes of Markdown
printf '# Here\n`tests.mk`\n' >"$tmp/tests/README.md"
printf '# Alone\n' >"$tmp/scripts/README.md"
cat >"$tmp/wanted" <<'END'
README.md:2: link to gone.md
README.md:2: no such heading: tests/README.md#there
README.md:3: no such file: no/
README.md:3: no such file: tests.mk
README.md:3: no such file: tests/no.c
README.md:3: no such target: make nothing
README.md:7: a row of 1 cells in a table of 2
scripts/README.md: no link leads here
END
none "each kind of mistake is found" "$(dead "$tmp" | sort | diff "$tmp/wanted" -)"

check_end
