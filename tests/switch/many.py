# SPDX-License-Identifier: MIT
"""many.py PORT PREFIX COUNT: by requests' Session asks for /PREFIX/1 and so on, each fourth time by
POST, and prints what became of each."""
import sys

import requests

port, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = requests.Session()
for i in range(1, count + 1):
    method = "POST" if i % 4 == 0 else "GET"
    data = b"x" if method == "POST" else None
    try:
        print(session.request(method, f"http://127.0.0.1:{port}/{prefix}/{i}", data=data, timeout=20).status_code)
    except requests.ConnectionError:
        print("lost")
