# SPDX-License-Identifier: MIT
"""A copy of the sources with a build of its own, in which one mutant at a time is made and tried."""
import filecmp
import os
import pathlib
import re
import shutil
import signal
import subprocess

# Not across files, which takes longer to build than most tests take to run; and a warning of what a
# change has left unused is none of its being found out.
BUILD = ["make", "-s", "--no-print-directory", "LTO="]
CFLAGS = "-O1 -w"
SOURCES = ["Makefile", "README.md", "LICENSE", "policy", "preload", "scripts", "tests"]
PROGRAMS = {"unit": ["build/tests/unit-tests"],
            "flow": ["all", "build/faultd", "build/tests/flow-tests"],
            "schedule": ["build/tests/schedule"],
            "https": ["build/libredial.so", "build/libredial-policy.so", "build/tests/tls/client",
                      "build/tests/tls/gnutls"],
            "resume": ["build/libredial.so", "build/libredial-policy.so"],
            "check": ["all", "tests"]}
# Of the checks that mutants name, what they run.
OF_CHECKS = {"https_reasons": PROGRAMS["https"],
             "log": ["all", "build/faultd", "build/tests/bench/client"],
             "security": ["all", "build/tests/clients/blocking_client", "build/faultd"],
             "switch_waits": ["all", "build/faultd", "build/tests/flow-tests"]}
LIMIT_S = {"unit": 60, "flow": 600, "schedule": 400, "https": 60, "resume": 60, "check": 300}
NAMED_LIMIT_S = 120
SCHEDULES = "8000"


def targets(test):
    """What it runs. One unit test, or suite, that is named needs no program beside it."""
    kind = test[0]
    if kind == "unit" and len(test) == 1:
        return PROGRAMS["flow"][:2] + PROGRAMS["unit"]
    if kind == "check" and test[1] in OF_CHECKS:
        return OF_CHECKS[test[1]]
    behind = pathlib.Path("tests/flow/behind").glob("*.c") if kind == "flow" else []
    return PROGRAMS[kind] + [f"build/tests/behind/{path.stem}.so" for path in behind]


def can_be_apart():
    return subprocess.run(["unshare", "-mi", "true"], stderr=subprocess.DEVNULL).returncode == 0


class Outcome:
    """red: None if all was well, else what was not."""

    def __init__(self, red=None, text=""):
        self.red, self.text = red, text


class Tree:
    def __init__(self, path, apart):
        self.path, self.apart = pathlib.Path(path).resolve(), apart
        self.kept = None  # the mutated file, its text, times and objects before
        self.child = None  # what runs, or ran last

    def copy_sources(self, root):
        """As they are now; what is as it was keeps its time, and need not be built again."""
        wanted = {}
        for name in SOURCES:
            top = pathlib.Path(root) / name
            for file in [top, *top.rglob("*")] if top.is_dir() else [top]:
                if file.is_file() and file.suffix != ".pyc":
                    wanted[file.relative_to(root)] = file
        if self.path.exists() and self.differs("Makefile", root):
            shutil.rmtree(self.path)
        for name, file in wanted.items():
            if self.differs(name, root):
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                # What was there has objects that are younger than the file may be.
                copy = shutil.copy if (self.path / name).exists() else shutil.copy2
                copy(file, self.path / name)
        for name in SOURCES:
            for file in (self.path / name).rglob("*"):
                if file.is_file() and file.relative_to(self.path) not in wanted:
                    file.unlink()

    def take_objects(self, root):
        """Of the tests, which are built in the same way there, if they are at hand."""
        for name in ("policy", "preload", "scripts", "sim", "tests"):
            there = pathlib.Path(root) / "build/tests" / name
            if there.is_dir() and not (self.path / "build").exists():
                (self.path / "build/tests").mkdir(parents=True)
            if there.is_dir():
                subprocess.run(["cp", "-a", there, self.path / "build/tests"], check=True)

    def differs(self, name, root):
        there = self.path / name
        return not there.is_file() or \
            not filecmp.cmp(there, pathlib.Path(root) / name, shallow=False)

    def build(self, tests, jobs=1):
        """What they run. None, or what the compiler says."""
        wanted = sorted({target for test in tests for target in targets(test)})
        done = subprocess.run(BUILD + [f"-j{jobs}"] + wanted, cwd=self.path, text=True,
                              env={**os.environ, "CFLAGS": CFLAGS},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout[-3000:] if done.returncode else None

    def make(self, mutant):
        file = self.path / mutant.file
        objects = {path: path.read_bytes() for path in self.objects_of(mutant.file)}
        self.kept = (file, file.read_text(), file.stat(), objects)
        file.write_text(mutant.made(self.kept[1]))

    def objects_of(self, name):
        own = pathlib.PurePath(name).with_suffix(".o")
        return [path for path in (self.path / "build").rglob(own.name)
                if path.as_posix().endswith(f"/{own}")]

    def undo(self):
        """The objects as well, so that they are only linked again; a header's are made anew."""
        if self.kept:
            file, text, before, objects = self.kept
            file.write_text(text)
            if objects:
                os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
            for path in self.objects_of(file.relative_to(self.path)):
                path.write_bytes(objects[path]) if path in objects else path.unlink()
        self.kept = None

    def stop(self):
        if self.child and self.child.poll() is None:
            end(self.child)

    def command(self, test):
        kind, name = test[0], test[1:]
        if kind == "schedule":
            return ["build/tests/schedule", *(name or [SCHEDULES])]
        if kind in ("https", "resume"):
            return ["sh", f"tests/mutate/{kind}.sh", *name]
        if kind == "check":
            return ["sh", f"tests/check_{name[0]}.sh"]
        return [f"build/tests/{kind}-tests", *name]

    def run(self, test, stop=True):
        """The first thing that was red ends it, unless told otherwise."""
        command = self.command(test)
        if self.apart:
            # Nobody else's /tmp, /dev/shm and shared memory: tests have names there that others'
            # tests have too, and count and sweep what dead launches have left.
            hidden = "" if str(self.path).startswith("/tmp/") else "mount -t tmpfs t /tmp && "
            command = ["unshare", "-mi", "sh", "-c",
                       hidden + 'mount -t tmpfs t /dev/shm && exec "$@"', "sh", *command]
        env = {key: value for key, value in os.environ.items()
               if key != "LD_PRELOAD" and not key.startswith("REDIAL_")}
        child = subprocess.Popen(command, cwd=self.path, env=env, text=True, errors="replace",
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        self.child = child
        named = len(test) > 1 and test[0] in ("unit", "flow")
        timer = Timer(NAMED_LIMIT_S if named else LIMIT_S[test[0]], child)
        lines, red = [], None
        for line in child.stdout:
            lines.append(line)
            red = red or self.red_in(line, test, lines)
            if red and stop and test[0] != "schedule":
                end(child)
                break
        status = child.wait()
        timer.cancel()
        if not red and timer.over:
            red = "time is up"
        elif not red and status:
            red = f"ended with {status}"
        return Outcome(red, "".join(lines[-40:]))

    def red_in(self, line, test, lines):
        if test[0] in ("unit", "flow"):
            if "FAILED" not in line:
                return None
            for earlier in reversed(lines):
                found = re.search(r"Test: (\w.*?) \.\.\.", earlier)
                if found:
                    return found[1]
        elif test[0] in ("https", "resume", "check") and line.startswith("FAIL "):
            return line[5:].strip()
        return None


def end(child):
    """And its children, which are in its group."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Timer:
    """Ends the child when the time is over."""

    def __init__(self, seconds, child):
        import threading
        self.over = False
        self.child = child
        self.timer = threading.Timer(seconds, self.ring)
        self.timer.daemon = True
        self.timer.start()

    def ring(self):
        self.over = True
        end(self.child)

    def cancel(self):
        self.timer.cancel()
