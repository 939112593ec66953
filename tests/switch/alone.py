# SPDX-License-Identifier: MIT
"""alone.py processes PORT DIR: two processes of a launch, switched one by one: for each turn prints
whether requests were lost in either. alone.py users OWNER WHO PORT DIR: a launch of one user's, that
another one switches off and on; prints the exit status, and whether requests were lost."""
import os
import subprocess
import sys

what, *users, port, folder = sys.argv[1:]
ASKS = "tests/switch/asks.py"


def start(command, **more):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)


class Asker:
    """One asks.py, told by pipes what to do."""

    def __init__(self, into, out_of):
        self.into, self.out_of = into, out_of
        self.said = self.out_of.readline().split()

    def lost(self):
        self.into.write("20\n")
        self.into.flush()
        return "some" if "lost" in self.out_of.readline() else "none"


def of(user, command):
    return command if user == "0" else ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", *command]


def switch(*words):
    subprocess.run(["scripts/redial", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def processes():
    # The launcher's own process is the first one; the second one is its child.
    pipes = [os.pipe() for _ in range(2)]
    shell = f"python3 -B {ASKS} {port} <&{pipes[0][0]} >&{pipes[1][1]} & echo $!; exec python3 -B {ASKS} {port}"
    command = ["scripts/redial", "--policy", f"{folder}/a.cfg", "--log", "none", "bash", "-c", shell]
    launch = start(command, pass_fds=(pipes[0][0], pipes[1][1]))
    os.close(pipes[0][0])
    os.close(pipes[1][1])
    child = int(launch.stdout.readline())
    askers = [Asker(os.fdopen(pipes[0][1], "w"), os.fdopen(pipes[1][0])), Asker(launch.stdin, launch.stdout)]

    def tell():
        print(*(asker.lost() for asker in askers), flush=True)

    tell()
    for turn in (["off", child], ["on", child], ["off", launch.pid], ["on", child]):
        switch(*turn)
        tell()
    for asker in askers:
        asker.into.close()
    launch.wait()


def switched_by_another():
    owner, who = users
    environment = dict(os.environ, REDIAL_LIBDIR=f"{folder}/lib")
    redial = f"{folder}/lib/redial"
    asks = ["python3", "-B", f"{folder}/lib/asks.py", port]
    python = ["/usr/bin/python3"] if os.path.exists("/usr/bin/python3") else ["python3"]
    launch = start(of(owner, [redial, "--log", "none", *python, *asks[1:]]), env=environment)
    asker = Asker(launch.stdin, launch.stdout)
    asker.lost()
    for turn in ("off", "on"):
        with open(f"{folder}/refused", "a") as refused:
            status = subprocess.run(of(who, [redial, turn, str(launch.pid)]), env=environment,
                                    stdout=subprocess.DEVNULL, stderr=refused, check=False).returncode
        print(status, asker.lost(), flush=True)
    launch.stdin.close()
    launch.wait()


processes() if what == "processes" else switched_by_another()
