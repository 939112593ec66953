# SPDX-License-Identifier: MIT
"""links.py: what the pages of this tree refer to and is not there, one a line: links to pages,
headings and files, files that are named, targets of make; pages that the first one does not lead to,
and tables whose rows have not as many cells as their head. For tests/check_pages.sh."""
import os
import re
import sys

NAME = re.compile(r"(?:[\w.-]+/)*[\w.*-]+\.(?:c|h|sh|def|py|js|pl|rb|mk|in|json|yaml|md|cfg|bash)$|(?:[\w.-]+/)+$")
TOP = re.compile(r"(?<![\w./-])(?:policy|preload|scripts|tests)/[\w./-]*\w")
MAKE = re.compile(r"\bmake((?: -\S+)*(?: [a-z]+)*)(?![\w/])")
# Files of other places: the policy of a machine, programs of a user.
ELSEWHERE = {"redial.cfg", "program.py", "server.js"}


def pages(top):
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(set(folders) - {".git", "build", "node_modules"})
        yield from (os.path.join(folder, name) for name in sorted(files) if name.endswith(".md"))


def blocks(text):
    """(line, text, language) of each line; language None outside of fences."""
    language = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            language = line[3:].strip() if language is None else None
            continue
        yield number, line, language


def slugs(text):
    """The anchors of a page's headings, as GitHub makes them."""
    seen = {}
    for _, line, language in blocks(text):
        if language is None and re.match("#+ ", line):
            title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip().lower())
            slug = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
            seen[slug] = seen.get(slug, -1) + 1
            yield slug if not seen[slug] else "%s-%d" % (slug, seen[slug])


def targets(top):
    found = set()
    for path in ("Makefile", "scripts/install.mk", "tests/tests.mk"):
        with open(os.path.join(top, path)) as file:
            for line in file:
                if re.match(r"[a-z][a-z -]*:(?!=)", line):
                    found.update(line.split(":")[0].split())
    return found


class Page:
    def __init__(self, top, path):
        self.top, self.path, self.folder = top, path, os.path.dirname(path)
        with open(path) as file:
            self.text = file.read()
        self.slugs = set(slugs(self.text))
        self.leads_to = set()
        self.said = set()

    def told(self, number, what):
        said = "%s:%d: %s" % (os.path.relpath(self.path, self.top), number, what)
        if said not in self.said:
            print(said)
        self.said.add(said)

    def is_there(self, name):
        if name.startswith(("build/", "/")) or name in ELSEWHERE or "*" in name or "NAME" in name:
            return True
        return any(os.path.exists(os.path.join(at, name)) for at in (self.folder, self.top))

    def link(self, number, target, all_pages):
        if "://" in target:
            return
        path, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(self.folder, path)) if path else self.path
        if not os.path.exists(path):
            self.told(number, "link to " + target)
        elif anchor and anchor not in getattr(all_pages.get(path), "slugs", ()):
            self.told(number, "no such heading: " + target)
        else:
            self.leads_to.add(path)

    def code(self, number, text, known_targets):
        for name in TOP.findall(text):
            if not self.is_there(name):
                self.told(number, "no such file: " + name)
        for words in MAKE.findall(text):
            for word in words.split():
                if not word.startswith("-") and word not in known_targets:
                    self.told(number, "no such target: make " + word)

    def look(self, all_pages, known_targets):
        cells = 0
        for number, line, language in blocks(self.text):
            if language in ("sh", "dockerfile"):
                self.code(number, line, known_targets)
            if language is not None:
                continue
            for target in re.findall(r"\]\(([^)]+)\)", line):
                self.link(number, target, all_pages)
            for span in re.findall(r"`([^`]*)`", line):
                self.code(number, span, known_targets)
                if NAME.match(span) and not self.is_there(span):
                    self.told(number, "no such file: " + span)
            count = line.count("|") if line.startswith("|") else 0
            if count and cells and count != cells:
                self.told(number, "a row of %d cells in a table of %d" % (count - 1, cells - 1))
            cells = cells or count if count else 0


def main():
    top = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
    all_pages = {path: Page(top, path) for path in pages(top)}
    known_targets = targets(top)
    for page in all_pages.values():
        page.look(all_pages, known_targets)
    reached, ahead = set(), [os.path.join(top, "README.md")]
    while ahead:
        path = ahead.pop()
        if path in all_pages and path not in reached:
            reached.add(path)
            ahead.extend(all_pages[path].leads_to)
    for path in sorted(set(all_pages) - reached):
        print("%s: no link leads here" % os.path.relpath(path, top))


main()
