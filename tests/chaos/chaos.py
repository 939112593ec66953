#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""chaos.py SECONDS [FIRST_SEED]: random policies, faults and clients, one scenario a seed, two at a
time, until the time is over. What breaks an invariant is told with its seed; REDIAL_CHAOS_SEED=N
runs that one alone and shows all of it, REDIAL_CHAOS_BARE=1 runs them without redial."""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

from scenario import MODES, Scenario
from verdict import judge

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.dirname(os.path.abspath(__file__))
SLACK_MS = 6000  # for a machine that does other things as well


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def command(scenario, port, folder):
    script = os.path.join(folder, "script")
    write(script, scenario.script())
    if scenario.client in MODES:
        program = [os.path.join(ROOT, "build/tests/chaos-client")]
        return program + [port, scenario.client, str(scenario.timeout_ms), script]
    return [sys.executable, "-B", os.path.join(HERE, "client.py"), port, scenario.client,
            str(scenario.timeout_ms), str(scenario.seed)]


def run_client(scenario, port, folder, preloaded):
    """Returns its output and what is wrong with how it ended."""
    policy = os.path.join(folder, "policy.cfg")
    write(policy, scenario.policy.text.encode())
    env = {k: v for k, v in os.environ.items() if not k.startswith("REDIAL") and k != "LD_PRELOAD"}
    if preloaded:
        env["LD_PRELOAD"] = os.path.join(ROOT, "build/libredial.so")
        env["REDIAL_POLICY"] = policy
        env["REDIAL_LOG"] = "file:" + os.path.join(folder, "redial.log")
    try:
        done = subprocess.run(command(scenario, port, folder), env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", ["the client hangs"]
    problems = [f"the client ended with {done.returncode}: {done.stderr.decode()[-800:]}"]
    return done.stdout, problems if done.returncode or done.stderr else []


def run(seed, preloaded=True):
    """One scenario. Returns what is wrong, counts, and all that was seen."""
    scenario = Scenario(seed)
    folder = tempfile.mkdtemp(prefix="chaos")
    log = os.path.join(folder, "server.log")
    options = [option for fault in scenario.faults for option in ("--fault", fault)]
    if scenario.promise:
        options += ["--keep-alive", str(scenario.promise)]
    program = [os.path.join(ROOT, "build/faultd"), "--parent", "--log", log]
    server = subprocess.Popen(program + options, stdout=subprocess.PIPE)
    try:
        port = server.stdout.readline().split()[2].decode()
        said, problems = run_client(scenario, port, folder, preloaded)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    limit = 6 * scenario.timeout_ms + 2 * scenario.policy.total_ms + SLACK_MS
    served, redial = read(log).decode(), read(os.path.join(folder, "redial.log")).decode()
    shutil.rmtree(folder)
    found, counts = judge(scenario, said, served, limit)
    if "result=invalid" in redial:
        problems.append("the policy is invalid")
    all_of_it = f"{scenario}\n-- server\n{served}-- redial\n{redial}-- client\n" + "".join(
        line.decode("latin-1")[:300] + "\n" for line in said.split(b"\n")
        if line.startswith((b"answer", b"done", b"violation")))
    return problems + found, counts, all_of_it


def main():
    preloaded = "REDIAL_CHAOS_BARE" not in os.environ
    if "REDIAL_CHAOS_SEED" in os.environ:
        problems, _, all_of_it = run(int(os.environ["REDIAL_CHAOS_SEED"]), preloaded)
        print(all_of_it + "\n".join(problems))
        return bool(problems)
    end = time.monotonic() + float(sys.argv[1])
    first = seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**9
    total, failed, pending = {}, 0, {}
    print(f"seeds from {first} on", flush=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        while pending or time.monotonic() < end:
            while len(pending) < 2 and time.monotonic() < end:
                pending[pool.submit(run, seed, preloaded)] = seed
                seed += 1
            done, _ = concurrent.futures.wait(pending, return_when="FIRST_COMPLETED")
            for future in done:
                at = pending.pop(future)
                problems, counts, _ = future.result()
                failed += bool(problems)
                for name, count in counts.items():
                    total[name] = total.get(name, 0) + count
                for problem in problems:
                    print(f"REDIAL_CHAOS_SEED={at}: {problem}", flush=True)
    print(" ".join([f"scenarios={seed - first}", f"broken={failed}"] +
                   [f"{name}={count}" for name, count in total.items()]))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
