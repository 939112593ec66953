# SPDX-License-Identifier: MIT
"""The preload under ThreadSanitizer, in the flow tests that have threads.

A program that has the runtime as a library calls the preload first, and what the preload calls goes
by the runtime's interceptors: so the order is as it is without. The runtime may not look up names
by itself, which it would do by calls that the preload has; that is done here, by addr2line. A
report counts where what is on top of one of its two stacks is the preload's, but for the lines of
code that races.txt lists. Tests that are red are not looked at: what is timed, or counts descriptors, has
more of all that here.
"""
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PLACE = pathlib.Path("build/tsan")
FLAGS = "-O1 -g -w -std=gnu11 -fsanitize=thread"
SUITES = ["threads", "threads_read", "watch", "response_timeout", "room_full", "exits_read",
          "jumps"]
LIBRARY = "libredial.so"
FRAME = re.compile(r"\((\S+?)\+(0x[0-9a-f]+)\)")


KNOWN = re.compile(r"(\w+) `(.+?)` \S")


def known():
    """[(function, code)]"""
    lines = (HERE / "races.txt").read_text().splitlines()
    return [KNOWN.match(line).groups() for line in lines if line and not line.startswith("#")]


def place_of(frame):
    """(function, where, the line of code) of a frame of the preload's."""
    told = subprocess.run(["addr2line", "-fe", str(PLACE / LIBRARY), frame[1]], text=True,
                          stdout=subprocess.PIPE).stdout.split("\n")
    path, _, number = told[1].split(" ")[0].rpartition(":")
    try:
        code = pathlib.Path(path).read_text().splitlines()[int(number) - 1]
    except (OSError, ValueError, IndexError):
        code = ""
    return told[0], f"{os.path.basename(path)}:{number}", code


def is_known(place, excused):
    return any(place[0] == function and code in place[2] for function, code in excused)


def tops(report):
    """What is on top of the two stacks that meet, the runtime aside."""
    stacks = re.findall(r"\n  \S[^\n]*:\n((?:    #[^\n]*\n)+)", report)[:2]
    for stack in stacks:
        frames = [frame for frame in FRAME.findall(stack) if "libtsan" not in frame[0]]
        if frames:
            yield frames[0]


def reports(folder):
    """The races of the preload's own, each once; and how many reports there were of any kind."""
    excused, found, count = known(), set(), 0
    for path in folder.iterdir():
        for report in path.read_text(errors="replace").split("=================="):
            if "WARNING: ThreadSanitizer" not in report:
                continue
            count += 1
            places = [place_of(top) for top in tops(report) if top[0].endswith(LIBRARY)]
            if places and not any(is_known(place, excused) for place in places):
                found.add(" against ".join(f"{name} ({where})" for name, where, _ in places))
    return sorted(found), count


def run(suite):
    """True if nothing is to be said of it."""
    folder = (PLACE / "reports").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    env = {key: value for key, value in os.environ.items()
           if key != "LD_PRELOAD" and not key.startswith("REDIAL_")}
    env["TSAN_OPTIONS"] = f"symbolize=0 exitcode=0 log_path={folder}/of"
    done = subprocess.run([str(PLACE / "tests/flow-tests"), suite], env=env, text=True,
                          errors="replace", timeout=900, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    told, count = reports(folder)
    if "Run Summary" not in done.stdout:
        told.append("ended in the middle")
    print(f"{'RED' if told else 'clean'}: {PLACE}/tests/flow-tests {suite}, "
          f"{count} reports with those of tests and of races.txt", flush=True)
    for line in told:
        print(f"    a race: {line}")
    return not told
