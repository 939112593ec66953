# SPDX-License-Identifier: MIT
"""GETs on one connection: gets.py http.client|timeout|requests FOLDER PORT COUNT; prints each status, and
the length of its body."""
import http.client
import ssl
import sys

way, folder, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if way == "requests":
    import requests

    session = requests.Session()
    session.trust_env = False
    session.verify = f"{folder}/trusted.pem"
    for i in range(1, count + 1):
        try:
            answer = session.get(f"https://localhost:{port}/{i}", timeout=15)
            print(answer.status_code, len(answer.content), flush=True)
        except requests.RequestException as error:
            print(type(error).__name__)
            break
else:
    context = ssl.create_default_context(cafile=f"{folder}/trusted.pem")
    seconds = 15 if way == "timeout" else None
    conn = http.client.HTTPSConnection("localhost", port, context=context, timeout=seconds)
    conn.connect()
    conn.auto_open = 0  # else it dials anew after a close
    for i in range(1, count + 1):
        try:
            conn.request("GET", f"/{i}")
            answer = conn.getresponse()
            print(answer.status, len(answer.read()), flush=True)
        except (OSError, http.client.HTTPException) as error:
            print(type(error).__name__)
            break
