#!/bin/sh
# SPDX-License-Identifier: MIT
# README.md names what the code knows, all of it and nothing else.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# section TITLE: README's text below that heading, up to the next one of the same or a higher level.
section() {
	awk -v title="$1" '
		/^```/ { fenced = !fenced }
		!fenced && /^#+ / {
			level = index($0, " ")
			if (inside && level <= inside) exit
			if (substr($0, level + 1) == title) { inside = level; next }
		}
		inside' README.md
}

# first_words TITLE: the code words in the first column of that section's table.
first_words() {
	# shellcheck disable=SC2016 # backquotes of Markdown
	section "$1" | sed -n 's/^| \(`[^|]*\) |.*/\1/p' | grep -o '`[^`]*`' | tr -d '`' | sort -u
}

# same STATEMENT CODE'S-WORDS README'S-WORDS, each sorted.
same() {
	printf '%s\n' "$2" >"$tmp/code"
	printf '%s\n' "$3" >"$tmp/readme"
	[ -n "$2" ] || { fail "$1" "none were found in the code" && return; }
	none "$1" "$(diff "$tmp/code" "$tmp/readme" |
		sed -n 's/^</README lacks:/p; s/^>/the code lacks:/p')"
}

# list_of MACRO FILE: the texts of an X-macro list.
list_of() {
	awk -v macro="$1" '$0 ~ "define " macro { inside = 1; next }
		inside && !/X\(/ { exit }
		inside { split($0, part, "\""); print part[2] }' "$2" | sort -u
}

# The keys that load_keys.c knows, by the table they are in, named as in README.
policy_keys() {
	awk '
		/^#define BACKOFF_KEYS/ { prefix = "retry.backoff." }
		/^#define RETRY_KEYS/ { prefix = "retry." }
		/^static const struct load_key rule_keys/ { prefix = "rules." }
		/^static const struct load_key budget_keys/ { prefix = "budget." }
		/^static const struct load_key breaker_keys/ { prefix = "breaker." }
		/^static const struct load_key log_keys/ { prefix = "log." }
		/^static const struct load_key policy_keys/ { prefix = "" }
		/^static const struct load_key (policy_backoff|rule_backoff|retry)_keys/ { next }
		/\.name = "|(NUMBER|MILLI)\("/ {
			split($0, part, "\"")
			print prefix part[2]
		}' policy/load_keys.c | grep -vxE 'retry\.backoff|retry|budget|breaker|log' | sort -u
}

# What a policy that sets README's key to a number that is far too large is told: "1 to 10".
range_of() {
	case $1 in
	*.backoff.*) text="retry = { backoff = { ${1##*.} = 2000000000; }; };" ;;
	retry.*) text="retry = { ${1#*.} = 2000000000; };" ;;
	budget.* | breaker.*) text="${1%%.*} = { ${1#*.} = 2000000000; };" ;;
	rules.*) text="rules = ( { ${1#*.} = 2000000000; } );" ;;
	esac
	echo "$text" >"$tmp/policy.cfg"
	build/redial-policy check "$tmp/policy.cfg" 2>&1 |
		sed -n 's/.*number from \([0-9.]* to [0-9.]*\), not.*/\1/p'
}

key_row() { section Keys | grep -F "| \`$1\` |"; }
cell() { cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'; }

same "every policy key is in README, and no other" "$(policy_keys)" "$(first_words Keys)"
same "every cause" "$(list_of REDIAL_CAUSES policy/decide.h)" "$(first_words Causes)"
same "every reason" "$(list_of REDIAL_REASONS policy/decide.h | grep -vx none)" \
	"$(first_words Reasons)"
same "every event of the log" \
	"$(sed -n 's/.*line_begin(&line, "\([a-z]*\)").*/\1/p; s/.*line_begin(line, "\([a-z]*\)").*/\1/p' \
		preload/log/log.c | sort -u)" "$(first_words Events)"
same "every field of the log" \
	"$({ echo event; sed -n 's/.*line_put_[a-z_]*([&a-z]*, "\([a-z_]*\)",.*/\1/p' \
		preload/log/*.c; } | sort -u)" "$(first_words Fields)"
same "every variable" \
	"$({ echo LD_PRELOAD; sed -n 's/.*variable("\([A-Z_]*\)").*/\1/p' preload/*/*.c
		grep -o 'REDIAL_[A-Z]*' scripts/redial; } | sort -u)" "$(first_words Environment)"
same "every option of the launcher" \
	"$(scripts/redial --help | grep -o '^  --[a-z]*' | tr -d ' ' | sort)" \
	"$(section 'The launcher' | sed -n 's/^| `\(--[a-z]*\).*/\1/p' | sort)"
same "every option of redial-entrypoint" \
	"$(build/redial-entrypoint --help | grep -o '^  --[a-z]*' | tr -d ' ' | sort)" \
	"$(section redial-entrypoint | sed -n 's/^| `\(--[a-z]*\).*/\1/p' | sort)"
same "every exit status of redial-entrypoint" \
	"$(sed -n 's/^	STATUS_[A-Z_]* = \([1-9][0-9]*\),$/\1/p' scripts/entrypoint/entrypoint.h | sort)" \
	"$(section redial-entrypoint | grep -oE '^\| [0-9]+(, [0-9]+)*' | grep -oE '[0-9]+' | sort)"
same "every command of redial-policy" \
	"$(build/redial-policy --help | sed -n 's/.* redial-policy \([a-z]*\).*/\1/p' | sort)" \
	"$(section redial-policy | sed -n 's/^| `redial-policy \([a-z]*\).*/\1/p' | sort)"
same "every option of redial doctor" \
	"$(build/redial-doctor --help | grep -o '^  --[a-z]*' | tr -d ' ' | sort)" \
	"$(section 'redial doctor' | sed -n 's/^| `\(--[a-z]*\).*/\1/p' | sort)"
same "every topic of redial doctor" \
	"$(cat scripts/doctor/*.c | grep -oE '(MARK_[A-Z]+[^"]*|0, )"[a-z_]+",' | grep -oE '"[a-z_]+"' |
		tr -d '"' | sort -u)" \
	"$(section 'redial doctor' | sed -n 's/^| `\([a-z][a-z_]*\)` .*/\1/p' | sort -u)"
same "every option of redial stat" \
	"$(build/redial-stat --help | grep -o '^  --[a-z]*' | tr -d ' ' | sort)" \
	"$(section 'redial stat' | sed -n 's/^| `\(--[a-z]*\).*/\1/p' | sort)"
same "every option of redial report" \
	"$(build/redial-report --help | grep -o '^  --[a-z]*' | tr -d ' ' | sort)" \
	"$(section 'redial report' | sed -n 's/^| `\(--[a-z]*\).*/\1/p' | sort)"
# shellcheck disable=SC2016 # backquotes of Markdown
none "every metric and key of redial report is one that it prints" "$(
	log=$(printf 'event=%s\n' "attempt cause=eof" "outcome result=recovered" \
		"refused reason=method" "breaker state=open")
	for form in json prometheus; do
		echo "$log" | build/redial-report "--$form" >"$tmp/report"
		section 'redial report' | grep "^| .--$form" | cut -d'|' -f3 | grep -o '`[^`]*`' |
			tr -d '`' | while read -r word; do
			grep -qw -- "$word" "$tmp/report" || echo "--$form: no $word"
		done
	done)"
same "every exit status of the launcher" \
	"$(grep -oE 'redial_die [0-9]+|exit [1-9][0-9]+' scripts/redial | cut -d' ' -f2 | sort -u)" \
	"$(section 'The launcher' | grep -oE '^\| [0-9]+(, [0-9]+)*' | grep -oE '[0-9]+' | sort -u)"
none "every system call that is made" "$(
	section 'System calls' | grep -oE '[a-z0-9_]+' | sort -u >"$tmp/readme"
	# pread64 and the like stand under their kernel names, fcntl and dup3 are called through libc.
	grep -ohE '\bsys[0-6]\([a-z_0-9]{2,}' preload/*/*.c preload/*/*.h | sed 's/.*(//' | sort -u |
		comm -23 - "$tmp/readme")"
none "every word of retry.on, jitter, format and facility" "$(
	section Keys | grep -E 'retry\.on|jitter|format|facility' >"$tmp/rows"
	awk -F'"' '/^const struct load_word/ { inside = 1 } inside {
		for (i = 2; i < NF; i += 2) print $i }' policy/load_words.c |
		grep -v '^local[1-6]$' | while read -r word; do
		grep -qwF -- "$word" "$tmp/rows" || echo "README lacks: $word"
	done)"

# Each key's default is what `redial-policy show` prints, its range what a wrong value is told.
build/redial-policy show >"$tmp/shown"
# The line of `show` in which the key stands, in the group that it is of.
shown_of() {
	group=${1%%.*}
	[ "$group" != "$1" ] || group=
	awk -v group="$group" '/^[a-z]+ = {/ { inside = $1 } /^};/ { inside = "" }
		inside == group { print " " $0 }' "$tmp/shown"
}
none "every default is the built-in one" "$(first_words Keys | while read -r key; do
	default=$(key_row "$key" | cell 4 | tr -d '`')
	[ -z "$default" ] || shown_of "$key" | grep -qF -- " ${key##*.} = $default;" ||
		echo "$key is not $default"
done)"
none "every range is the one that is checked" "$(first_words Keys | while read -r key; do
	range=$(key_row "$key" | cell 3 | grep -E '^[0-9.]+ to [0-9.]+$')
	[ -z "$range" ] || [ "$range" = "$(range_of "$key")" ] ||
		echo "$key: $range in README, $(range_of "$key") by redial-policy"
done)"
section Policy | awk '/^```/ { fenced = !fenced; next } fenced' >"$tmp/example.cfg"
none "the example policy is right" "$(build/redial-policy check "$tmp/example.cfg" 2>&1)"

# The policies that are shipped: what they show as a comment is right too.
none "the shipped policies are right, and so are their example rules" "$(
	for file in scripts/policies/*.cfg; do
		awk 'length > 80 { print FILENAME ": is wider than 80 columns: " $0 }' "$file"
		sed '/^# rules = (/,$s/^# \?//' "$file" >"$tmp/uncommented.cfg"
		grep -q '^rules' "$tmp/uncommented.cfg" || echo "$file: no example rules"
		build/redial-policy check "$file" 2>&1
		build/redial-policy check "$tmp/uncommented.cfg" 2>&1
	done)"
none "default.cfg names every key" "$(policy_keys | grep -v '^rules\.' | while read -r key; do
	grep -qE "(^|[ {])${key##*.} = " scripts/policies/default.cfg || echo "it lacks: $key"
done)"

check_end
