# SPDX-License-Identifier: MIT
"""What the Python clients share: arguments, reporting, the pause."""
import json
import os
import sys
import time
from urllib.parse import urlsplit


class Job:
    def __init__(self):
        self.base, self.count = sys.argv[1], int(sys.argv[2])
        self.method = sys.argv[3] if len(sys.argv) > 3 else "GET"
        self.pause_s = int(sys.argv[4]) / 1000 if len(sys.argv) > 4 else 0
        self.url = urlsplit(self.base)
        self.failed = 0
        self.fds_start = 0

    def requests(self):
        """Yields number, URL, headers and body of each request; pauses between them."""
        for i in range(1, self.count + 1):
            body = b"payload-%d" % i if self.method == "POST" else None
            yield i, f"{self.base}-{i}", {"X-Request-Id": str(i)}, body
            if i == 2:
                self.fds_start = open_fds()
            if i < self.count and self.pause_s:
                time.sleep(self.pause_s)

    def answered(self, i, status, body):
        path = f"{self.url.path}-{i}"
        if status // 100 == 2 and json.loads(body)["path"] == path:
            print("ok", i, status, flush=True)
        else:
            self.error(i, f"status {status}, body {body!r}")

    def error(self, i, why):
        self.failed += 1
        print("error", i, repr(why), flush=True)

    def end(self):
        print("fds", self.fds_start, open_fds(), flush=True)
        sys.exit(1 if self.failed else 0)


def open_fds():
    return len(os.listdir("/proc/self/fd")) - 1
