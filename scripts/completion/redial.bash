# SPDX-License-Identifier: MIT
# Completion of redial and redial-policy for bash.

_redial_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_redial_files() {
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_redial_sink() {
	case $1 in
	file:*) mapfile -t COMPREPLY < <(compgen -f -P file: -- "${1#file:}") ;;
	*) _redial_words 'syslog none file:' "$1" && compopt -o nospace ;;
	esac
}

_redial_report() {
	case $2 in
	--since | --until | --top) return ;;
	esac
	case $1 in
	-*) _redial_words '--json --prometheus --since --until --top --verbose --help' "$1" ;;
	*) _redial_files "$1" ;;
	esac
}

# A process for --pid, else a command.
_redial_doctor() {
	local word=$1 before=$2
	case $before in
	--pid) mapfile -t COMPREPLY < <(compgen -W "$(printf '%s ' /proc/[0-9]*)" -- "/proc/$word") &&
		COMPREPLY=("${COMPREPLY[@]#/proc/}") && return ;;
	--policy) _redial_files "$word" && return ;;
	esac
	case $word in
	-*) _redial_words '--policy --pid --version --help --' "$word" ;;
	*) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
	esac
}

# _redial_rehearse: its options, then a command.
_redial_rehearse() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	case $before in
	--fault) _redial_words 'stale reset eof silent connect dns' "$word" && return ;;
	--policy | --report | --html) _redial_files "$word" && return ;;
	--for) return ;;
	esac
	case $word in
	-*) _redial_words '--fault --bare --for --policy --report --html --help --' "$word" ;;
	*) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
	esac
}

_redial_stat() {
	case $2 in
	--dir) _redial_files "$1" && return ;;
	--listen) _redial_words '127.0.0.1:9180' "$1" && return ;;
	esac
	case $1 in
	-*) _redial_words '--watch --processes --json --prometheus --listen --dir --help' "$1" ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$(printf '%s ' /proc/[0-9]*)" -- "/proc/$1") &&
		COMPREPLY=("${COMPREPLY[@]#/proc/}") ;;
	esac
}

# The subcommand, the word and the one before it.
_redial_switch() {
	[[ $3 == --policy ]] && _redial_files "$2" && return
	case $2 in
	-*)
		[[ $1 == reload ]] && _redial_words '--policy --all --help' "$2" && return
		_redial_words '--all --help' "$2"
		;;
	*) _redial_stat "$2" ;;
	esac
}

_redial() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == report ]]; then
		_redial_report "$word" "$before" && return
	fi
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == doctor ]]; then
		_redial_doctor "$word" "$before" && return
	fi
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == rehearse ]]; then
		_redial_rehearse && return
	fi
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == stat ]]; then
		_redial_stat "$word" "$before" && return
	fi
	if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == @(off|on|reload) ]]; then
		_redial_switch "${COMP_WORDS[1]}" "$word" "$before" && return
	fi
	# From the command on everything is the command's own.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--policy | --log) ((++i)) ;;
		--) ((++i)) && break ;;
		-* | = | :) ;;
		*) break ;;
		esac
	done
	if ((i < COMP_CWORD)) || [[ $i -eq $COMP_CWORD && $before == -- ]]; then
		if declare -F _command_offset >/dev/null; then
			_command_offset "$i"
		elif ((i == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
		else
			_redial_files "$word"
		fi
		return
	fi
	case $before in
	--policy) _redial_files "$word" && return ;;
	--log) _redial_sink "$word" && return ;;
	esac
	case $word in
	-*) _redial_words '--policy --log --check --version --help --' "$word" ;;
	*) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
	esac
}

_redial_policy() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	if ((COMP_CWORD == 1)); then
		_redial_words 'check show compile cache explain share --help --version' "$word"
		return
	fi
	case $before in
	-o) _redial_files "$word" && return ;;
	--method)
		_redial_words 'GET HEAD POST PUT DELETE PATCH OPTIONS TRACE' "$word"
		return
		;;
	--cause)
		_redial_words \
			'stale reset eof connect connect-timeout response-timeout idle max-requests
			dns tls-handshake body' "$word"
		return
		;;
	--host | --path | --port | --status | --retry-after | --key | --header | --attempt | --bytes | --after) return ;;
	esac
	case $word in
	-*)
		case ${COMP_WORDS[1]} in
		explain)
			_redial_words '--method --host --path --port --cause --status
				--retry-after --key --header --first-use --attempt --address-age --bytes --after' "$word"
			;;
		compile) _redial_words '-o' "$word" ;;
		esac
		;;
	*) _redial_files "$word" ;;
	esac
}

complete -F _redial redial
complete -F _redial_policy redial-policy
