# SPDX-License-Identifier: MIT
"""Usage: sanitize.py [short]

`make sanitize`: built with sanitizers, the preload included, unit tests, flow tests and schedules
are run. Red is what a sanitizer says, and a test that fails and is not in known.txt.
"""
import os
import pathlib
import re
import subprocess
import sys

import races

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The runtime is the program's: the preload, which has no library of its own, finds it there, and it
# begins before any constructor is run.
ADDRESS = ("-O1 -g -w -fno-omit-frame-pointer -fsanitize=address,undefined "
           "-fno-sanitize-recover=undefined -static-libasan -static-libubsan -rdynamic")
# Names of the runtime would be renamed with those of the preload: here what is wrong traps.
TRAP = "-O1 -g -w -fsanitize=undefined -fsanitize-undefined-trap-on-error"
THREAD = "-O1 -g -w -fsanitize=thread"
SAID = re.compile(r"ERROR: AddressSanitizer|runtime error:|WARNING: ThreadSanitizer")
SHORT_FLOW = ["reuse", "tracker", "picture", "connect_later"]
THREAD_UNIT = ["conn", "arena_at_once", "table", "memory", "memory_race", "state", "process"]


def known():
    """The tests that cannot be green here, with the reason."""
    names = {}
    for line in (HERE / "known.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, why = line.partition(" ")
            names[name] = why.strip()
    return names


def built(folder, flags, *targets):
    names = [f"build/{folder}/{target}" for target in targets]
    done = subprocess.run(["make", "-s", "--no-print-directory", f"B=build/{folder}", "LTO=",
                           f"-j{os.cpu_count()}", *names], text=True,
                          env={**os.environ, "CFLAGS": flags},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(done.stdout[-3000:])


def runs(command, limit_s=1800):
    """True if nothing is red. Where there can be, nobody else has its /tmp, /dev/shm and shared memory.
    """
    env = {key: value for key, value in os.environ.items()
           if key != "LD_PRELOAD" and not key.startswith("REDIAL_")}
    # What ends on purpose in the middle frees nothing.
    env["ASAN_OPTIONS"] = "detect_leaks=0"
    if subprocess.run(["unshare", "-mi", "true"], stderr=subprocess.DEVNULL).returncode == 0:
        rooms = "mount -t tmpfs t /dev/shm"
        if not str(ROOT).startswith("/tmp/"):
            rooms += " && mount -t tmpfs t /tmp"
        command = ["unshare", "-mi", "sh", "-c", rooms + ' && exec "$@"', "sh", *command]
    done = subprocess.run(command, env=env, text=True, errors="replace", timeout=limit_s,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    excused = known()
    suite = test = ""
    told, red = [], set()
    for line in done.stdout.splitlines():
        found = re.match(r"Suite: (\w+)", line)
        suite = found[1] if found else suite
        found = re.search(r" Test: (\w+)", line)
        test = found[1] if found else test
        if "FAILED" in line or SAID.search(line):
            red.add(test)
            if test not in excused and suite not in excused:
                told.append(f"{test}: {line.strip()}")
    if done.returncode and not red:
        told += [f"ended with {done.returncode}", done.stdout[-1500:]]
    name = " ".join(command[command.index("sh", 4) + 1:] if command[0] == "unshare" else command)
    print(f"{'RED' if told else 'clean'}: {name}", flush=True)
    for line in told:
        print(f"    {line}")
    return not told


def main():
    os.chdir(ROOT)
    short = sys.argv[1:] == ["short"]
    clean = True
    built("asan", ADDRESS, "tests/unit-tests", "redial-policy", "redial-report", "redial-switch",
          "libredial.so", "libredial-policy.so")
    # What goes into programs without a sanitizer, of the unit tests as well.
    built("asan", "-O1", *(f"tests/behind/{path.stem}.so"
                           for path in pathlib.Path("tests/flow/behind").glob("*.c")))
    clean &= runs(["build/asan/tests/unit-tests"])
    built("asan", ADDRESS, "faultd", "tests/flow-tests")
    for suite in SHORT_FLOW if short else [""]:
        clean &= runs(["build/asan/tests/flow-tests", *([suite] if suite else [])])
    if not short:
        built("ubsan", TRAP, "tests/schedule")
        clean &= runs(["build/ubsan/tests/schedule", "20000"])
        built("threads", THREAD, "tests/unit-tests")
        for suite in THREAD_UNIT:
            clean &= runs(["build/threads/tests/unit-tests", suite])
        built("tsan", races.FLAGS, "faultd", "tests/flow-tests", "libredial.so",
              "libredial-policy.so")
        for suite in races.SUITES:
            clean &= races.run(suite)
    sys.exit(0 if clean else 1)


if __name__ == "__main__":
    main()
