#!/bin/sh
# SPDX-License-Identifier: MIT
# make install and uninstall, the man pages, the completion and the Debian package: each is put
# into a folder of its own and used from there.
cd "$(dirname "$0")/.." || exit 1
. tests/support/check.sh
export LC_ALL=C.UTF-8

tmp=$(mktemp -d) || exit 1
server=
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	rm -rf "$tmp"
}
trap clean EXIT

run_make() { env -u MAKEFLAGS -u MAKELEVEL make -s "$@" >"$tmp/said" 2>&1; }

# start_server: a faultd that resets the second request of each connection; sets port.
start_server() {
	mkfifo "$tmp/ready"
	build/faultd --parent --log "$tmp/seen" --fault reset@2 >"$tmp/ready" &
	server=$!
	read -r _ _ port <"$tmp/ready"
}

# rescued STATEMENT COMMAND...: it asks twice over one connection and has both answers.
rescued() {
	rescued_what=$1
	shift
	if "$@" python3 -c "
import http.client
c = http.client.HTTPConnection('127.0.0.1', $port, timeout=10)
for path in ('/1', '/2'):
    c.request('GET', path)
    c.getresponse().read()
" >"$tmp/said" 2>&1; then
		pass "$rescued_what"
	else
		fail "$rescued_what" "$(tail -n 3 "$tmp/said")"
	fi
}

files_below() { (cd "$1" && find . \( -type f -o -type l \) | sort); }

check_installed() {
	root=$tmp/usr
	run_make install PREFIX="$root" || { fail "make install works" "$(cat "$tmp/said")" && return; }
	pass "make install works"
	none "programs can be executed, libraries and texts cannot" "$(find "$root" -type f | while read -r file; do
		case $file in
		*/bin/* | */lib/redial/redial-*) [ -x "$file" ] || echo "$file" ;;
		*) [ ! -x "$file" ] || echo "$file" ;;
		esac
	done)"
	equal "the version of what is installed" "redial $version" "$("$root/bin/redial" --version)"
	rescued "an installed redial rescues" "$root/bin/redial" --log none --
	none "the sample policies that are installed are right" \
		"$(for file in "$root"/share/doc/redial/examples/*.cfg; do
			"$root/bin/redial-policy" check "$file" 2>&1
		done)"
	touch "$root/bin/other"
	run_make uninstall PREFIX="$root"
	equal "what is left after make uninstall" ./bin/other "$(files_below "$root")"
	run_make install DESTDIR="$tmp/staged" PREFIX=/opt/redial
	equal "a staged redial runs from where it lies" "redial $version" \
		"$("$tmp/staged/opt/redial/bin/redial" --version)"
}

check_man() {
	for page in build/man/*; do
		name=${page##*/}
		if command -v groff >/dev/null; then
			none "$name is good man(7)" "$(groff -man -ww -z -Tutf8 "$page" 2>&1)"
			none "$name fits 80 columns" "$(groff -man -Tutf8 -P-cbou "$page" | awk 'length > 80')"
		else
			echo "     groff is not installed: $name was not looked at"
		fi
	done
	echo '@table scripts Nowhere' >"$tmp/page.in"
	if sh scripts/man/make.sh "$tmp/page.in" 1 >"$tmp/said" 2>&1; then
		fail "a man page's table that no page has is told"
	else
		pass "a man page's table that no page has is told"
	fi
	none "redial(1) has every option" "$(scripts/redial --help | grep -o '^  --[a-z]*' | tr -d ' ' |
		while read -r option; do
			grep -qF -- "fB\\-\\-${option#--}" build/man/redial.1 || echo "$option"
		done)"
	none "redial.cfg(5) has every key" "$(build/redial-policy show |
		sed -n 's/^ *\([a-z_]*\) = [^{].*/\1/p' | while read -r key; do
			grep -qE "^.fB([a-z]+\.)*$key.fR" build/man/redial.cfg.5 || echo "$key"
		done)"
}

# completed WORD...: what the last word of such a line may become, one a line.
completed() {
	# shellcheck disable=SC2016 # for the other shell
	bash -c 'compopt() { :; }; . scripts/completion/redial.bash || exit 1
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		case $1 in redial) _redial ;; *) _redial_policy ;; esac
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | sort
}

check_completion() {
	if ! command -v bash >/dev/null; then
		echo "     bash is not installed: its completion was not looked at"
		return
	fi
	equal "completion knows redial's options" \
		"$( (echo --; scripts/redial --help | grep -o '^  --[a-z]*' | tr -d ' ') | sort | tr '\n' ' ')" \
		"$(completed redial - | tr '\n' ' ')"
	equal "completion knows redial-policy's commands" \
		"$(build/redial-policy --help | sed -n 's/.* redial-policy \([a-z]\{1,\}\).*/\1/p' |
			sort | tr '\n' ' ')" "$(completed redial-policy '' | grep -v '^--' | tr '\n' ' ')"
	equal "completion knows the options of explain" \
		"$(build/redial-policy --help | sed -n '/ explain/,/ share/p' | grep -o -- '--[a-z-]*' |
			sort -u | tr '\n' ' ')" "$(completed redial-policy explain -- | tr '\n' ' ')"
	equal "after the command its own words are completed" "Makefile" \
		"$(completed redial cat Makef)"
}

# zsh_completed WORD...: what is offered for the last word of such a line, sorted; of what zsh itself
# would find, its name.
zsh_completed() {
	# shellcheck disable=SC2016 # for the other shell
	PATH=$PWD/scripts:$PWD/build:$PATH zsh -f -c '
		compadd() { while [[ $1 == -* && $1 != -- ]]; do shift; done; shift; print -l -- "$@" }
		_describe() { print -l -- ${(P)3%%:*} }
		_files() { print FILES }
		_command_names() { print COMMANDS }
		_normal() { print NORMAL $words }
		words=("$@") CURRENT=$# service=$1
		. scripts/completion/redial.zsh' zsh "$@" | sort | tr '\n' ' '
}

options_told() { grep -o '^  --[a-z]*' | tr -d ' ' | sort | tr '\n' ' '; }

check_zsh() {
	if ! command -v zsh >/dev/null; then
		echo "     zsh is not installed: its completion was not looked at"
		return
	fi
	equal "zsh knows redial's options" "$(scripts/redial --help | options_told)" \
		"$(zsh_completed redial -)"
	for name in doctor rehearse report stat off; do
		equal "zsh knows the options of $name" "$(scripts/redial $name --help | options_told)" \
			"$(zsh_completed redial $name -)"
		case " $(zsh_completed redial '') " in
		*" $name "*) pass "zsh knows $name" ;;
		*) fail "zsh knows $name" ;;
		esac
	done
	equal "zsh knows redial-policy's commands" \
		"$(build/redial-policy --help | sed -n 's/.* redial-policy \([a-z]\{1,\}\).*/\1/p' |
			sort | tr '\n' ' ')" "$(zsh_completed redial-policy '')"
	equal "zsh knows the causes" \
		"$(build/redial-policy --version --verbose | sed -n 's/^causes *//p' | tr ' ' '\n' |
			sort | tr '\n' ' ')" "$(zsh_completed redial-policy explain --cause '')"
	equal "after the command zsh completes its own words" "NORMAL cat Makef " \
		"$(zsh_completed redial --policy x cat Makef)"
}

# What --version --verbose tells is so.
check_verbose() {
	told=$(REDIAL_POLICY=scripts/policies/recommended.cfg scripts/redial --version --verbose)
	equal "--version --verbose: the library" "library  $PWD/build/libredial.so: redial $version" \
		"$(echo "$told" | grep ^library)"
	equal "--version --verbose: the policy" "policy   scripts/policies/recommended.cfg: right" \
		"$(echo "$told" | grep ^policy)"
	equal "--version --verbose: the machine" "$(uname -m)" \
		"$(echo "$told" | sed -n 's/^build *\([^,]*\),.*/\1/p')"
	none "--version --verbose: explain takes each cause" "$(
		echo "$told" | sed -n 's/^causes *//p' | tr ' ' '\n' | grep -vx status |
			while read -r cause; do
				build/redial-policy explain scripts/policies/default.cfg --method GET --host a --path / \
					--cause "$cause" >/dev/null || echo "$cause"
			done)"
	echo 'retry = { max_attempts = 0; };' >"$tmp/bad.cfg"
	scripts/redial --policy "$tmp/bad.cfg" --version --verbose >"$tmp/said" 2>&1
	equal "--version --verbose: a bad policy ends with" 78 $?
}

dpkg_in() { dpkg --root="$tmp/debian" --force-not-root --force-depends --force-script-chrootless "$@"; }

check_deb() {
	if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null; then
		echo "     dpkg-dev is not installed: the Debian package was not looked at"
		return
	fi
	deb=build/redial_${version}_$(dpkg --print-architecture).deb
	run_make deb || { fail "make deb works" "$(cat "$tmp/said")" && return; }
	pass "make deb works"
	if command -v lintian >/dev/null; then
		none "lintian finds no error in it" "$(lintian --fail-on error "$deb" 2>&1 | grep '^E:')"
	else
		echo "     lintian is not installed: the package was not examined by it"
	fi
	mkdir -p "$tmp/debian/var/lib/dpkg/info" "$tmp/debian/var/lib/dpkg/updates"
	: >"$tmp/debian/var/lib/dpkg/status"
	if ! dpkg_in -i "$deb" >"$tmp/said" 2>&1; then
		fail "the package installs" "$(cat "$tmp/said")"
		return
	fi
	pass "the package installs"
	equal "the version of what the package installs" "redial $version" \
		"$("$tmp/debian/usr/bin/redial" --version)"
	rescued "the package's redial rescues" "$tmp/debian/usr/bin/redial" --log none --
	# The operator's own policy outlives an upgrade and a purge.
	mkdir -p "$tmp/debian/etc/redial"
	echo 'enabled = true;' >"$tmp/debian/etc/redial/redial.cfg"
	sed "s/^Version: .*/Version: $version+next/" build/deb/redial/DEBIAN/control >"$tmp/control"
	cp -r build/deb/redial "$tmp/next" && cp "$tmp/control" "$tmp/next/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$tmp/next" "$tmp/next.deb" >/dev/null
	dpkg_in -i "$tmp/next.deb" >"$tmp/said" 2>&1
	equal "the package upgrades" "$version+next" \
		"$(dpkg-query --admindir="$tmp/debian/var/lib/dpkg" -W -f '${Version}' redial)"
	rescued "an upgraded redial rescues" "$tmp/debian/usr/bin/redial" --log none --
	dpkg_in -P redial >"$tmp/said" 2>&1
	none "the package purges cleanly" "$(files_below "$tmp/debian" |
		grep -vE '^\./var/|^\./etc/redial/redial.cfg$')"
}

version=$(sed -n 's/^VERSION := //p' Makefile)
run_make man || fail "make man works" "$(cat "$tmp/said")"
start_server
check_installed
check_man
check_completion
check_zsh
check_verbose
check_deb
check_end
