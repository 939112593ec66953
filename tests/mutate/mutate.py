# SPDX-License-Identifier: MIT
"""Are the tests red when the code is wrong? Usage: mutate.py [OPTION]... [NAME]...

Makes each mutant of tests/mutate/*.txt, or those named, in a copy of the sources, builds it, and
runs what is most likely to find it out, then the unit tests, the flow tests and some schedules,
until something is red. Ends with 0 if at least 95 in 100 were found out and each of the rest has a
reason.

  --jobs N     so many at once (as many as there are processors)
  --sample N   only so many, spread over the tables
  --quick      nothing beyond what is most likely to find it out
  --fit        only say what does not fit the sources
"""
import argparse
import fcntl
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import table
import tree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLACE = ROOT / "build" / "mutate"
AFTERWARDS = [("unit",), ("flow",), ("schedule",)]
FOUND, ALIKE, SURVIVED, BROKEN = "found out", "alike", "SURVIVED", "DOES NOT BUILD"


def words(test):
    return " ".join(test)


class Run:
    def __init__(self, mutants, quick, apart):
        self.mutants, self.quick = mutants, quick
        self.queue = queue.Queue()
        for mutant in mutants:
            self.queue.put(mutant)
        self.results = {}
        self.lock = threading.Lock()
        # Without rooms of their own two runs of the tests would meet.
        self.turn = threading.Lock() if not apart else None
        self.whole, self.known = None, {}
        self.began = time.monotonic()

    def try_test(self, where, test):
        if not self.turn:
            return where.run(test)
        with self.turn:
            return where.run(test)

    def is_green(self, test):
        """Without any change, which has to be so before a red one says something."""
        with self.lock:
            if test not in self.known:
                error = self.whole.build([test], os.cpu_count())
                self.known[test] = error or self.try_test(self.whole, test).red
            if self.known[test]:
                self.say(f"{words(test)} is red without any change: {self.known[test]}")
            return not self.known[test]

    def say(self, text):
        print(text, flush=True)

    def single(self, test, red):
        """The one test of a suite that was red, if it can be named."""
        return (test[0], red) if test[0] in ("unit", "flow") and " " not in red else test

    def judge(self, where, mutant):
        tests = list(mutant.tests)
        if not self.quick:
            tests += [test for test in AFTERWARDS if test not in tests]
        for test in tests:
            error = where.build([test])
            if error:
                return BROKEN, error
            red = self.try_test(where, test).red
            if not red:
                continue
            # Twice, and not without the change: tests that wait can be late on a busy machine.
            one = self.single(test, red)
            again = self.try_test(where, one).red
            if again and self.is_green(one):
                return FOUND, words(one) + (f": {again}" if again not in one else "")
        return SURVIVED, ""

    def work(self, where):
        while True:
            try:
                mutant = self.queue.get_nowait()
            except queue.Empty:
                return
            if mutant.alike:
                self.tell(mutant, ALIKE, mutant.alike)
                continue
            where.make(mutant)
            began = time.monotonic()
            try:
                result = self.judge(where, mutant)
            finally:
                where.undo()
            self.tell(mutant, *result, time.monotonic() - began)

    def tell(self, mutant, result, why, seconds=0):
        with self.lock:
            self.results[mutant.name] = (result, why)
            self.say(f"[{len(self.results)}/{len(self.mutants)} "
                     f"{time.monotonic() - self.began:.0f}s] {mutant.name}: {result}"
                     f"{' by ' if result == FOUND else ' ' if why else ''}{why} ({seconds:.0f}s)")

    def sum_up(self):
        def of(result):
            return [mutant for mutant in self.mutants
                    if self.results.get(mutant.name, ("",))[0] == result]
        found, alike = len(of(FOUND)), of(ALIKE)
        bad = of(SURVIVED) + of(BROKEN)
        print(f"\n{found} of {len(self.mutants)} found out "
              f"({100 * found / max(1, len(self.mutants)):.0f} %) "
              f"in {time.monotonic() - self.began:.0f} s")
        by = {}
        for result, why in self.results.values():
            if result == FOUND:
                by[why.split()[0]] = by.get(why.split()[0], 0) + 1
        for kind, count in sorted(by.items(), key=lambda item: -item[1]):
            print(f"  {count} by {kind}")
        for mutant in alike:
            print(f"  alike: {mutant.name}: {mutant.alike}")
        for mutant in bad:
            print(f"  {self.results[mutant.name][0]}: {mutant.name} ({mutant.where}, {mutant.file})")
        return not bad and len(self.results) == len(self.mutants) and \
            found >= 0.95 * len(self.mutants)


def prepare(jobs, tests, apart):
    """The unchanged tree, built, and a copy for each worker."""
    whole = tree.Tree(PLACE / "whole", apart)
    trees = [tree.Tree(PLACE / str(number), apart) for number in range(jobs)]
    whole.copy_sources(ROOT)
    if not (whole.path / "build").exists():
        whole.take_objects(ROOT)
    print("building what is changed later", flush=True)
    error = whole.build(tests, os.cpu_count())
    if error:
        sys.exit(error)
    for one in trees:
        shutil.rmtree(one.path, ignore_errors=True)
        subprocess.run(["cp", "-a", whole.path, one.path], check=True)
    return whole, trees


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--sample", type=int)
    for name in ("--quick", "--fit"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    os.chdir(ROOT)

    mutants = table.read_all(HERE)
    faults = table.faults(mutants, ROOT)
    for fault in faults:
        print(fault)
    if args.fit:
        print(f"{len(mutants)} mutants, {len(faults)} do not fit")
    if faults or args.fit:
        sys.exit(1 if faults else 0)
    if args.names:
        mutants = [mutant for mutant in mutants if mutant.name in args.names]
    if args.sample:
        tried = [mutant for mutant in mutants if not mutant.alike]
        mutants = tried[::max(1, len(tried) // args.sample)][:args.sample]
    apart = tree.can_be_apart()
    tests = {test for mutant in mutants for test in mutant.tests}
    if not args.quick:
        tests |= set(AFTERWARDS)
    run = Run(mutants, args.quick, apart)
    PLACE.mkdir(parents=True, exist_ok=True)
    only = open(PLACE / "lock", "w")
    try:
        fcntl.flock(only, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit("another one is at work here")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run.whole, trees = prepare(min(args.jobs, len(mutants)), tests, apart)
    run.began = time.monotonic()
    workers = [threading.Thread(target=run.work, args=(where,), daemon=True) for where in trees]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            while worker.is_alive():
                worker.join(0.5)
    except KeyboardInterrupt:
        print("\nstopped")
        for where in [run.whole, *trees]:
            where.stop()
    sys.exit(0 if run.sum_up() else 1)


if __name__ == "__main__":
    main()
