# SPDX-License-Identifier: MIT
"""place_orders.py keyed|plain URL COUNT PAUSE_BEFORE"""
import sys
import time
import uuid

import requests
from requests.adapters import HTTPAdapter

kind, url, count, pause_before = sys.argv[1:5]
pauses = [int(i) for i in pause_before.split(",")]
session = requests.Session()
session.trust_env = False
session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))


def place(i):
    headers = {"X-Request-Id": str(i)}
    if kind == "keyed":
        headers["Idempotency-Key"] = f'"{uuid.uuid4()}"'
    order = {"reference": str(i), "item": "tea", "amount": 2}
    response = session.post(url, json=order, headers=headers, timeout=20)
    if response.status_code != 201 or response.json()["reference"] != str(i):
        raise ValueError(f"status {response.status_code}, body {response.content!r}")
    print("ok", i, response.status_code, flush=True)


for number in range(1, int(count) + 1):
    if number in pauses:
        time.sleep(0.1)
    try:
        place(number)
    except (requests.RequestException, ValueError) as e:
        print("error", number, repr(e), flush=True)
