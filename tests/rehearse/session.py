# SPDX-License-Identifier: MIT
"""URL COUNT: GETs and POSTs in one session of requests."""
import sys

import requests

session = requests.Session()
failed = 0
for i in range(int(sys.argv[2])):
    for method, body in ("GET", None), ("POST", b"body"):
        try:
            answer = session.request(method, f"{sys.argv[1]}/{i}", data=body, timeout=10)
            failed += answer.text != "hello"
        except requests.RequestException:
            failed += 1
print(f"failed {failed}" if failed else "all well")
