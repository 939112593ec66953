# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_*.sh, to be sourced from the top of the tree: one faultd at a time.

server=
port=

stop_server() {
	[ -z "$server" ] || { kill "$server"; wait "$server" 2>/dev/null; }
	server=
}

# shellcheck disable=SC2034 # port is for the caller
# start_server [OPTION...]: sets port. It ends with the check, whatever ends that.
start_server() {
	stop_server
	server_said=$(mktemp -u)
	mkfifo "$server_said"
	build/faultd --parent "$@" >"$server_said" &
	server=$!
	read -r _ _ port <"$server_said"
	rm "$server_said"
}
