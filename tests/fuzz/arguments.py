#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""arguments.py COUNT [SEED]: the launcher and its tools, told anything at all.

Each run has to end, by an exit status that is told in its manual, with no word of the shell's own
and nothing of the arguments run. Says how to see again what was wrong.
"""
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile

PROGRAMS = {
    "scripts/redial": "--policy --log --check --version --verbose --help -- true false doctor report",
    "build/redial-policy": "check show compile explain -o --method --host --port --path --unsent"
    " --cause --status --header",
    "build/redial-report": "--json --prometheus --since --until --by --top --help",
    "build/redial-doctor": "--policy --pid --help -- true",
    "build/redial-stat": "--json --prometheus --dir --help",
    "build/redial-entrypoint": "-- true install --help",
}
# As a shell tells an error of its own: `NAME: LINE: what`.
SHELL_SAYS = re.compile(r"^\S*: (line )?\d+: ", re.M)


def values(folder):
    return ["", "-", "--", "=", "0", "-1", "99999999999999999999", "a" * 5000, "*", "?[", "~",
            f"$(touch {folder}/ran)", f"`touch {folder}/ran`", f"; touch {folder}/ran;", "'", '"',
            "\\", "\n", "a\nb", "\x1b[31m", "\udcff\udcfe", "é", "%s%n", "/", "/dev/null", folder,
            f"{folder}/policy.cfg", f"{folder}/none", "file:", f"file:{folder}/log", "syslog",
            "none", "--policy=", "--log=x", "1h", "GET", "localhost"]


def draw(rng, folder):
    program = rng.choice(list(PROGRAMS))
    words = PROGRAMS[program].split()
    args = [rng.choice(words if rng.random() < 0.6 else values(folder))
            for _ in range(rng.randrange(7))]
    return [program] + args


def wrong(command, folder, env):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                              env=env, check=False)
    except subprocess.TimeoutExpired:
        return "it does not end"
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    if os.path.exists(f"{folder}/ran"):
        os.unlink(f"{folder}/ran")
        return "an argument was run"
    if SHELL_SAYS.search(said):
        return f"the shell says: {said[:200]}"
    return None


def main():
    count = int(sys.argv[1])
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/policy.cfg", "w", encoding="ascii") as policy:
            policy.write("retry = { max_attempts = 2; };\n")
        env = {"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder}
        for _ in range(count):
            command = draw(rng, folder)
            what = wrong(command, folder, env)
            if what:
                faults += 1
                print(f"wrong: {shlex.join(command)}: {what}".encode("utf-8", "replace").decode())
    print(f"{count} command lines, {faults} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
