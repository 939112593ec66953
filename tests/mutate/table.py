# SPDX-License-Identifier: MIT
"""Reads the tables of mutants, tests/mutate/*.txt, and makes one in a tree of sources.

An entry is a few lines, and ends at an empty one:

	name_of_what_it_does
	  preload/rescue/plan.c
	  - what stands there, once in the file; white space is as one space
	  + what stands there instead; several of these are several lines, none is nothing
	  by unit conn
	  by flow a_test_of_it
	  alike the reason, if nothing can be seen of it

A line before the first entry, or one that begins with #, is a remark.
"""
import pathlib
import re
import shlex

KINDS = ("unit", "flow", "schedule", "https", "resume", "check")


class Bad(Exception):
    """A table that cannot be read, or an entry that does not fit the sources."""


class Mutant:
    def __init__(self, name, where):
        self.name, self.where = name, where
        self.file = self.alike = None
        self.old, self.new, self.tests = [], [], []

    def add(self, line):
        word, rest = (line.split(None, 1) + [""])[:2]
        if word == "-":
            self.old.append(rest)
        elif word == "+":
            self.new.append(rest)
        elif word == "by":
            test = tuple(shlex.split(rest))
            if not test or test[0] not in KINDS or len(test) > 2:
                raise Bad(f"{self.where}: by {' or '.join(KINDS)}, and a name")
            self.tests.append(test)
        elif word == "alike":
            self.alike = rest
        elif not self.file:
            self.file = line
        else:
            raise Bad(f"{self.where}: what is {line!r}?")

    def made(self, text):
        """The file's text with the change made."""
        tokens = " ".join(self.old).split()
        if not self.file or not tokens:
            raise Bad(f"{self.where}: {self.name}: no file, or nothing to change")
        found = list(re.finditer(r"\s+".join(map(re.escape, tokens)), text))
        if len(found) != 1:
            raise Bad(f"{self.where}: {self.name}: stands {len(found)} times in {self.file}")
        start, end = found[0].span()
        return text[:start] + "\n".join(self.new) + text[end:]


def read_file(path):
    mutants = []
    mutant = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.strip()
        if text.startswith("#"):
            continue
        if not text:
            mutant = None
        elif line[0].isspace():
            if not mutant:
                raise Bad(f"{path.name}:{number}: belongs to no entry")
            mutant.add(text)
        else:
            mutant = Mutant(text, f"{path.name}:{number}")
            mutants.append(mutant)
    return mutants


def read_all(folder):
    mutants = []
    for path in sorted(pathlib.Path(folder).glob("*.txt")):
        mutants += read_file(path)
    names = [mutant.name for mutant in mutants]
    for name in set(names):
        if names.count(name) > 1:
            raise Bad(f"two are called {name}")
    return mutants


def faults(mutants, root):
    """What does not fit, one line each."""
    told = []
    for mutant in mutants:
        try:
            text = (pathlib.Path(root) / mutant.file).read_text()
            if mutant.made(text) == text:
                told.append(f"{mutant.where}: {mutant.name}: changes nothing")
        except (Bad, OSError, TypeError) as error:
            told.append(str(error))
    return told
