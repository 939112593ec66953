# SPDX-License-Identifier: MIT
"""Which pairs of a state and an event `make coverage` has come by, and which cannot be.

pairs.h has the names, pairs.txt the pairs that cannot be, each with its reason. A pair that is
neither seen nor there, and one that is there and was seen, is an error.
"""
import pathlib
import platform
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
COUNTED = platform.machine() == "x86_64"  # the way into a hook is written for that
WRAPPED = ("rescue_begin", "rescue_plan_next", "rescue_exhausted", "rescue_run")


def names(of):
    """The names of one list of pairs.h, in order."""
    text = (HERE / "pairs.h").read_text().split(f"#define {of}(X)")[1]
    listed = re.match(r"(.*\\\n)*.*\n", text)[0]
    return re.findall(r"X\((\w+)", listed)


def impossible():
    """{(state, event): reason}"""
    states, events, pairs = names("STATES"), names("EVENTS"), {}
    for line in (HERE / "pairs.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        at, what, why = re.fullmatch(r"([\w,*]+) ([\w,*]+): (.+)", line).groups()
        for state in states if at == "*" else at.split(","):
            for event in events if what == "*" else what.split(","):
                if state not in states or event not in events:
                    raise SystemExit(f"pairs.txt: no such pair as {state} {event}")
                pairs[state, event] = why
    return pairs


def link_options(place):
    """What the library is linked with besides."""
    if not COUNTED:
        return ""
    wraps = "".join(f" -Wl,--wrap={name}" for name in WRAPPED)
    return f"{wraps} {place}/pairs.o"


def prepare(place, objects):
    """The hooks give their names to what counts, and the counts begin with none."""
    if not COUNTED:
        return
    renamed = pathlib.Path(place, "pairs.names")
    renamed.write_text("".join(f"{name} hooked_{name}\n" for name in names("CALLS")))
    for name in objects:
        subprocess.run(["objcopy", f"--redefine-syms={renamed}", name], check=True)
    counts = pathlib.Path(place, "pairs").resolve()
    subprocess.run(["gcc", "-O1", "-g", "-std=gnu11", "-D_GNU_SOURCE", "-fPIC", "-ffreestanding",
                    "-fno-stack-protector", "-fvisibility=hidden", f'-DPAIRS_FILE="{counts}"',
                    "-c", str(HERE / "pairs.c"), "-o", f"{place}/pairs.o"], check=True)
    counts.write_bytes(bytes(len(names("STATES")) * len(names("EVENTS"))))
    counts.chmod(0o666)


def tell(place):
    """Says what is missing; true if nothing is."""
    if not COUNTED:
        return True
    states, events = names("STATES"), names("EVENTS")
    counts = pathlib.Path(place, "pairs").read_bytes()
    seen = {(state, event) for i, state in enumerate(states) for j, event in enumerate(events)
            if counts[i * len(events) + j]}
    cannot = impossible()
    print(f"pairs of a state and an event: {len(seen)} seen, {len(cannot)} cannot be, of "
          f"{len(states) * len(events)}")
    wrong = []
    for state in states:
        missed = [event for event in events if (state, event) not in seen | set(cannot)]
        if missed:
            wrong.append(f"{state}: nobody has come by {' '.join(missed)}")
    wrong += [f"{state} {event}: seen, but \"{cannot[state, event]}\""
              for state, event in sorted(seen & set(cannot))]
    print("".join(f"    {line}\n" for line in wrong), end="")
    return not wrong
