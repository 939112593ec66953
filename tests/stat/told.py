# SPDX-License-Identifier: MIT
"""told.py SAMPLE FILE STAT FOLDER: says for which contents of FILE `STAT --dir FOLDER` does not end
well. SAMPLE is a file that a process has told: policy/told_file.h, then policy/state.h."""
import random
import subprocess
import sys

sample, file, stat, folder = sys.argv[1:]
PIDS, PROGRAM, STATE, STATE_SIZE = 24, 56, 72, 16
random.seed(1)
told = bytearray(open(sample, "rb").read())
told[PIDS:PIDS + 8] = (12345).to_bytes(8, "little")  # of another namespace
told[PROGRAM:STATE] = b"\x1b[2J\xff\"\\\n{}=,#\xe2 -"
known = 0


def run(what, form):
    ran = subprocess.run([stat, "--dir", folder, *form], capture_output=True, timeout=20)
    if ran.returncode not in (0, 1, 3):
        print(what, form, "status", ran.returncode)
    if any(byte != 10 and not 32 <= byte <= 126 for byte in ran.stdout):
        print(what, form, "bytes that do not print")
    return b"redial_launches 1" in ran.stdout


def put(what, data):
    global known
    with open(file, "wb") as out:
        out.write(data)
    for form in (["--processes"], ["--json"], ["--prometheus"]):
        known += run(what, form)


begin = STATE + STATE_SIZE
put("a sample", told)
if known != 1:
    print("the sample is not known")
for count in (1, 16, 4096):
    for turn in range(20):
        data = bytearray(told)
        for _ in range(count):
            data[random.randrange(begin, len(data))] = random.randrange(256)
        put(f"{count} bytes changed, turn {turn}", data)
for turn in range(20):
    put(f"all but its head, turn {turn}", told[:begin] + random.randbytes(len(told) - begin))
if known < 80:
    print("too many were not looked at:", known)
for size in (0, 7, 71, 72, 100, len(told) - 1):
    put(f"cut to {size} bytes", told[:size])
