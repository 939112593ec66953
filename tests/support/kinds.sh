# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests/check_https_kinds.sh and zoo/https.sh, to be sourced behind support/check.sh and tls.sh:
# what becomes of the clients of tls/kinds.sh on connections that end, and with other servers.

cat >"$dir/kinds.cfg" <<END
retry = { backoff = { base_ms = 5; }; };
budget = { enabled = false; };
breaker = { enabled = false; };
log = { sink = "file:$dir/log"; };
END
faults="second:reset second:close second:notify idle:reset idle:close idle:notify"

# one KIND METHOD NAME=VALUE...: what it prints, in one line.
one() {
	one_kind=$1 one_method=$2
	shift 2
	timeout 60 env "$@" sh tests/tls/kinds.sh "$one_kind" "$dir" "$tls_port" "$one_method" \
		2>"$dir/err" | tr '\n' ' '
}
bare() { one "$1" "${2:-GET}" REDIAL_DISABLE=1; }
redial() { one "$1" "${2:-GET}" REDIAL_POLICY="$dir/kinds.cfg" REDIAL_PRELOAD="$lib"; }

# posts, on CONNECTION: how many there were; all of them without a connection.
posts() { printf '%s\n' "$requests" | tr ',' '\n' | grep -c "^${1:-[0-9]*}:POST"; }

# letter SAID: + if all were answered.
letter() { case $1 in "hello hello hello ") printf + ;; *) printf - ;; esac; }

# letters RUN KIND VERSION [METHOD]: of all faults, by bare or redial.
letters() {
	for fault in $faults; do
		order "$fault" 1 "$3" same
		letter "$("$1" "$2" "${4:-GET}")"
	done
}

# kind_is KIND VERSION BARE REDIAL: GETs come to what its row says; - for BARE: not asked.
kind_is() {
	[ "$3" = - ] || kind_told "$1, TLS $2, bare" "$3" "$(letters bare "$1" "$2")"
	kind_told "$1, TLS $2, redial" "$4" "$(letters redial "$1" "$2")"
}
kind_told() {
	if [ "$2" = "$3" ]; then
		pass "$1: $3"
	else
		fail "$1: ${3:-nothing}, $2 wanted" "$(cat "$dir/err" "$dir/log")"
	fi
}

# no_post_twice KIND VERSION REDIAL: a POST that the server has had is not sent by redial; one that
# it has not is answered where a GET would be.
no_post_twice() {
	rest=$3 wrong=
	for fault in $faults; do
		saves=${rest%"${rest#?}"} rest=${rest#?}
		order "$fault" 1 "$2" same
		bare "$1" POST >/dev/null
		seen
		wanted=$(posts)
		order "$fault" 1 "$2" same
		said=$(redial "$1" POST)
		seen
		[ "$wanted" -gt 0 ] || wanted=1
		[ "$(posts)" -le "$wanted" ] || wrong="$wrong $fault ($requests)"
		[ "${fault%:*}" = second ] || [ "$saves" = - ] || [ "$(letter "$said")" = + ] ||
			wrong="$wrong $fault ($said)"
	done
	none "$1, TLS $2: a POST is sent once, and answered if it was not sent before" "$wrong"
}

# hellos SAID: how many were answered.
hellos() { printf '%s\n' "$1" | tr ' ' '\n' | grep -c hello; }

# asked CONNECTIONS: were there requests on connections whose number is among these?
asked() { printf '%s\n' "$requests" | tr ',' '\n' | grep -q "^[$1]:"; }

# no_stranger KIND VERSION: another server than the first gets nothing of redial's but a ClientHello,
# and the program what it gets bare; nor does a session with that server come of it, which the
# program's own next connection would take up.
no_stranger() {
	wrong=
	for later in key name authority; do
		for fault in second:close idle:reset; do
			order "$fault" 1 "$2" "$later"
			wanted=$(bare "$1")
			seen
			by_itself=$resumed
			order "$fault" 1 "$2" "$later"
			got=$(redial "$1")
			seen
			# The second connection is redial's, if it has made one.
			if grep -q event=attempt "$dir/log" && { [ "$extra" != 0 ] || asked 2; }; then
				wrong="$wrong $fault, $later: $extra records, $requests"
			fi
			[ "$later" = key ] || ! asked 2-9 || wrong="$wrong $fault, $later: $requests"
			[ "$resumed" -le "$by_itself" ] || wrong="$wrong $fault, $later: $resumed resumed"
			# A program that hears of an end in good order may dial anew by itself.
			[ "$(hellos "$got")" -ge "$(hellos "$wanted")" ] ||
				wrong="$wrong $fault, $later: $got, bare $wanted"
		done
	done
	none "$1, TLS $2: another server gets no request, nor the next connection its session" "$wrong"
}
