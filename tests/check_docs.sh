#!/bin/sh
# SPDX-License-Identifier: MIT
# Each page names what the code beside it knows, all of it and nothing else.
# shellcheck disable=SC2016 # backquotes of Markdown
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
. scripts/man/pages.sh
export LC_ALL=C

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

policy=policy/README.md
scripts=scripts/README.md
preload=preload/README.md
tests=tests/README.md

# same STATEMENT CODE'S-WORDS PAGE'S-WORDS: in any order, and however often.
same() {
	printf '%s\n' "$2" | sort -u >"$tmp/code"
	printf '%s\n' "$3" | sort -u >"$tmp/page"
	[ -n "$2" ] || { fail "$1" "none were found in the code" && return; }
	none "$1" "$(diff "$tmp/code" "$tmp/page" |
		sed -n 's/^</the page lacks:/p; s/^>/the code lacks:/p')"
}

# list_of MACRO FILE: the texts of an X-macro list.
list_of() {
	awk -v macro="$1" '$0 ~ "define " macro { inside = 1; next }
		inside && !/X\(/ { exit }
		inside { split($0, part, "\""); print part[2] }' "$2"
}

causes=$(list_of REDIAL_CAUSES policy/decide.h)
reasons=$(list_of REDIAL_REASONS policy/decide.h | grep -vx none)

# The options that a program's help tells, or a section's tables.
told_options() { grep -o '^  --[a-z]*' | tr -d ' '; }
options_in() { section "$1" "$2" | sed -n 's/^| `\(--[a-z]*\).*/\1/p'; }

# The numbers that head a section's rows: exit statuses.
statuses_in() { section "$1" "$2" | grep -oE '^\| [0-9]+(, [0-9]+)*' | grep -oE '[0-9]+'; }

# enum_of PATTERN FILE: the numbers of the enum's line with it.
enum_of() { grep -E "$1" "$2" | grep -oE '= [0-9]+' | tr -d '= '; }

# The policy's page.

# The keys that load_keys.c knows, by the table they are in, named as on the page.
policy_keys() {
	awk '
		/^#define BACKOFF_KEYS/ { prefix = "retry.backoff." }
		/^#define RETRY_KEYS/ { prefix = "retry." }
		/^static const struct load_key rule_keys/ { prefix = "rules." }
		/^static const struct load_key keep_alive_keys/ { prefix = "tcp.keep_alive." }
		/^static const struct load_key tcp_keys/ { prefix = "tcp." }
		/^static const struct load_key budget_keys/ { prefix = "budget." }
		/^static const struct load_key breaker_keys/ { prefix = "breaker." }
		/^static const struct load_key log_keys/ { prefix = "log." }
		/^static const struct load_key stat_keys/ { prefix = "stat." }
		/^static const struct load_key policy_keys/ { prefix = "" }
		/^static const struct load_key (policy_backoff|rule_backoff|retry)_keys/ { next }
		/\.name = "|(NUMBER|MILLI)\("/ {
			split($0, part, "\"")
			print prefix part[2]
		}' policy/load_keys.c | grep -vxE 'retry\.backoff|retry|tcp\.keep_alive|tcp|budget|breaker|log|stat' | sort -u
}

# What a policy that sets the key to a number that is far too large is told: "1 to 10".
range_of() {
	case $1 in
	*.backoff.*) text="retry = { backoff = { ${1##*.} = 2000000000; }; };" ;;
	tcp.keep_alive.*) text="tcp = { keep_alive = { ${1##*.} = 2000000000; }; };" ;;
	retry.*) text="retry = { ${1#*.} = 2000000000; };" ;;
	rules.*) text="rules = ( { ${1#*.} = 2000000000; } );" ;;
	*.*) text="${1%%.*} = { ${1#*.} = 2000000000; };" ;;
	esac
	echo "$text" >"$tmp/policy.cfg"
	build/redial-policy check "$tmp/policy.cfg" 2>&1 |
		sed -n 's/.*number from \([0-9.]* to [0-9.]*\), not.*/\1/p'
}

key_row() { section $policy Keys | grep -F "| \`$1\` |"; }
cell() { cut -d'|' -f"$1" | sed 's/^ *//; s/ *$//'; }

same "every policy key, and no other" "$(policy_keys)" "$(first_words $policy Keys)"
none "every word of tls, retry.on, jitter, format and facility" "$(
	section $policy Keys | grep -E 'retry\.on|after_headers|jitter|format|facility|^. .tls' >"$tmp/rows"
	awk -F'"' '/^const struct load_word/ { inside = 1 } inside {
		for (i = 2; i < NF; i += 2) print $i }' policy/load_words.c |
		grep -v '^local[1-6]$' | while read -r word; do
		grep -qwF -- "$word" "$tmp/rows" || echo "the page lacks: $word"
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
none "every default is the built-in one" "$(first_words $policy Keys | while read -r key; do
	default=$(key_row "$key" | cell 4 | tr -d '`')
	[ -z "$default" ] || shown_of "$key" | grep -qF -- " ${key##*.} = $default;" ||
		echo "$key is not $default"
done)"
none "every range is the one that is checked" "$(first_words $policy Keys | while read -r key; do
	range=$(key_row "$key" | cell 3 | grep -E '^[0-9.]+ to [0-9.]+$')
	[ -z "$range" ] || [ "$range" = "$(range_of "$key")" ] ||
		echo "$key: $range on the page, $(range_of "$key") by redial-policy"
done)"
same "every command of redial-policy" \
	"$(build/redial-policy --help | sed -n 's/.* redial-policy \([a-z]*\).*/\1/p')" \
	"$(section $policy redial-policy | sed -n 's/^| `redial-policy \([a-z]*\).*/\1/p')"
same "every exit status of redial-policy" "$(enum_of 'TOOL_OK =' policy/tool.h)" \
	"$(statuses_in $policy redial-policy)"

# The policies that are shown and shipped: what they show as a comment is right too.
section $policy 'The file' | fenced >"$tmp/example.cfg"
none "the example policy is right" "$(build/redial-policy check "$tmp/example.cfg" 2>&1)"
section README.md 'A policy' | fenced >"$tmp/front.cfg"
none "the front page's policy is right" "$(build/redial-policy check "$tmp/front.cfg" 2>&1)"
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

# The scripts' page: the log.

same "every cause" "$causes" "$(first_words $scripts Causes)"
same "every cause by which the safety rule and the policy do something" "$causes" "$(
	{ section README.md 'The safety rule' | sed -n 's/^|.*|\([^|]*\)|$/\1/p'
		section $policy 'What a policy can ask for' | sed -n 's/^|.*|\([^|]*\)|$/\1/p'; } |
		grep -o '`[^`]*`' | tr -d '`')"
same "every reason" "$reasons" "$(first_words $scripts Reasons)"
same "every event of the log" \
	"$(sed -n 's/.*line_begin(&*line, "\([a-z]*\)").*/\1/p' preload/log/*.c)" \
	"$(first_words $scripts Events)"
same "every field of the log" \
	"$({ echo event; sed -n 's/.*line_put_[a-z_]*([&a-z]*, "\([a-z_]*\)",.*/\1/p' preload/log/*.c; })" \
	"$(first_words $scripts Fields)"
results=$(sed -n 's/.*begin_outcome(&line, "\([a-z]*\)".*/\1/p
	s/.*line_put_text(&line, "result", "\([a-z]*\)").*/\1/p' preload/log/log.c preload/log/told.c)
states=$(sed -n 's/.*log_breaker([a-z]*, "\([a-z-]*\)").*/\1/p' preload/rescue/pace.c)
none "every result and every state of a breaker" "$(
	section $scripts Events >"$tmp/events"
	for word in ${results:-result} ${states:-state}; do
		grep -qE "[\`=]$word\`" "$tmp/events" || echo "the page lacks: $word"
	done)"

# The scripts' page: programs.

same "every variable" \
	"$({ echo LD_PRELOAD; grep -o ASAN_OPTIONS scripts/redial; sed -n 's/.*variable("\([A-Z_]*\)").*/\1/p' preload/*/*.c
		grep -oE '"REDIAL_[A-Z]+"' preload/process/config.c | tr -d '"'
		grep -o 'REDIAL_[A-Z]*' scripts/redial; })" "$(first_words $scripts Environment)"
same "every option of the launcher" "$(scripts/redial --help | told_options)" \
	"$(options_in $scripts 'The launcher')"
same "every exit status of the launcher" \
	"$(grep -oE 'redial_die [0-9]+|exit [1-9][0-9]+' scripts/redial | cut -d' ' -f2)" \
	"$(statuses_in $scripts 'The launcher')"
same "every option of redial-entrypoint" "$(build/redial-entrypoint --help | told_options)" \
	"$(options_in $scripts redial-entrypoint)"
same "every exit status of redial-entrypoint" \
	"$(sed -n 's/^	STATUS_[A-Z_]* = \([1-9][0-9]*\),$/\1/p' scripts/entrypoint/entrypoint.h)" \
	"$(statuses_in $scripts redial-entrypoint)"
same "every option of redial doctor" "$(build/redial-doctor --help | told_options)" \
	"$(options_in $scripts 'redial doctor')"
same "every exit status of redial doctor, that of the launcher without it among them" \
	"$(echo 120; enum_of 'DOCTOR_CAN =' scripts/doctor/report.h)" \
	"$(statuses_in $scripts 'redial doctor')"
same "every topic of redial doctor" \
	"$(cat scripts/doctor/*.c | grep -oE '(MARK_[A-Z]+[^"]*|0, )"[a-z_]+",' | grep -oE '"[a-z_]+"' |
		tr -d '"')" \
	"$(section $scripts 'redial doctor' | sed -n 's/^| `\([a-z][a-z_]*\)` .*/\1/p')"
same "every option of redial rehearse" "$(
	build/redial-rehearse --launcher scripts/redial --help | told_options)" \
	"$(options_in $scripts 'redial rehearse')"
same "every exit status of redial rehearse" "$(enum_of 'SAVED = 0' scripts/rehearse/options.h)" \
	"$(statuses_in $scripts 'redial rehearse')"
same "every fault of redial rehearse" \
	"$(sed -n 's/^	X([A-Z]*, "\([a-z]*\)").*/\1/p' preload/rehearse/plan.h)" \
	"$(section $scripts 'redial rehearse' | sed -n '/^| fault/,/^$/p' | cut -d'|' -f2 |
		grep -o '`[a-z]*`' | tr -d '`')"
same "every option of redial stat" "$(build/redial-stat --help | told_options)" \
	"$(options_in $scripts 'redial stat')"
same "every exit status of redial stat" "$(enum_of 'OK = 0' scripts/stat/main.c)" \
	"$(statuses_in $scripts 'redial stat')"
same "every option of redial report" "$(build/redial-report --help | told_options)" \
	"$(options_in $scripts 'redial report')"
same "every exit status of redial report" "$(enum_of 'OK = 0' scripts/report/main.c)" \
	"$(statuses_in $scripts 'redial report')"
none "every metric and key of redial report is one that it prints" "$(
	log=$(printf 'event=%s\n' "attempt cause=eof" "outcome result=recovered" \
		"refused reason=method" "breaker state=open")
	for form in json prometheus; do
		echo "$log" | build/redial-report "--$form" >"$tmp/report"
		section $scripts 'redial report' | grep "^| .--$form" | cut -d'|' -f3 | grep -o '`[^`]*`' |
			tr -d '`' | while read -r word; do
			grep -qw -- "$word" "$tmp/report" || echo "--$form: no $word"
		done
	done)"

# The preload's page.

# words_and_files TITLE: "WORD FILE" for each word and each file of a row.
words_and_files() {
	section $preload "$1" | awk -F'|' '
		function words(text, list,   n) {
			n = 0
			while (match(text, /`[^`]*`/)) {
				list[++n] = substr(text, RSTART + 1, RLENGTH - 2)
				text = substr(text, RSTART + RLENGTH)
			}
			return n
		}
		/^\| `/ {
			n = words($2, word)
			m = words($3, file)
			for (i = 1; i <= n; i++)
				for (k = 1; k <= m; k++)
					if (file[k] ~ /\.c$/) print word[i], file[k]
		}'
}

# The file that the page calls so.
place_of() { case $1 in policy/*) echo "$1" ;; *) echo "preload/$1" ;; esac; }

# symbol_of PREFIX MACRO WORD: its name in C, by the X-macro list in decide.h.
symbol_of() {
	sed -n "/define $2/,/^\$/s/^	X(\([A-Z_]*\), \"$3\").*/$1_\1/p" policy/decide.h
}

# misplaced TITLE PREFIX MACRO: words that are in none of the files of their row, and files that have
# none of the words.
misplaced() {
	words_and_files "$1" | while read -r word file; do
		symbol=$(symbol_of "$2" "$3" "$word")
		grep -qsw -- "${symbol:-no such word}" "$(place_of "$file")" && found=yes || found=no
		echo "$found $word"
		echo "$found $file"
	done | sort -u | awk '
		{ seen[$2] = 1 }
		$1 == "yes" { found[$2] = 1 }
		END { for (name in seen) if (!found[name]) print name " is not where the page says" }'
}

same "every room" "$(for room in preload/*/; do echo "${room#preload/}"; done)" \
	"$(first_words $preload 'The rooms')"
none "the files of the picture are in its rooms" "$(
	section $preload 'The way of a request' | fenced | awk '
		match($0, /^ [a-z0-9]+\//) { room = substr($0, RSTART + 1, RLENGTH - 1) }
		{ while (match($0, /[a-z_0-9]+\.c/)) {
			print room substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
		} }' | while read -r file; do
			[ -e "preload/$file" ] || echo "no such file: $file"
		done)"
same "every call that is hooked" \
	"$(sed -n 's/^X[A-Z_]*([^(]*[ ,*]\([A-Za-z_0-9]*\), (.*/\1/p' preload/hooks/symbols.def)" \
	"$(section $preload 'Where a call is' | grep '^| ' | cut -d'|' -f3 | grep -o '`[^`]*`' | tr -d '`')"
# is_made FILE CALL: does it make its hooks of the list, by words that this call has?
is_made() {
	words=$(sed -n 's/^#define MAKE_\([a-z_]*\)(result.*/\1/p' "preload/$1" | paste -sd'|')
	[ -n "$words" ] && grep -qE "^X[A-Z_]*\([^,]*, $2,.*, ($words)\)\$" preload/hooks/symbols.def
}
none "every call is where the page says" "$(
	section $preload 'Where a call is' | sed -n 's/^| `\(hooks[^`]*\)` |\([^|]*\)|.*/\1\2/p' | tr -d '`' |
		while read -r file calls; do
			for call in $calls; do
				grep -qsE "^HOOK.*[ *](redial_)?$call\(|globl $call\\\\" "preload/$file" ||
					is_made "$file" "$call" || echo "$call is not in $file"
			done
		done)"
same "where every cause is found out" "$causes" \
	"$(words_and_files 'Where a cause is' | cut -d' ' -f1)"
none "causes are found out where the page says" \
	"$(misplaced 'Where a cause is' CAUSE REDIAL_CAUSES)"
same "where every reason is given" "$reasons" \
	"$(words_and_files 'Where a reason is' | cut -d' ' -f1)"
none "reasons are given where the page says" \
	"$(misplaced 'Where a reason is' REASON REDIAL_REASONS)"
same "where every event and result is told" \
	"$({ first_words $scripts Events; echo "$results"; } | grep -vxE 'outcome|policy')" \
	"$(words_and_files 'Where a word of the log is' | cut -d' ' -f1)"
none "events and results are told where the page says" "$(
	words_and_files 'Where a word of the log is' | while read -r word file; do
		grep -qsE "log_${word}[a-z_]*\(|line_[a-z_]*\(.*\"$word\"\)" "$(place_of "$file")" || echo "$word is not in $file"
	done)"
none "where every key is at work" "$(
	first_words $preload 'Where a key is' >"$tmp/placed"
	policy_keys | while read -r key; do
		grep -qxF -e "$key" -e "${key%.*}.*" "$tmp/placed" || echo "the page lacks: $key"
	done
	grep -v '\*$' "$tmp/placed" | while read -r key; do
		policy_keys | grep -qxF "$key" || echo "the code lacks: $key"
	done)"

# calls_told: the names in the second column of the table of system calls.
calls_told() {
	section $preload 'System calls' | sed 1,/---/d | grep '^| ' | cut -d'|' -f3 |
		grep -oE '[a-z_0-9]{2,}'
}
# pread64 and the like stand under their kernel names; some are made through libc, or the next hook.
calls_made() {
	grep -ohE '\bsys[0-6]\([a-z_0-9]{2,}' preload/*/*.[ch] | sed 's/.*(//'
}
none "every system call that is made" "$(
	calls_told | sort -u >"$tmp/told"
	calls_made | sort -u | comm -23 - "$tmp/told")"
none "no system call that is not made" "$(calls_told | sort -u | while read -r call; do
	calls_made | grep -qx "$call" || grep -qE "real\.$call\(|SYS_$call " preload/*/*.c ||
		echo "$call"
done)"

# The tests' page.

same "every check" "$(cd tests && for file in check_*.sh; do [ -x "$file" ] && echo "$file"; done)" \
	"$(first_words $tests 'What runs where' | grep '^check_')"
same "every folder of tests" "$(cd tests && for folder in */; do echo "$folder"; done)" \
	"$(first_words $tests 'What runs where' | grep '/$')"
none "every test program that is named, and every test and suite" "$(
	section $tests 'One alone' | fenced sh | sed -n 's|^build/tests/\([a-z]*\)-tests "\([^"]*\)".*|\1 \2|p
		s|^build/tests/\([a-z]*\)-tests \([a-z_0-9]*\).*|\1 \2|p' | while read -r program name; do
		grep -qswF -- "$name" tests/"$program"*/*.c || echo "$program-tests: no $name"
	done)"

check_end
