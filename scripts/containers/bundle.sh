#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes an OCI bundle for runc of programs that are on this machine: no image, no network.
set -eu

help() {
	cat <<'END'
usage: bundle.sh [OPTIONS] DIR [--] COMMAND [ARG...]

Makes DIR/config.json and DIR/rootfs, for `runc run --bundle DIR NAME` to run
COMMAND in. The container has the network of this machine.

  --copy PROGRAM[:TO]  copy a program, and the libraries that it needs, into it
  --file FILE[:TO]     copy a file as it is
  --mount FROM:TO[:rw] bind a folder of this machine; read-only unless told
  --env NAME=VALUE     set a variable; PATH is set already
  --user ID            run COMMAND as this user and group; needs root
  --read-only          it may not write to its root
  --help               print this
END
}

die() {
	echo "bundle.sh: $*" >&2
	exit 64
}

absolute() {
	case $1 in
	/*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

# A JSON text, a JSON list of the words.
json() { printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g')"; }
json_list() {
	between=
	for word; do
		printf '%s%s' "$between" "$(json "$word")"
		between=', '
	done
}

# put FILE TO: into the root.
put() {
	mkdir -p "$rootfs/$(dirname "$2")"
	cp -L "$1" "$rootfs/$2"
}

# What ldd tells of glibc's programs; musl's need their loader, which is their libc.
libraries() {
	loader=$(readelf -lW "$1" | sed -n 's/.*interpreter: \(.*\)\]$/\1/p')
	case $loader in
	'') ;;
	*/ld-musl-*) echo "$loader" ;;
	*) ldd "$1" | grep -o '/[^ ]*' ;;
	esac
}

copies='' env='' mounts='' user=0 read_only=false
add() { printf '%s\n%s' "$1" "$2"; }
while [ $# -gt 0 ]; do
	case $1 in
	--copy | --file | --mount | --env | --user) [ $# -gt 1 ] || die "$1 needs a value" ;;
	esac
	case $1 in
	--copy) copies=$(add "$copies" "program:$2") ;;
	--file) copies=$(add "$copies" "file:$2") ;;
	--mount) mounts=$(add "$mounts" "$2") ;;
	--env) env=$env${env:+, }$(json "$2") ;;
	--user) user=$2 ;;
	--read-only) read_only=true ;;
	--help) help && exit ;;
	--) shift && break ;;
	-*) die "$1 is not an option; see --help" ;;
	*) break ;;
	esac
	case $1 in
	--read-only) shift ;;
	*) shift 2 ;;
	esac
done
[ $# -gt 1 ] || die "DIR and COMMAND are needed; see --help"
dir=$1
shift
[ "$1" != -- ] || shift
rootfs=$dir/rootfs

rm -rf "$rootfs"
mkdir -p "$rootfs/proc" "$rootfs/dev" "$rootfs/tmp"
chmod 1777 "$rootfs/tmp"
printf '%s\n' "$copies" | while IFS=: read -r kind from to; do
	[ -n "$kind" ] || continue
	put "$from" "${to:-$(absolute "$from")}"
	[ "$kind" = file ] || libraries "$from" | while read -r library; do
		[ -e "$rootfs$library" ] || put "$library" "$library"
	done
done

binds=$(printf '%s\n' "$mounts" | while IFS=: read -r from to mode; do
	[ -n "$from" ] || continue
	mkdir -p "$rootfs/$to"
	printf ',\n    { "destination": %s, "type": "bind", "source": %s, "options": ["rbind", "%s"] }' \
		"$(json "$to")" "$(json "$(absolute "$from")")" "${mode:-ro}"
done)

# Without root, the user who starts it is root inside, and there is no other.
mappings=''
if [ "$(id -u)" != 0 ]; then
	[ "$user" = 0 ] || die "--user needs root"
	mappings=", { \"type\": \"user\" } ],
    \"uidMappings\": [ { \"containerID\": 0, \"hostID\": $(id -u), \"size\": 1 } ],
    \"gidMappings\": [ { \"containerID\": 0, \"hostID\": $(id -g), \"size\": 1 }"
fi

cat >"$dir/config.json" <<END
{
  "ociVersion": "1.0.2",
  "process": {
    "user": { "uid": $user, "gid": $user },
    "args": [ $(json_list "$@") ],
    "env": [ "PATH=/usr/local/bin:/usr/bin:/bin"${env:+, $env} ],
    "cwd": "/",
    "noNewPrivileges": true
  },
  "root": { "path": "rootfs", "readonly": $read_only },
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"] }$binds
  ],
  "linux": {
    "namespaces": [ { "type": "pid" }, { "type": "mount" },
      { "type": "ipc" }, { "type": "uts" }$mappings ]
  }
}
END
