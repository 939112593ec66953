#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""storm.py [SECONDS]: clients of all kinds at once, over http and https, amid every fault that
faultd knows, with programs that are forked and killed and redial switched off, on and to another
policy all the time. Ends with statements that were true in every moment of it.

A client prints a line for each request: METHOD ID OUTCOME MS. OUTCOME is ok (all of the answer is
what was asked for), status-N, lost (an error was told), hung, or wrong:WHAT."""
import collections
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build")
REDIAL = os.path.join(ROOT, "scripts", "redial")
TOTAL_MS = 3000  # of the policies, below
SLACK_MS = 2000
LIFE_S = (3, 9)
# No 408 to idle connections: Java adds it to the body before, libcurl takes it for the next answer.
FAULTS = ["reset@2+,every:37", "close@2+,every:41", "reset-unread@2+,every:43", "status=503@every:53",
          "idle-reset=0@every:29", "idle-close=5@every:31", "reset-after=300@every:67",
          "close-after=400@every:71", "delay=40@every:59",
          "fin-unread@2+,every:79", "close-unread@2+,every:83"]
POLICIES = {
    "a": 'retry = { on = ["stale", "reset", "eof"]; statuses = [503]; max_attempts = 3; '
         f'total_timeout_ms = {TOTAL_MS}; attempt_header = "X-Retry-Attempt"; '
         'backoff = { base_ms = 5; max_ms = 20; }; };\n'
         'budget = { enabled = false; }; breaker = { enabled = false; };\n',
    "b": 'retry = { on = ["stale", "reset", "eof", "first-use", "connect"]; max_attempts = 4; '
         f'total_timeout_ms = {TOTAL_MS}; attempt_header = "X-Retry-Attempt"; '
         'max_idle_ms = 2000; backoff = { base_ms = 1; max_ms = 10; }; };\n'
         'budget = { enabled = false; };\n',
}
CLIENTS = {
    "libcurl": [f"{BUILD}/tests/storm-asks"],
    "requests": ["/usr/bin/python3", "-B", f"{HERE}/asks.py"],
    "aiohttp": ["/usr/bin/python3", "-B", f"{HERE}/asks.py"],
    "Node": ["node", f"{HERE}/asks.js"],
    "Java": ["java", "-Xmx64m", "-XX:+UseSerialGC", "-Dsun.net.http.retryPost=false", "-cp"],
}


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, 0o644)


class Servers:
    """faultd, and stunnel in front of it for https."""

    def __init__(self, folder):
        self.log = f"{folder}/server.log"
        command = [f"{BUILD}/faultd", "--parent", "--log", self.log]
        for fault in FAULTS:
            command += ["--fault", fault]
        self.faultd = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.faultd.stdout.readline().split()[2])
        self.tls_port = self._start_stunnel(folder)

    def _start_stunnel(self, folder):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=storm", "-keyout", f"{folder}/key", "-out", f"{folder}/cert"],
                       check=True, capture_output=True)
        write(f"{folder}/stunnel.conf", "foreground = yes\npid =\ndebug = err\n"
              f"cert = {folder}/cert\nkey = {folder}/key\n[storm]\naccept = 127.0.0.1:0\n"
              f"connect = 127.0.0.1:{self.port}\nsessionCacheSize = 1000\n")
        self.stunnel = subprocess.Popen(["stunnel", f"{folder}/stunnel.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            port = listens_at(self.stunnel.pid)
            if port:
                return port
            time.sleep(0.05)
        self.stop()
        sys.exit("storm.py: stunnel does not start")

    def stop(self):
        for server in (self.faultd, getattr(self, "stunnel", None)):
            if server:
                server.terminate()
                server.wait()


def listens_at(pid):
    """The TCP port that the process PID listens at, or None."""
    try:
        sockets = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return None
    with open("/proc/net/tcp", encoding="ascii") as file:
        for fields in map(str.split, file):
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                return int(fields[1].split(":")[1], 16)
    return None


class Client:
    """One program after the other of a kind, until the storm is over; one may live all the time."""

    def __init__(self, storm, kind, scheme, lasting=False):
        self.storm, self.kind, self.scheme, self.lasting = storm, kind, scheme, lasting
        self.name = f"{kind}-{scheme}{'-lasting' if lasting else ''}"
        self.process = None
        self.counts = collections.Counter()
        self.worst_ms, self.wrong, self.killed, self.runs = 0, [], 0, 0
        self.samples = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _command(self, seconds):
        port = self.storm.servers.tls_port if self.scheme == "https" else self.storm.servers.port
        command = CLIENTS[self.kind] + ([self.storm.folder, "Asks"] if self.kind == "Java" else [])
        command += [f"{self.scheme}://127.0.0.1:{port}", f"{self.name}{self.runs}", str(seconds)]
        return command + ([self.kind] if self.kind in ("requests", "aiohttp") else [])

    def _run(self):
        while self.storm.left() > 1:
            seconds = self.storm.left() if self.lasting else \
                min(random.uniform(*LIFE_S), self.storm.left())
            self.runs += 1
            with subprocess.Popen(self._command(seconds), env=self.storm.environment,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                self.process = process
                for line in process.stdout:
                    self._take(line)
                said = process.stderr.read()
            self.process = None
            if process.returncode not in (0, -signal.SIGKILL):
                self.wrong.append(f"{self.name}: exit status {process.returncode}: {said[-300:]}")

    def _take(self, line):
        fields = line.split()
        if len(fields) != 4:
            return  # cut off by SIGKILL
        outcome = fields[2].split(":")[0]
        self.counts[outcome] += 1
        self.worst_ms = max(self.worst_ms, int(fields[3]))
        if outcome in ("wrong", "hung"):
            self.wrong.append(f"{self.name}: {line.strip()}")

    def kill(self):
        process = self.process
        if process and not self.lasting and process.poll() is None:
            process.kill()
            self.killed += 1

    def sample(self):
        """Resident KiB and descriptors of one that lives all the time."""
        process = self.process
        if not self.lasting or not process:
            return
        try:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                resident = int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))
            self.samples.append((resident, len(os.listdir(f"/proc/{process.pid}/fd"))))
        except (OSError, AttributeError):
            pass


class Storm:
    """All of it, in a folder that goes with it."""

    def __init__(self, folder, seconds):
        self.folder = folder
        self.end = time.monotonic() + seconds
        self.servers = Servers(folder)
        for name, text in POLICIES.items():
            write(f"{folder}/{name}.cfg", text)
        subprocess.run(["javac", "-d", folder, f"{HERE}/Asks.java"], check=True)
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith("REDIAL_") and k != "LD_PRELOAD"}
        self.environment["XDG_RUNTIME_DIR"] = folder
        self.turns = 0

    def left(self):
        return self.end - time.monotonic()

    def launch(self):
        """Makes this program one launch's: what its clients inherit."""
        if os.environ.get("REDIAL_STORM_BARE"):
            write(f"{self.folder}/log", "")
            return
        self.environment.update(dict(
            line.split("=", 1) for line in subprocess.run(
                [REDIAL, "--policy", f"{self.folder}/a.cfg", "--log", f"file:{self.folder}/log",
                 "env"], env=self.environment, stdout=subprocess.PIPE, text=True,
                check=True).stdout.splitlines()
            if line.startswith(("REDIAL_", "LD_PRELOAD="))))

    def turn(self):
        """Switches the whole launch to something else."""
        how = random.choice([["off"], ["on"], ["on"], ["reload", "--policy", f"{self.folder}/a.cfg"],
                             ["reload", "--policy", f"{self.folder}/b.cfg"]])
        done = subprocess.run([REDIAL] + how, env=dict(self.environment, LD_PRELOAD=""),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode == 0:
            self.turns += 1
        return done

    def run(self):
        clients = [Client(self, kind, scheme, lasting)
                   for kind in os.environ.get("REDIAL_STORM_ONLY", " ".join(CLIENTS)).split()
                   for scheme in ("http", "https") for lasting in (False, True)
                   if not (lasting and kind == "Java")]
        try:
            while self.left() > 0:
                time.sleep(min(0.7, max(0.05, self.left())))
                self.turn()
                if random.random() < 0.3:
                    random.choice(clients).kill()
                for client in clients:
                    client.sample()
                self.tell_progress(clients)
        except KeyboardInterrupt:
            self.end = time.monotonic()
        for client in clients:
            client.thread.join()
        return clients

    def tell_progress(self, clients):
        if sys.stderr.isatty():
            asked = sum(sum(client.counts.values()) for client in clients)
            print(f"\r\033[K{self.left():.0f} s left, {asked} requests, {self.turns} turns",
                  end="", file=sys.stderr)


def sent_twice(log):
    """Paths of POSTs that the server read more than once, a later time by redial's doing. Those of
    libcurl are not looked at: it sends one again by itself where a reused connection gives no
    answer, and redial may send that one again which was not sent at all."""
    seen, twice = set(), []
    with open(log, encoding="ascii", errors="replace") as file:
        for line in file:
            if not line.startswith("request ") or " method=POST " not in line:
                continue
            path = re.search(r" path=(\S+)", line).group(1)
            if " read=full " not in line or path.startswith("/post/libcurl"):
                continue
            if path in seen and " attempt=- " not in line:
                twice.append(path)
            seen.add(path)
    return twice


def grows(samples):
    """Whether the last quarter is far above the second: in KiB, or in descriptors."""
    if len(samples) < 16:
        return ""
    quarter = len(samples) // 4
    early, late = samples[quarter:2 * quarter], samples[-quarter:]
    for what, column, room in (("KiB", 0, 16384), ("descriptors", 1, 40)):
        before = max(each[column] for each in early)
        after = min(each[column] for each in late)
        if after > before * 1.25 + room:
            return f"{before} to {after} {what}"
    return ""


def judge(storm, clients, check):
    counts = collections.Counter()
    for client in clients:
        counts.update(client.counts)
    asked = sum(counts.values())
    print(f"{asked} requests by {sum(c.runs for c in clients)} programs of {len(CLIENTS)} kinds, "
          f"{sum(c.killed for c in clients)} killed; {storm.turns} turns of the switch; "
          + ", ".join(f"{counts[k]} {k}" for k in sorted(counts)))
    with open(f"{storm.folder}/log", encoding="utf-8", errors="replace") as file:
        log = file.read()
    print(f"the log: {log.count('result=recovered')} recovered, "
          f"{log.count('event=refused')} refused, {log.count('result=exhausted')} exhausted; "
          f"slowest request {max(c.worst_ms for c in clients)} ms")
    seconds = max(1, storm.length)
    for kind in CLIENTS:
        done = sum(c.counts["ok"] for c in clients if c.kind == kind)
        check(f"{kind} was answered", done >= 5 * seconds, done)
    check("requests were recovered", log.count("result=recovered") >= seconds, "")
    check("over https as well", len(re.findall(r"result=recovered.* tls=", log)) > 0, "")
    check("redial was switched", storm.turns >= seconds / 3, storm.turns)
    wrong = [line for client in clients for line in client.wrong]
    check("no answer was another's, no request hung, no program crashed", not wrong, wrong[:5])
    slow = [line for line in log.splitlines()
            if int((re.search(r" elapsed_ms=(\d+)", line) or [0, 0])[1]) > TOTAL_MS + SLACK_MS]
    check("no rescue took two seconds more than it may", not slow, slow[:3])
    unsafe = [line for line in log.splitlines() if "event=attempt" in line
              and "method=POST" in line and not re.search(r" cause=(stale|idle) ", line)]
    check("no POST was sent again but where it was not sent at all", not unsafe, unsafe[:3])
    twice = sent_twice(storm.servers.log)
    check("no POST that a server had read was sent again", not twice, twice[:5])
    grown = [f"{c.name}: {grows(c.samples)}" for c in clients if grows(c.samples)]
    check("neither memory nor descriptors grew", not grown, grown)


def main():
    if len(sys.argv) > 2 or (sys.argv[1:] and not sys.argv[1].isdigit()):
        sys.exit("usage: storm.py [SECONDS]")
    seconds = int(sys.argv[1]) if sys.argv[1:] else 600
    counts = [0, 0]

    def check(statement, holds, came):
        counts[not holds] += 1
        print(f"{'PASS' if holds else 'FAIL'} {statement}" + ("" if holds else f": {came}"))

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        storm = Storm(folder, seconds)
        try:
            storm.launch()
            storm.end = time.monotonic() + seconds
            began = time.monotonic()
            clients = storm.run()
            storm.length = time.monotonic() - began
            if sys.stderr.isatty():
                print("\r\033[K", end="", file=sys.stderr)
            judge(storm, clients, check)
        finally:
            storm.servers.stop()
    if os.environ.get("REDIAL_TEST_COUNTS"):
        with open(os.environ["REDIAL_TEST_COUNTS"], "a", encoding="ascii") as file:
            file.write(f"{counts[0]} {counts[1]}\n")
    sys.exit(counts[1] > 0)


if __name__ == "__main__":
    main()
