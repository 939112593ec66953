# SPDX-License-Identifier: MIT
"""Usage: coverage.py [FILE]...

`make coverage`: how much of policy/ and preload/ the unit tests and the flow tests come by, in lines
and branches, by folder, and which pairs of a state and an event (pairs.py). Of the FILEs named it
says which lines nobody has come by. The library is a build of its own, with gcov's runtime and libc
in it, below build/coverage/.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import pairs

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACE = "build/coverage"
FLAGS = "-O0 -w --coverage -std=gnu11"
# Of those that speak TLS what is quickest and comes by most.
HTTPS = ["https_alone", "https_shared", "https_amid", "https_reasons"]
RUNTIME = "-Wl,--whole-archive -lgcov -Wl,--no-whole-archive -lc"


def make(*targets, runtime=RUNTIME):
    done = subprocess.run(["make", "-s", "--no-print-directory", f"-j{os.cpu_count()}",
                           f"B={PLACE}", f"CFLAGS={FLAGS}", f"LTO={runtime}",
                           *(f"{PLACE}/{target}" for target in targets)],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(done.stdout[-3000:])


def build():
    make("tests/unit-tests", "faultd", "tests/flow-tests", "libredial-policy.so", "redial-policy",
         "redial-report", "redial-stat", "redial-switch",
         *(f"tests/behind/{path.stem}.so"
           for path in pathlib.Path("tests/flow/behind").glob("*.c")))
    objects = [f"so/{path.with_suffix('.o')}" for path in pathlib.Path("preload").glob("*/*.c")
               if path.parent.name != "rehearse"]
    make(*objects)
    pairs.prepare(PLACE, [f"{PLACE}/{name}" for name in objects])
    make("libredial.so", runtime=RUNTIME + pairs.link_options(PLACE))


def flow_suites():
    """Each by itself: one that ends in the middle takes no other with it."""
    text = pathlib.Path("tests/flow/flow.h").read_text()
    return re.findall(r"X\((\w+)\)", text[text.index("define FLOW_SUITES"):].split("#define X(")[0])


def run(program, *suite):
    """Its own /tmp and /dev/shm, if that can be had. What is red is for make check to tell."""
    command = [f"{PLACE}/tests/{program}", *suite]
    if not str(ROOT).startswith("/tmp/") and \
            subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0:
        command = ["unshare", "-m", "sh", "-c", "mount -t tmpfs t /dev/shm && "
                   'mount -t tmpfs t /tmp && exec "$@"', "sh", *command]
    env = {key: value for key, value in os.environ.items() if not key.startswith("REDIAL_")}
    done = subprocess.run(command, env=env, text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    if "Run Summary" not in done.stdout:
        print(f"{' '.join([program, *suite])} ended in the middle: {done.returncode}", flush=True)


def run_https(name):
    """One of the checks, with the programs of build/ and this library."""
    env = {**os.environ, "REDIAL_TEST_LIBRARY": f"{ROOT}/{PLACE}/libredial.so"}
    done = subprocess.run(["sh", f"tests/check_{name}.sh"], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    if b"PASS" not in done.stdout:
        print(f"check_{name}.sh has not run: make tests", flush=True)


def gather():
    """{file: {line: (executed, [branch taken])}}, of all objects that a file was compiled to."""
    seen = {}
    notes = [str(path) for folder in ("so", "tests/policy", "tests/preload")
             for path in pathlib.Path(PLACE, folder).rglob("*.gcda")]
    for first in range(0, len(notes), 40):
        told = subprocess.run(["gcov", "--json-format", "--stdout", "-b", *notes[first:first + 40]],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        for text in told.splitlines():
            for file in json.loads(text)["files"]:
                name = os.path.relpath(file["file"], ROOT) if file["file"][0] == "/" else \
                    file["file"]
                if not name.startswith(("policy/", "preload/")) or "/rehearse/" in name:
                    continue
                lines = seen.setdefault(os.path.normpath(name), {})
                for line in file["lines"]:
                    note(lines, line)
    return seen


def note(lines, line):
    executed, taken = lines.get(line["line_number"], (False, []))
    now = [branch["count"] > 0 for branch in line["branches"]]
    if len(now) != len(taken):
        taken = now if len(now) > len(taken) else taken
    else:
        taken = [a or b for a, b in zip(taken, now)]
    lines[line["line_number"]] = (executed or line["count"] > 0, taken)


def share(part, whole):
    return f"{100 * part / whole:5.1f} %" if whole else "      -"


def main():
    os.chdir(ROOT)
    build()
    if "--again" not in sys.argv:
        for old in pathlib.Path(PLACE).rglob("*.gcda"):
            old.unlink()
        print("running the unit tests and each suite of the flow tests", flush=True)
        run("unit-tests")
        for suite in flow_suites():
            run("flow-tests", suite)
        for name in HTTPS:
            run_https(name)
    seen = gather()
    rows, all_of = {}, [0, 0, 0, 0]
    for name, lines in seen.items():
        row = rows.setdefault(os.path.dirname(name), [0, 0, 0, 0])
        branches = [taken for _, each in lines.values() for taken in each]
        counts = [sum(done for done, _ in lines.values()), len(lines), sum(branches), len(branches)]
        for total in (row, all_of):
            total[:] = [a + b for a, b in zip(total, counts)]
    print(f"{'':18}   lines  branches")
    for name, row in sorted(rows.items()) + [("all", all_of)]:
        print(f"{name:18} {share(*row[:2])}  {share(*row[2:])}  of {row[1]} and {row[3]}")
    for name in sys.argv[1:]:
        missed = sorted(number for number, (done, _) in seen.get(name, {}).items() if not done)
        if name != "--again":
            print(f"{name}: nobody came by lines {' '.join(map(str, missed)) or 'none'}")
    sys.exit(0 if pairs.tell(PLACE) else 1)


if __name__ == "__main__":
    main()
