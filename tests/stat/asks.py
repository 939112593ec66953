# SPDX-License-Identifier: MIT
"""asks.py PORT: three kept-alive connections ask, and again for each line that comes."""
import http.client
import sys

connections = [http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])) for _ in range(3)]


def ask():
    for connection in connections:
        connection.request("GET", "/")
        connection.getresponse().read()
    print("asked", flush=True)


ask()
for _ in sys.stdin:
    ask()
