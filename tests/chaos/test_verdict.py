# SPDX-License-Identifier: MIT
"""Prints each breach of an invariant that verdict.py would not see."""
from scenario import Scenario
from verdict import fnv1a, head_sum, judge


def find_scenario():
    """One whose second request is a POST that may not be repeated, and that expects JSON."""
    for seed in range(1000):
        scenario = Scenario(seed)
        request = scenario.requests[1]
        if (request.method == "POST" and request.path.startswith("/c/") and request.tells_id and
                not scenario.policy.may_repeat(request) and scenario.client == "blocking"):
            return scenario, request
    raise SystemExit("no scenario fits")


def log_line(request, conn, **changes):
    fields = {"conn": conn, "n": 1, "method": request.method, "path": request.path,
              "body": len(request.body), "id": request.id, "attempt": "-", "read": "full",
              "fault": "-", "sum": f"{fnv1a(request.body):08x}", "ms": 0,
              "head": f"{head_sum(request):08x}"} | changes
    return "request " + " ".join(f"{name}={value}" for name, value in fields.items()) + "\n"


def answer(request, path=None, got=0, extra=b""):
    body = (f'{{"conn":1,"req":1,"method":"{request.method}","path":"{path or request.path}",'
            f'"body":{len(request.body)}}}').encode()
    data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s" % (len(body), body, extra)
    data = b"" if got else data
    head = f"answer {request.id} connect=0 sent=0 got={got} ms=1 len={len(data)}\n"
    return head.encode() + data


def main():
    scenario, request = find_scenario()
    scenario.requests, scenario.faults, scenario.fault_specs = [request], [], set()
    request.cut_off = False
    done = b"done descriptors=0\n"
    seen = log_line(request, 1)
    good = answer(request) + done
    cases = {
        "received twice": (good, seen + log_line(request, 2)),
        "another body received": (good, log_line(request, 1, sum="0")),
        "another head received": (good, log_line(request, 1, head="0")),
        "another id received": (good, log_line(request, 1, id="other")),
        "an attempt told that was none": (good, log_line(request, 1, attempt="2")),
        "never received": (good, ""),
        "another's answer": (answer(request, path="/c/other") + done, seen),
        "more than an answer": (answer(request, extra=b"x") + done, seen),
        "an error where nothing failed": (answer(request, got=104) + done, seen),
        "an answer lost": (answer(request, got=-1) + done, seen),
        "no word of a request": (done, seen),
        "a descriptor left over": (answer(request) + b"done descriptors=1\n", seen),
        "garbage": (good, seen + "garbage conn=1\n"),
        "a request of nobody": (good, seen + log_line(request, 1, path="/c/who")),
    }
    problems, _ = judge(scenario, good, seen, 1000)
    if problems:
        print(f"nothing is wrong, and it says {problems}")
    for name, (said, log) in cases.items():
        if not judge(scenario, said, log, 1000)[0]:
            print(name)
    if not judge(scenario, good, seen, 0)[0]:
        print("too long a time")


if __name__ == "__main__":
    main()
