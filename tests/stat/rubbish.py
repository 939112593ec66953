# SPDX-License-Identifier: MIT
"""rubbish.py FILE PID: fills a launch's memory with anything, and lets redial stat read it."""
import ctypes
import json
import random
import struct
import subprocess
import sys

ID_AT = 56  # in the file, which is the head of what is in the memory (policy/state.h)

path, pid = sys.argv[1:]
with open(path, "rb") as file:
    head = file.read()
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
at = libc.shmat(struct.unpack_from("i", head, ID_AT)[0], None, 0)
if at == ctypes.c_void_p(-1).value:
    sys.exit("there is no such memory")
size = struct.unpack_from("I", head, 12)[0]
good = ctypes.string_at(at, size)
random.seed(4711)
for turn in range(60):
    if turn % 3 == 0:
        rest = bytes([random.randrange(256)]) * size
    elif turn % 3 == 1:
        rest = random.randbytes(size)
    else:
        spoilt = bytearray(good)
        for _ in range(200):
            spoilt[random.randrange(size)] = random.randrange(256)
        rest = bytes(spoilt)
    # Without the head's first half, and without its nonce, it is no such memory.
    ctypes.memmove(at + len(head), rest[len(head):], size - len(head))
    ctypes.memmove(at + 16, rest[16:40], 24)
    for form in ("--json", "--processes"):
        done = subprocess.run(
            ["build/redial-stat", form, pid], capture_output=True, timeout=20, check=False
        )
        if done.returncode:
            print(turn, form, done.returncode, done.stderr)
        elif form == "--json":
            json.loads(done.stdout)
        elif not all(32 <= byte < 127 or byte == 10 for byte in done.stdout):
            print(turn, done.stdout)
