#!/bin/sh
# SPDX-License-Identifier: MIT
# depends.sh FILE...: the Debian packages that these programs and libraries of any architecture need:
# glibc, of the highest version of a symbol that they ask for, and what else they name.
set -eu
export LC_ALL=C

needed=$(for file; do
	readelf -dW "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'
done | sort -u)
list=
for library in $needed; do
	case $library in
	libc.so.6)
		glibc=$(for file; do
			readelf -VW "$file"
		done | grep -o 'Name: GLIBC_[0-9.]*' | sed 's/.*_//' | sort -V | tail -n 1)
		list="$list, libc6 (>= $glibc)"
		;;
	ld-linux*.so.*) ;; # the same package's
	libconfig.so.9) list="$list, libconfig9" ;;
	*)
		echo "depends.sh: whose is $library?" >&2
		exit 1
		;;
	esac
done
echo "${list#, }"
