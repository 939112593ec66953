# SPDX-License-Identifier: MIT
"""URL COUNT [THREADS]: GETs and POSTs on one connection for each thread, anew after a failure."""
import http.client
import sys
import threading
import urllib.parse

url = urllib.parse.urlsplit(sys.argv[1])
kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
count = int(sys.argv[2])
threads = int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3].isdigit() else 1
failed = []


def ask(first):
    connection = kind(url.netloc, timeout=10)
    for i in range(first, first + count):
        for method, body in ("GET", None), ("POST", b"body"):
            try:
                connection.request(method, f"/{i}", body)
                if connection.getresponse().read() != b"hello":
                    failed.append("another answer")
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))
                connection.close()


try:
    work = [threading.Thread(target=ask, args=(n * count,)) for n in range(1, threads)]
    for one in work:
        one.start()
    ask(0)
    for one in work:
        one.join()
except KeyboardInterrupt:
    pass
print(f"failed {len(failed)}" if failed else "all well")
