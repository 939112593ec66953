#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh VERSION BUILD: makes BUILD/redial_VERSION_ARCH.deb of what is built there. Needs dpkg-dev
# and binutils; nothing of it runs as root.
set -eu
umask 022

version=$1
build=$2
here=$(dirname "$0")
arch=$(dpkg --print-architecture)
root=$build/deb/redial
doc=$root/usr/share/doc/redial

rm -rf "$build/deb"
mkdir -p "$root/DEBIAN" "$build/deb/debian"
make -s B="$build" PREFIX=/usr DESTDIR="$root" install >/dev/null
find "$root/usr/bin" "$root/usr/lib" -type f ! -name redial -exec strip --strip-unneeded {} +
find "$root/usr/share/man" -type f -exec gzip -9n {} +

# Debian's own places for the licence and the changes.
rm "$doc/LICENSE"
sed "s/@YEAR@/$(date +%Y)/" "$here/copyright" >"$doc/copyright"
sed "s/@VERSION@/$version/; s/@DATE@/$(date -R ${SOURCE_DATE_EPOCH:+-d "@$SOURCE_DATE_EPOCH"})/" \
	"$here/changelog" | gzip -9n >"$doc/changelog.gz"
install -Dm 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/redial"

# What the programs need is for dpkg-shlibdeps to say; it looks for a debian/control.
printf 'Source: redial\n\nPackage: redial\nArchitecture: any\n' >"$build/deb/debian/control"
depends=$(cd "$build/deb" && dpkg-shlibdeps -O --ignore-missing-info \
	redial/usr/bin/redial-policy redial/usr/lib/redial/libredial-policy.so \
	redial/usr/lib/redial/redial-report redial/usr/lib/redial/redial-doctor \
	redial/usr/lib/redial/redial-stat redial/usr/lib/redial/redial-rehearse \
	redial/usr/lib/redial/redial-switch)
depends=${depends#shlibs:Depends=}

sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@DEPENDS@/$depends/
	s/@SIZE@/$(du -sk --apparent-size "$root/usr" | cut -f1)/" "$here/control" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -printf '%P\0' | LC_ALL=C sort -z |
	(cd usr && xargs -0 md5sum) | sed 's|  |  usr/|') >"$root/DEBIAN/md5sums"
dpkg-deb --root-owner-group --build "$root" "$build/redial_${version}_$arch.deb" >/dev/null
echo "$build/redial_${version}_$arch.deb"
