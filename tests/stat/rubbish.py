# SPDX-License-Identifier: MIT
"""rubbish.py FILE PID: fills a launch's file with anything, and lets redial stat read it."""
import json
import random
import subprocess
import sys

HEAD = 16  # magic, version and size: without these it is no such file

path, pid = sys.argv[1:]
with open(path, "rb") as file:
    good = file.read()
random.seed(4711)
for turn in range(60):
    if turn % 3 == 0:
        rest = bytes([random.randrange(256)]) * len(good)
    elif turn % 3 == 1:
        rest = random.randbytes(len(good))
    else:
        spoilt = bytearray(good)
        for _ in range(200):
            spoilt[random.randrange(len(good))] = random.randrange(256)
        rest = bytes(spoilt)
    with open(path, "r+b") as file:
        file.write(good[:HEAD] + rest[HEAD:])
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
