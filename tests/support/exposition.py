# SPDX-License-Identifier: MIT
# exposition.py FILE: says what in it is against Prometheus' text format 0.0.4; nothing if all is
# well. Stricter than a scraper: HELP, TYPE, then all samples of a metric, each series once.
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? (\d+(?:\.\d+)?)" % (NAME, LABEL, LABEL))
SUFFIXES = {"summary": ("", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def check(lines):
    metric, kind, done, seen = None, None, set(), set()
    for number, line in enumerate(lines, 1):
        head = re.fullmatch(r"# (HELP|TYPE) (%s) (.+)" % NAME, line)
        sample = SAMPLE.fullmatch(line)
        if head and head[1] == "HELP":
            if head[2] in done:
                yield number, "a metric's second HELP"
            metric, kind = head[2], None
            done.add(metric)
        elif head:
            if head[2] != metric or kind or head[3] not in SUFFIXES:
                yield number, "TYPE of what has no HELP in front, or an unknown one"
            kind = head[3]
        elif not sample:
            yield number, "neither a comment nor a sample"
        elif not kind or sample[1] not in [metric + end for end in SUFFIXES[kind]]:
            yield number, "a sample of another metric than the one it stands with"
        else:
            labels = re.findall(LABEL, sample[2] or "")
            series = (sample[1], tuple(sorted(labels)))
            if series in seen or len({name for name, _ in labels}) < len(labels):
                yield number, "a series or label for the second time"
            seen.add(series)
            if kind == "counter" and not metric.endswith("_total"):
                yield number, "a counter that is not called _total"
            quantile = dict(labels).get("quantile")
            if (quantile is not None) != (kind == "summary" and sample[1] == metric):
                yield number, "a quantile where none belongs, or none where one does"
    if not seen:
        yield 0, "no samples"


text = open(sys.argv[1], encoding="ascii").read()
if not text.endswith("\n"):
    print("no newline at the end")
lines = text.splitlines()
for number, what in check(lines):
    print("%d: %s: %s" % (number, what, lines[number - 1] if number else ""))
