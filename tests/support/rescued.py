# SPDX-License-Identifier: MIT
# rescued.py PORT [TIMES]: a GET that is rescued, a line of standard input awaited, and another one;
# or TIMES of them without waiting. The server resets each connection at its second request.
import http.client
import sys

port = int(sys.argv[1])
times = int(sys.argv[2]) if len(sys.argv) > 2 else 2
for number in range(1, times + 1):
    if number > 1 and len(sys.argv) == 2:
        sys.stdin.readline()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for path in ("/first", "/second"):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()
    print(number, flush=True)
