#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py [--rounds N] [--seconds S] [--only TEXT] [--json FILE] [--plots DIR]: keep-alive
requests to one server, bare, with redial, and through haproxy or nginx as a sidecar that retries.

Each round runs every way of a row once, in an order that turns, so that what else the machine does
meets them alike; ratios are of one round, told with their median and quartiles. It can be stopped
at any time and tells what it has. A sidecar is spoken to in plain HTTP and does the TLS itself."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import plots
import stacks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BUILD = os.path.join(ROOT, "build")
WAYS = ("bare", "redial", "haproxy", "nginx")
CLIENTS = {
    "C": [f"{BUILD}/tests/bench/load"],
    "Node": ["node", f"{HERE}/client.js"],
    "Python": ["python3", "-B", f"{HERE}/client.py"],
}
MOST = {"C": 1000, "Node": 1000, "Python": 32}
# The comparison is of retries, not of what stops them in an outage.
POLICY = "budget = { enabled = false; };\nbreaker = { enabled = false; };\n"


def rows():
    """What is compared: name, client, connections, scheme, method, path, whether it fails."""
    for scheme in ("http", "https"):
        for size in ("small", "large"):
            for client, most in MOST.items():
                for connections in (1, 32, 1000):
                    if connections <= most:
                        yield dict(client=client, connections=connections, scheme=scheme,
                                   method="GET", path=f"/{size}", failing=False,
                                   name=f"{client}, {connections} x {scheme} {size}")
    for method in ("GET", "POST"):
        for client, connections in (("C", 1), ("C", 32), ("C", 1000), ("Node", 32), ("Python", 32)):
            yield dict(client=client, connections=connections, scheme="http", method=method,
                       path="/bytes/91", failing=True,
                       name=f"{client}, {connections} x {method}, 1 % reset")


class Stand:
    """The servers, and one run of a client against them."""

    def __init__(self, folder):
        self.folder = folder
        stacks.make_files(folder)
        self.origin = stacks.start_origin(folder)
        self.servers = {"origin": self.origin}
        self.policy = os.path.join(folder, "policy.cfg")
        with open(self.policy, "w", encoding="ascii") as file:
            file.write(POLICY)
        os.chmod(self.policy, 0o644)

    def stop(self):
        for server in self.servers.values():
            server.stop()

    def _server(self, key, start):
        if key not in self.servers:
            self.servers[key] = start()
        return self.servers[key]

    def _target(self, row, way):
        """The port that the client speaks to, whether by TLS, the sidecar and the failing server."""
        tls = row["scheme"] == "https"
        failing = None
        port = self.origin.tls_port if tls else self.origin.port
        if row["failing"]:
            failing = self._server("failing", lambda: stacks.start_failing(
                f"{BUILD}/faultd", self.folder))
            port = failing.port
        if way in ("bare", "redial"):
            return port, tls, None, failing
        sidecar = self._server((way, port), lambda: stacks.start_sidecar(
            way, self.folder, port, tls))
        return sidecar.port, False, sidecar, failing

    def run(self, row, way, seconds):
        """One run: what the client says, with what it and the sidecar took."""
        port, tls, sidecar, failing = self._target(row, way)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("REDIAL_")}
        environment.pop("LD_PRELOAD", None)
        if way == "redial":
            environment.update(LD_PRELOAD=f"{BUILD}/libredial.so", REDIAL_LOG="none",
                               REDIAL_POLICY=self.policy)
        before = sidecar.cpu_seconds() if sidecar else 0
        seen = os.path.getsize(failing.log) if failing and os.path.exists(failing.log) else 0
        command = CLIENTS[row["client"]] + [str(port), str(row["connections"]), str(seconds),
                                            row["method"], row["path"]] + (["tls"] if tls else [])
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as client:
            said = client.stdout.read()
            _, status, usage = os.wait4(client.pid, 0)
            client.returncode = os.waitstatus_to_exitcode(status)
        if client.returncode:
            raise RuntimeError(f"{row['name']}, {way}: exit status {client.returncode}")
        result = json.loads(said)
        result["rate"] = result["answered"] / result["seconds"]
        done = max(1, result["answered"] + result["failed"])
        result["success"] = result["answered"] / done
        result["cpu_us"] = (usage.ru_utime + usage.ru_stime) / done * 1e6
        result["memory_kib"] = usage.ru_maxrss
        if sidecar:
            result["cpu_us"] += (sidecar.cpu_seconds() - before) / done * 1e6
            result["memory_kib"] += sidecar.resident_kib()
        if failing:
            result["doubled"] = doubled(failing.log, seen)
        return result


def doubled(log, start):
    """How many requests the server has read twice or more, of those logged from START on."""
    paths = {}
    with open(log, encoding="ascii") as file:
        file.seek(start)
        for line in file:
            if line.startswith("request "):
                path = line.split(" path=")[1].split()[0]
                paths[path] = paths.get(path, 0) + 1
    return sum(1 for times in paths.values() if times > 1)


def summed_up(row, runs):
    """Medians of each way, and the ratios to bare with their quartiles."""
    ways = {}
    for way in WAYS:
        of_way = [each[way] for each in runs if way in each]
        if not of_way:
            continue
        ways[way] = {key: statistics.median(run[key] for run in of_way) for key in of_way[0]}
        for key in ("failed", "doubled", "answered"):
            if key in of_way[0]:
                ways[way][key] = sum(run[key] for run in of_way)
        ratios = sorted(each[way]["rate"] / each["bare"]["rate"] for each in runs
                        if way in each and each.get("bare", {}).get("rate"))
        if ratios:
            ways[way]["ratio"] = statistics.median(ratios)
            ways[way]["spread"] = [ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]]
    return dict(row, ways=ways, rounds=len(runs))


def tell(result):
    print(f"\n{result['name']} ({result['rounds']} rounds)")
    for way, values in result["ways"].items():
        low, high = values.get("spread", (0, 0))
        line = (f"  {way:8} {values['rate']:9.0f}/s  r {values.get('ratio', 0):.3f} "
                f"({low:.3f} to {high:.3f})  p50 {values['p50']:8.0f} us  p99 {values['p99']:8.0f} us"
                f"  cpu {values['cpu_us']:7.1f} us  {values['memory_kib'] / 1024:6.1f} MiB")
        if result["failing"]:
            line += f"  ok {values['success'] * 100:.2f} %  read twice {values['doubled']}"
        print(line)
    sys.stdout.flush()


def progress(done, total, row, way):
    if sys.stderr.isatty():
        print(f"\r\033[K{done * 100 // total} % {row['name']}, {way}", end="", file=sys.stderr)


def measure(stand, chosen, rounds, seconds, results):
    done, total = 0, len(chosen) * rounds * len(WAYS)
    for row in chosen:
        runs = []
        results.append((row, runs))
        for turn in range(rounds):
            runs.append({})
            for step in range(len(WAYS)):
                way = WAYS[(turn + step) % len(WAYS)]
                progress(done, total, row, way)
                runs[-1][way] = stand.run(row, way, seconds)
                done += 1
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        tell(summed_up(row, runs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    parser.add_argument("--plots")
    args = parser.parse_args()
    for program in ("nginx", "haproxy", "node", "openssl"):
        if not shutil.which(program):
            sys.exit(f"compare.py: {program} is not installed; `make bench` installs it")
    chosen = [row for row in rows() if args.only in row["name"]]
    if not chosen:
        sys.exit(f"compare.py: no row's name has {args.only!r} in it")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        stand = Stand(folder)
        try:
            measure(stand, chosen, args.rounds, args.seconds, results)
        except KeyboardInterrupt:
            print("\nstopped: what follows was measured until then")
            tell(summed_up(*results[-1])) if results and results[-1][1] else None
        finally:
            stand.stop()
    told = [summed_up(row, runs) for row, runs in results if runs]
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump({"cpus": os.cpu_count(), "rounds": args.rounds, "seconds": args.seconds,
                       "rows": told}, file, indent=1)
    if args.plots:
        plots.write(told, args.plots)


if __name__ == "__main__":
    main()
