# SPDX-License-Identifier: MIT
"""client.py PORT CONNECTIONS SECONDS METHOD PATH [tls]: as load.c, with requests on threads."""
import json
import os
import sys
import threading
import time

import requests
import urllib3

port, connections, seconds, method, path = sys.argv[1:6]
scheme = "https" if sys.argv[6:] else "http"
url = f"{scheme}://127.0.0.1:{port}{path}?n={os.getpid()}"
body = "payload" if method == "POST" else None
took, failed, lock = [], [0], threading.Lock()
begun = threading.Barrier(int(connections) + 1)
urllib3.disable_warnings()


def ask(session, number):
    """Whether the request was answered with 200."""
    try:
        return session.request(method, f"{url}.{number}", data=body, verify=False).status_code == 200
    except requests.RequestException:
        return False


def run(thread):
    mine, lost, number = [], 0, 0
    with requests.Session() as session:
        session.trust_env = False
        ask(session, f"{thread}.0")
        begun.wait()
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            number += 1
            before = time.monotonic()
            if ask(session, f"{thread}.{number}"):
                mine.append(time.monotonic() - before)
            else:
                lost += 1
    with lock:
        took.extend(mine)
        failed[0] += lost


threads = [threading.Thread(target=run, args=(i,)) for i in range(int(connections))]
for thread in threads:
    thread.start()
begun.wait()
start = time.monotonic()
for thread in threads:
    thread.join()
took.sort()
print(json.dumps({
    "answered": len(took), "failed": failed[0], "seconds": time.monotonic() - start,
    "p50": took[len(took) // 2] * 1e6 if took else 0,
    "p99": took[len(took) * 99 // 100] * 1e6 if took else 0}))
