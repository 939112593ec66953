#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh VERSION BUILD ARCH DEB: makes the Debian package DEB of what was built below BUILD for that
# architecture. Needs dpkg-dev and binutils; nothing of it runs as root, nothing that was built is run.
# The same sources and compiler give the same package, bit by bit.
set -eu
umask 022
export LC_ALL=C TZ=UTC

version=$1
build=$2
arch=$3
deb=$4
here=$(dirname "$0")
root=$build/deb/redial
doc=$root/usr/share/doc/redial

[ "$version" = "$(dpkg-parsechangelog -l "$here/changelog" -S Version)" ] || {
	echo "build.sh: scripts/deb/changelog does not begin with $version" >&2
	exit 1
}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -l "$here/changelog" -S Timestamp)}
export SOURCE_DATE_EPOCH

strip=strip
[ "$arch" = "$(dpkg --print-architecture)" ] ||
	strip=$(dpkg-architecture -a"$arch" -q DEB_HOST_GNU_TYPE 2>/dev/null)-strip

rm -rf "$build/deb"
mkdir -p "$root/DEBIAN"
MAKEFLAGS="" make -s B="$build" PREFIX=/usr DESTDIR="$root" put >/dev/null
find "$root/usr/bin" "$root/usr/lib" -type f ! -name redial -exec "$strip" --strip-unneeded \
	--remove-section=.comment --remove-section=.note {} +
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# Debian's own places for the licence and the changes.
rm "$doc/LICENSE"
sed "s/@YEAR@/$(date -d "@$SOURCE_DATE_EPOCH" +%Y)/" "$here/copyright" >"$doc/copyright"
gzip -9n <"$here/changelog" >"$doc/changelog.gz"
install -Dm 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/redial"

# What dpkg-shlibdeps would say, which knows libraries of this machine's architecture alone.
depends=$(find "$root/usr" -type f \( -path '*/bin/*' -o -path '*/lib/redial/*' \) ! -name redial |
	sort | xargs sh "$here/depends.sh")
size=$(find "$root/usr" -type f -printf '%s\n' -o -printf '1\n' |
	awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@DEPENDS@/$depends/; s/@SIZE@/$size/" \
	"$here/control" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
echo "$deb"
