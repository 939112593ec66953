#compdef redial redial-policy
# SPDX-License-Identifier: MIT
# Completion of redial and redial-policy for zsh. What there is to complete is asked of the programs
# themselves: their usage has each subcommand, and each option with a word of what it does.

# _redial_options PROGRAM [SUBCOMMAND]
_redial_options() {
	local -a lines
	lines=(${(f)"$("$@" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\)[^ ]*\( [A-Z:]*\)\{0,1\}  */\1:/p')"})
	_describe -o option lines
}

# _redial_subcommands PROGRAM: those in its usage, which begins each line with the program's name.
_redial_subcommands() {
	local -a names
	names=(${(f)"$("$1" --help 2>/dev/null | sed -n "s/^ *\(usage: \)\{0,1\}${1:t} \([a-z][a-z|]*\).*/\2/p" |
		tr '|' '\n' | sort -u)"})
	compadd -- $names
}

# Options of one that are followed by a value.
_redial_value() {
	case $1 in
	--policy | --report | --html | -o) _files ;;
	--dir) _files -/ ;;
	--pid) compadd -- /proc/<->(:t) ;;
	--log) compadd -S '' -- syslog none file: ;;
	--method) compadd -- GET HEAD POST PUT DELETE PATCH OPTIONS TRACE ;;
	--cause)
		compadd -- ${=$(redial-policy --version --verbose 2>/dev/null | sed -n 's/^causes *//p')}
		;;
	--since | --until | --top | --listen | --for | --fault | --host | --path | --port | --status | --retry-after | --key | --header | --attempt | --bytes | --after | --address-age) _message value ;;
	*) return 1 ;;
	esac
}

_redial_policy() {
	if ((CURRENT == 2)); then
		_redial_subcommands redial-policy
		return
	fi
	_redial_value "$words[CURRENT-1]" && return
	case $words[CURRENT] in
	-*) [[ $words[2] == explain ]] && compadd -- ${(f)"$(redial-policy --help | grep -o -- '--[a-z-]*' | sort -u)"} ;;
	*) _files ;;
	esac
}

# How many words are redial's own: the command that it starts begins behind them.
_redial_own() {
	local -i at=2
	while ((at < CURRENT)); do
		case $words[at] in
		--policy | --log) ((at++)) ;;
		--) break ;;
		-*) ;;
		*) break ;;
		esac
		((at++))
	done
	[[ $words[at] == -- ]] && ((at++))
	REPLY=$at
}

_redial() {
	if [[ $service == redial-policy ]]; then
		_redial_policy
		return
	fi
	if ((CURRENT > 2)) && [[ -n ${words[2]:#-*} ]] &&
		[[ " $(_redial_names) " == *" $words[2] "* ]]; then
		_redial_value "$words[CURRENT-1]" && return
		case $words[CURRENT] in
		-*) _redial_options redial $words[2] ;;
		*) _alternative 'files:file:_files' 'commands:command:_command_names -e' ;;
		esac
		return
	fi
	local REPLY
	_redial_own
	if ((CURRENT > REPLY)); then
		shift $((REPLY - 1)) words
		((CURRENT -= REPLY - 1))
		_normal
		return
	fi
	_redial_value "$words[CURRENT-1]" && return
	case $words[CURRENT] in
	-*) _redial_options redial ;;
	*)
		((CURRENT == 2)) && _redial_subcommands redial
		_command_names -e
		;;
	esac
}

_redial_names() {
	redial --help 2>/dev/null | sed -n 's/^ *redial \([a-z][a-z|]*\).*/\1/p' | tr '|\n' '  '
}

_redial "$@"
