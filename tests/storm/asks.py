# SPDX-License-Identifier: MIT
"""asks.py BASE NAME SECONDS KIND: requests to the storm's server, one line each (see storm.py).

KIND is requests (four threads, each with a session) or aiohttp (eight tasks). With requests, now
and then a child is forked while connections are open; it asks by itself and ends."""
import asyncio
import itertools
import os
import random
import sys
import threading
import time

base, name, seconds, kind = sys.argv[1:5]
end = time.monotonic() + float(seconds)
number = itertools.count()
MOST_S = 20


def next_request():
    """Method, path, id, body, and the length that the answer must have; None: JSON that names it."""
    who = f"{name}.{os.getpid()}.{next(number)}"
    if random.random() < 0.3:
        return "POST", f"/post/{who}", who, b"p" * random.choice([1, 100, 5000]), None
    if random.random() < 0.5:
        size = random.choice([0, 10, 3000, 70000])
        return "GET", f"/bytes/{size}/{who}", who, None, size
    return "GET", f"/get/{who}", who, None, None


def judge(status, text, path, body, size):
    if status != 200:
        return f"status-{status}"
    if size is not None:
        return "ok" if text == b"x" * size else f"wrong:{len(text)}-of-{size}"
    named = f'"path":"{path}"'.encode() in text.replace(b" ", b"")
    whole = body is None or f'"body":{len(body)}'.encode() in text.replace(b" ", b"")
    return "ok" if named and whole else "wrong:" + text[:200].decode("latin-1").replace(" ", "")


def tell(method, who, outcome, began):
    os.write(1, f"{method} {who} {outcome} {(time.monotonic() - began) * 1000:.0f}\n".encode())


def ask(session):
    import requests
    method, path, who, body, size = next_request()
    began = time.monotonic()
    try:
        response = session.request(method, base + path, data=body, verify=False, timeout=MOST_S)
        outcome = judge(response.status_code, response.content, path, body, size)
        # Older ones do not mind that a body is shorter than its length.
        if len(response.content) < int(response.headers.get("Content-Length", 0)):
            outcome = "lost"
    except requests.Timeout:
        outcome = "hung"
    except requests.RequestException:
        outcome = "lost"
    tell(method, who, outcome, began)


def thread():
    import requests
    session = requests.Session()
    session.trust_env = False
    while time.monotonic() < end:
        ask(session)
        if random.random() < 0.002:
            child(session)


def child(session):
    """Forked amid the other threads' exchanges. What is open is not its business."""
    import requests
    pid = os.fork()
    if pid == 0:
        fresh = requests.Session()
        fresh.trust_env = False
        ask(fresh)
        os._exit(0)
    ask(session)
    os.waitpid(pid, 0)


async def task(session):
    import aiohttp
    while time.monotonic() < end:
        method, path, who, body, size = next_request()
        began = time.monotonic()
        try:
            async with session.request(method, base + path, data=body, ssl=False) as response:
                outcome = judge(response.status, await response.read(), path, body, size)
        except asyncio.TimeoutError:
            outcome = "hung"
        except (aiohttp.ClientError, OSError):
            outcome = "lost"
        tell(method, who, outcome, began)


async def tasks():
    import aiohttp
    limit = aiohttp.ClientTimeout(total=MOST_S)
    async with aiohttp.ClientSession(timeout=limit) as session:
        await asyncio.gather(*(task(session) for _ in range(8)))


if kind == "aiohttp":
    asyncio.run(tasks())
else:
    import urllib3
    urllib3.disable_warnings()
    threads = [threading.Thread(target=thread) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
