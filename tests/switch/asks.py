# SPDX-License-Identifier: MIT
# asks.py PORT [METHOD [FIRST]]: asks on one connection whenever a line says how often, and answers
# with a line: what became of each. A connection that has failed is followed by another.
import http.client
import sys

port = int(sys.argv[1])
method = sys.argv[2] if len(sys.argv) > 2 else "GET"
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)


def ask():
    try:
        connection.request(method, "/asked", body=None if method == "GET" else b"x")
        response = connection.getresponse()
        response.read()
        return str(response.status)
    except (OSError, http.client.HTTPException):
        connection.close()
        return "lost"


print("ready", flush=True)
for line in sys.stdin:
    print(" ".join(ask() for _ in range(int(line))), flush=True)
