# SPDX-License-Identifier: MIT
"""steps.py PORT: does what each line says, and then says "done".

open: one more kept-alive connection asks.  ask: all of them ask again.  close: the last one.
fork: a child opens one, and lives on.  end: that child ends.  exit: without another word."""
import http.client
import os
import sys

port = int(sys.argv[1])
connections = []
child = None


def dial():
    connections.append(http.client.HTTPConnection("127.0.0.1", port))
    ask(connections[-1])


def ask(connection):
    connection.request("GET", "/")
    connection.getresponse().read()


def fork():
    ready, done = os.pipe()
    until, end = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(end)
        os.close(ready)
        dial()
        os.write(done, b".")
        os.read(until, 1)
        sys.exit()
    os.close(done)
    os.close(until)
    os.read(ready, 1)
    return pid, end


for line in sys.stdin:
    step = line.strip()
    if step == "open":
        dial()
    elif step == "ask":
        for each in connections:
            ask(each)
    elif step == "close":
        connections.pop().close()
    elif step == "fork":
        child = fork()
    elif step == "end":
        os.close(child[1])
        os.waitpid(child[0], 0)
    elif step == "exit":
        sys.exit()
    print("done", flush=True)
