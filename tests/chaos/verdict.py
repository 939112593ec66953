# SPDX-License-Identifier: MIT
"""Holds what a client saw against what the server did: the invariants that no policy may break."""
import errno
import re

from scenario import MODES

LINE = re.compile(r"(\w+)=(\S+)")
# After these the program has no answer, or one that the policy may hold back.
LOST = {"reset", "close", "reset-unread", "close-unread", "fin-unread", "drop", "idle-race",
        "idle-silent", "refuse", "hang-accept", "shed"}
ERRORS = {errno.ECONNRESET, errno.EPIPE, errno.ECONNREFUSED, errno.ETIMEDOUT, -1}


def fnv1a(data):
    total = 2166136261
    for byte in data:
        total = (total ^ byte) * 16777619 & 0xFFFFFFFF
    return total


class Answer:
    """What the client says of one request: errnos, -1 for the end of the stream."""

    def __init__(self, fields, data):
        self.id = fields[1]
        numbers = {name: int(value) for name, value in (f.split("=") for f in fields[2:])}
        self.connect, self.sent, self.got = (numbers[n] for n in ("connect", "sent", "got"))
        self.ms = numbers["ms"]
        self.data = data


def read_answers(said):
    """The client's output. Returns answers by id, and all other lines."""
    answers, others, at = {}, [], 0
    while at < len(said):
        end = said.find(b"\n", at)
        end = len(said) if end < 0 else end
        fields = said[at:end].decode("latin-1").split()
        at = end + 1
        if fields[:1] == ["answer"]:
            length = int(fields[-1].split("=")[1])
            answers[fields[1]] = Answer(fields, said[at:at + length])
            at += length
        elif fields:
            others.append(" ".join(fields))
    return answers, others


def read_log(text):
    """faultd's log: lists of request lines by the id in their path, and lines that are garbage."""
    seen, strange = {}, []
    for line in text.splitlines():
        if line.startswith("request "):
            fields = dict(LINE.findall(line))
            seen.setdefault(fields["path"].split("/")[-1], []).append(fields)
        elif line.startswith("partial ") and "head=full" in line:
            path = line.split("head=full ")[1].split(" ")[1]
            seen.setdefault(path.split("/")[-1], []).append(None)
        elif line.startswith("garbage"):
            strange.append(line)
    return seen, strange


def parse(data, is_head):
    """A whole answer: status, headers, body; ValueError if it is not whole, or more than that."""
    status = 100
    while 100 <= status < 200:
        head, gap, data = data.partition(b"\r\n\r\n")
        if not gap:
            raise ValueError("no whole head")
        lines = head.decode("latin-1").split("\r\n")
        if not lines[0].startswith("HTTP/1."):
            raise ValueError("no status line")
        status = int(lines[0].split(" ")[1])
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
    if is_head or status in (204, 304):
        body = b""
        if data:
            raise ValueError("a body where none may be")
    elif "transfer-encoding" in headers:
        body = b""
        while True:
            size, _, data = data.partition(b"\r\n")
            size = int(size, 16)
            body, data = body + data[:size], data[size + 2:]
            if not size:
                break
        if data:
            raise ValueError("more than one answer")
    else:
        body = data
        if len(body) != int(headers.get("content-length", len(body))):
            raise ValueError("not of the length that it says")
    return status, headers, body


def expected_body(request, status, body, lines):
    """Does this body answer this request, and a sending of it that the server saw?"""
    if request.path.startswith("/hash/"):
        size = int(request.path.split("/")[2])
        return body == bytes(97 + (i * 7 + i // 251) % 26 for i in range(size))
    told = re.fullmatch(rb'\{"conn":(\d+),"req":(\d+),"method":"(\w+)","path":"(\S+)",'
                        rb'"body":(\d+)\}', body)
    if not told:
        return False
    conn, nth, method, path, length = (part.decode() for part in told.groups())
    if (method, path) != (request.method, request.path):
        return False
    if status // 100 == 2 and int(length) != len(request.body):
        return False
    return any(line and (line["conn"], line["n"]) == (conn, nth) for line in lines)


def look_at_sendings(scenario, request, lines, wrong):
    """What the server got: how often, and byte for byte the same?"""
    policy = scenario.policy
    most = policy.attempts if policy.may_repeat(request) else 1
    if len(lines) > most:
        wrong(f"{request.method} was received {len(lines)} times")
    lines = [line for line in lines if line]
    if not lines:
        return
    if len({line["head"] for line in lines}) > 1:
        wrong("heads differ")
    if scenario.client not in MODES:
        pass
    elif lines[0]["head"] != f"{head_sum(request):08x}":
        wrong("the head is not the program's")
    ids = {line["id"] for line in lines}
    if len(ids) > 1:
        wrong(f"ids differ: {ids}")
    one = ids.pop()
    if request.tells_id and one != request.id:
        wrong(f"its id was {one}")
    if not request.tells_id and one != "-" and not (
            policy.add_id and re.fullmatch("[0-9a-f]{32}", one)):
        wrong(f"it has got the id {one}")
    for line in lines:
        whole = line["read"] == "full"
        if whole and (line["sum"] != f"{fnv1a(request.body):08x}" or
                      int(line["body"]) != len(request.body)):
            wrong(f"the server got another body: {line}")
    attempts = [line["attempt"] for line in lines]
    if not policy.attempt_header and set(attempts) != {"-"}:
        wrong(f"attempts are told: {attempts}")
    numbers = [int(a) for a in attempts if a != "-"]
    if len(numbers) != len(set(numbers)) or any(n < 2 or n > policy.attempts for n in numbers):
        wrong(f"attempts are told as {attempts}")
    for line in lines[:-1]:
        if not may_lead_to_repeat(scenario, line):
            wrong(f"repeated after an answer: {line}")


def head_sum(request):
    lines = [line for line in request.lines() if not line.startswith("X-Request-Id:")]
    return fnv1a("".join(lines).encode())


def may_lead_to_repeat(scenario, line):
    fault = line["fault"]
    if fault in LOST or fault == "early":
        return True
    policy = scenario.policy
    if policy.response_ms and "response-timeout" in policy.on:
        return True
    if fault in ("reset-after", "close-after"):
        return f"{fault}=0" in scenario.fault_specs
    if fault == "status" and 408 in scenario.statuses_of(fault):
        return True  # with the end of the connection it is taken for one of an idle one
    return any(status in policy.statuses for status in scenario.statuses_of(fault))


def look_at_answer(scenario, request, answer, lines, wrong):
    if answer.connect or answer.got:
        look_at_failure(scenario, request, answer, lines, wrong)
        return
    try:
        status, _, body = parse(answer.data, request.method == "HEAD")
    except ValueError as error:
        wrong(f"not one answer, {error}: {answer.data[:300]!r}")
        return
    faults = [line["fault"] for line in lines if line]
    if status == 408 and not body and any(f.startswith("idle-408") for f in scenario.faults):
        return
    if not any(line for line in lines):
        wrong(f"answered with {status}, and the server has never seen it")
    elif status // 100 == 2:
        if (status == 204) != request.path.startswith("/nobody"):
            wrong(f"answered with {status}")
    elif status not in [s for fault in faults for s in scenario.statuses_of(fault)]:
        wrong(f"answered with {status}, after {faults}")
    if "close-after" in faults and (request.path.startswith("/http10") or
                                    scenario.client not in MODES):
        return  # its end is that of the connection; Python takes that for a head's end as well
    has_body = request.method != "HEAD" and status != 204
    if has_body and not expected_body(request, status, body, lines):
        wrong(f"not its body: {body[:300]!r}, {lines}")


def look_at_failure(scenario, request, answer, lines, wrong):
    error = answer.connect or answer.got
    if error == errno.ECANCELED or (error == errno.ECONNABORTED):
        return
    if error not in ERRORS:
        wrong(f"failed with {errno.errorcode.get(error, error)}")
    if request.cut_off:
        return
    # Bare, what the server answers well arrives; a program's own timeout may be shorter.
    last = lines[-1] if lines else None
    if error != errno.ETIMEDOUT and not answer.data and last and last["fault"] == "-" and \
            last["read"] == "full" and scenario.client not in ("threads",):
        wrong(f"failed with {errno.errorcode.get(error, error)}, though it was answered: {last}")
    if not scenario.faults:
        wrong(f"failed with {errno.errorcode.get(error, error)} where nothing fails")


def judge(scenario, said, log, ms_limit):
    """All that is wrong, as lines of text; and counts of what was seen."""
    problems = []
    answers, others = read_answers(said)
    seen, strange = read_log(log)
    counts = {"requests": len(scenario.requests), "answered": 0, "repeated": 0, "failed": 0}
    problems += [line for line in others if not line.startswith("done ") and
                 not ("behind the answer" in line and scenario.statuses_of("idle-408"))] + strange
    done = [line for line in others if line.startswith("done ")]
    if done != ["done descriptors=0"]:
        problems.append(f"the client ended with {done}")
    for request in scenario.requests:
        wrong = lambda text, r=request: problems.append(f"{r.method} {r.path}: {text}")
        lines = seen.pop(request.id, [])
        answer = answers.get(request.id)
        counts["repeated"] += len(lines) > 1
        look_at_sendings(scenario, request, lines, wrong)
        if not answer:
            wrong("the client says nothing of it")
            continue
        counts["failed" if answer.connect or answer.got else "answered"] += 1
        look_at_answer(scenario, request, answer, lines, wrong)
        if answer.ms > ms_limit:
            wrong(f"took {answer.ms} ms")
    problems += [f"the server saw what nobody sent: {path}" for path in seen]
    return problems, counts
