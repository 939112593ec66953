# SPDX-License-Identifier: MIT
"""What a seed stands for: a policy, a server's faults, a client and its requests."""
import random

BREAKING = ["reset", "close", "reset-unread", "close-unread", "fin-unread", "drop"]
SENDINGS = ["stale", "reset", "eof", "first-use", "connect", "connect-timeout", "response-timeout"]
HELD_STATUSES = [408, 429, 502, 503, 504]
METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "QUERY"]
MODES = ["blocking", "poll", "level", "edge", "threads"]


class Request:
    """One request, as the client is to send it."""

    def __init__(self, rng, number, seed, large):
        self.id = f"r{seed}-{number:02}"
        self.method = rng.choice(["GET"] * 5 + ["POST"] * 4 + ["HEAD", "PUT", "DELETE", "PATCH"])
        kind = rng.choice(["c"] * 5 + ["chunked", "nobody", "http10", "close", "hash", "hash"])
        size = rng.choice([0, 10, 3000, 70000, 200000]) if kind == "hash" else 0
        self.path = f"/{kind}/{size}/{self.id}" if kind == "hash" else f"/{kind}/{self.id}"
        self.body = b""
        if self.method in ("POST", "PUT", "PATCH"):
            length = rng.choice([0, 5, 100, 100, 5000, large])
            self.body = bytes(rng.getrandbits(8) for _ in range(97)) * (length // 97 + 1)
            self.body = self.body[:length]
        self.chunked = bool(self.body) and rng.random() < 0.25
        self.key = rng.choice([None, None, "", "k-" + self.id])
        self.key_name = rng.choice(["Idempotency-Key", "X-Key"])
        self.tells_id = rng.random() < 0.6
        self.http10 = rng.random() < 0.04
        self.close = rng.random() < 0.04
        self.idle_ms = rng.choice([0, 0, 0, 0, 1, 3, 10, 30])
        self.room = rng.choice([1, 7, 100, 4096, 65536, 65536, 65536]) if size < 5000 else 65536
        self.write_how = rng.choice("wsvm")
        self.read_how = rng.choice("rcvmp")
        self.op = rng.choice("-" * 40 + "dwfFcqqqqqqq")
        self.group = 1
        # Where requests follow one that ends the connection, RST may take any answer along.
        self.cut_off = False
        self.bytes = self.head() + self.framed_body()
        cut_at = [0, 0, len(self.head()), 1, rng.randrange(1, len(self.bytes))]
        self.cuts = sorted(rng.choice(cut_at) for _ in range(2))

    def ends(self):
        """Does its answer end the connection?"""
        return self.close or self.http10 or self.path.startswith(("/close", "/http10"))

    def headers(self):
        """The headers that its client is to send, in order."""
        headers = [("Host", "chaos.test")]
        if self.tells_id:
            headers.append(("X-Request-Id", self.id))
        if self.key is not None:
            headers.append((self.key_name, self.key))
        if self.close:
            headers.append(("Connection", "close"))
        if self.chunked:
            headers.append(("Transfer-Encoding", "chunked"))
        elif self.body or self.method in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", str(len(self.body))))
        return headers

    def lines(self):
        version = "1.0" if self.http10 and not self.chunked else "1.1"
        lines = [f"{self.method} {self.path} HTTP/{version}"]
        return lines + [f"{name}: {value}" for name, value in self.headers()]

    def head(self):
        return ("\r\n".join(self.lines()) + "\r\n\r\n").encode()

    def framed_body(self):
        if not self.chunked:
            return self.body
        half = len(self.body) // 2 or 1
        parts = [self.body[:half], self.body[half:]]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part)
        return framed + b"0\r\n\r\n"

    def script(self):
        """As client.c reads it."""
        line = (f"{self.id} {int(self.method == 'HEAD')} {self.idle_ms} {self.group} "
                f"{self.cuts[0]} {self.cuts[1]} {self.room} {self.write_how} {self.read_how} "
                f"{self.op} {len(self.bytes)}\n")
        return line.encode() + self.bytes


class Policy:
    """A policy drawn at random, and what it says of a request."""

    def __init__(self, rng):
        self.methods = ["GET", "HEAD"]
        if rng.random() < 0.6:
            self.methods = rng.sample(METHODS, rng.randrange(len(METHODS) + 1))
        self.keys = rng.choice([[], ["Idempotency-Key"], ["X-Key", "Idempotency-Key"],
                                ["X-Key", "Idempotency-Key"]])
        self.on = ["stale", "reset", "eof"] if rng.random() < 0.3 else [
            word for word in SENDINGS if rng.random() < 0.85]
        self.statuses = [] if rng.random() < 0.3 else rng.sample(HELD_STATUSES, rng.randrange(1, 6))
        self.attempts = rng.choice([1, 2, 3, 3, 3, 5, 10])
        self.total_ms = rng.choice([50, 300, 1000, 3000, 3000])
        self.response_ms = rng.choice([0, 0, 5, 30, 120])
        self.attempt_header = rng.random() < 0.3
        self.add_id = rng.random() < 0.3
        self.reads_by_post = rng.random() < 0.25
        self.reject = rng.random() < 0.15
        self.text = self.write(rng)

    def write(self, rng):
        words = lambda names: "[" + ", ".join(f'"{name}"' for name in names) + "]"
        flag = lambda share: "true" if rng.random() < share else "false"
        rule = ""
        if self.reads_by_post:
            rule = f'{{ path = "/hash/*"; methods = {words(self.methods + ["POST"])}; }}'
        return f"""retry = {{
  methods = {words(self.methods)};
  idempotency_key_headers = {words(self.keys)};
  on = {words(self.on)};
  statuses = [{", ".join(map(str, self.statuses))}];
  max_attempts = {self.attempts};
  total_timeout_ms = {self.total_ms};
  connect_timeout_ms = {rng.choice([20, 200, 1000])};
  response_timeout_ms = {self.response_ms};
  unacked_timeout_ms = {rng.choice([0, 0, 100])};
  retry_after_max_ms = {rng.choice([0, 2000])};
  max_idle_ms = {rng.choice([0, 0, 0, 1, 5, 20])};
  keep_alive_hints = {flag(0.3)};
  attempt_header = "{"X-Retry-Attempt" if self.attempt_header else ""}";
  add_request_id = {"true" if self.add_id else "false"};
  max_request_bytes = {rng.choice([0, 120, 300, 4000] + [65536, 1048576] * 5)};
  backoff = {{ base_ms = {rng.choice([0, 5, 25])}; max_ms = 50; }};
}};
budget = {{ enabled = {flag(0.35)}; ratio = {rng.choice([0.0, 0.2, 1.0])};
  min_per_second = {rng.choice([0, 1, 10, 100])}; window_ms = 1000; }};
breaker = {{ enabled = {flag(0.35)}; failure_ratio = 0.5; min_attempts = {rng.choice([1, 3, 20])};
  window_ms = 1000; open_ms = 100; reject = {"true" if self.reject else "false"}; }};
rules = ( {rule} );
"""

    def may_repeat(self, request):
        """Once bytes of it were sent."""
        if request.method in self.methods:
            return True
        if request.method == "POST" and self.reads_by_post and request.path.startswith("/hash/"):
            return True
        keyed = bool(request.key) and request.key_name in self.keys
        return keyed and request.method in ("POST", "PATCH")


def draw_fault(rng, ids):
    action = rng.choice(BREAKING * 2 + [
        "reset-after", "close-after", "idle-reset", "idle-close", "idle-408", "idle-race",
        "idle-race", "idle-silent", "delay", "delay", "status", "status", "status", "busy",
        "early", "refuse", "hang-accept", "shed"])
    argument = {
        "reset-after": [0, 1, 9, 40, 150, 1000], "close-after": [0, 1, 9, 40, 150, 1000],
        "idle-reset": [0, 0, 2], "idle-close": [0, 0, 2], "idle-408": [0, 0, 2],
        "idle-race": [0, 1, 5], "delay": [10, 60, 150], "status": [500, 502, 503, 504, 429, 408],
        "busy": [0, 0, 1, 3], "early": [413, 503], "refuse": [1, 2], "hang-accept": [1],
        "shed": [1, 2],
    }.get(action)
    spec = action + (f"={rng.choice(argument)}" if argument else "")
    one = rng.choice(ids)
    when = rng.choice(["2+", "every:3", "every:4", f"path:{one}", f"once:path:{one}", "3",
                       f"once:path:{one}", f"once:path:{one}", "2+,every:2", "method:POST,every:2"])
    return f"{spec}@{when}"


class Scenario:
    """All that one seed says."""

    def __init__(self, seed):
        rng = random.Random(seed)
        self.seed = seed
        self.policy = Policy(rng)
        self.client = rng.choice(MODES * 2 + ["python", "python-timeout", "requests"])
        large = rng.choice([5000, 200000])
        count = rng.randrange(4, 14)
        self.requests = [Request(rng, number, seed, large) for number in range(count)]
        ids = [request.id for request in self.requests]
        self.faults = [draw_fault(rng, ids) for _ in range(rng.choice([0, 1, 2, 3, 3, 4, 5]))]
        if self.client == "python":  # it has no timeout
            self.faults = [fault for fault in self.faults
                           if not fault.startswith(("drop", "hang", "idle-silent"))]
        self.fault_specs = {fault.split("@")[0] for fault in self.faults}
        self.promise = rng.choice([0, 0, 1])
        self.timeout_ms = rng.choice([300, 1500])
        self.pipeline(rng)

    def statuses_of(self, fault):
        """What the server may answer for a fault of that name."""
        given = [int(argument) for name, _, argument in (f.partition("=") for f in self.fault_specs)
                 if name == fault and argument]
        if fault == "early":
            return given + [503]
        return {"status": given, "busy": [503], "idle-408": [408] * len(given)}.get(fault, [])

    def pipeline(self, rng):
        for request in self.requests:
            if self.client == "threads" and request.op in "wc":
                request.op = "-"
        if self.client not in MODES or rng.random() < 0.6:
            return
        at = 0
        while at < len(self.requests):
            group = min(rng.randrange(1, 5), len(self.requests) - at)
            for request in self.requests[at:at + group]:
                if group > 1:
                    request.op = "-"
                    request.room = max(request.room, 100)
            self.requests[at].group = group
            cut_off = group > 1 and (bool(self.faults) or any(
                request.ends() for request in self.requests[at:at + group - 1]))
            for request in self.requests[at:at + group]:
                request.cut_off = cut_off
            at += group

    def script(self):
        return b"".join(request.script() for request in self.requests)

    def __str__(self):
        lines = [f"seed {self.seed}: client {self.client}, its timeout {self.timeout_ms} ms",
                 "faults " + " ".join(self.faults), self.policy.text]
        for request in self.requests:
            lines.append(f"{request.method} {request.path} body={len(request.body)} "
                         f"chunked={request.chunked} key={request.key_name}:{request.key} "
                         f"id={request.tells_id} idle={request.idle_ms} group={request.group} "
                         f"cuts={request.cuts} room={request.room} how={request.write_how}"
                         f"{request.read_how} op={request.op}")
        return "\n".join(lines)
