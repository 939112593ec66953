# SPDX-License-Identifier: MIT
"""ask.py ADDRESS PORT COUNT METHOD: so many requests over plain HTTP on one connection, the second
one by METHOD; prints what becomes of each: what the server says, or the status. It never asks
twice."""
import http.client
import sys
import time

conn = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=20)
for number in range(1, int(sys.argv[3]) + 1):
    method = sys.argv[4] if number == 2 else "GET"
    time.sleep(0.05)  # some relays take a while to put a connection by
    try:
        conn.request(method, f"/{number}", b"x" if method == "POST" else None, {"Host": "localhost"})
        response = conn.getresponse()
        body = response.read().decode()
        print(body.strip() if response.status == 200 else response.status)
    except (OSError, http.client.HTTPException) as error:
        print(type(error).__name__)
        conn.close()
