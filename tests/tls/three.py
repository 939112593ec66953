# SPDX-License-Identifier: MIT
"""Three GETs on one connection: three.py FOLDER PORT [SECONDS]; without SECONDS it blocks."""
import http.client
import ssl
import sys
import time

folder, port = sys.argv[1], int(sys.argv[2])
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None
context = ssl.create_default_context(cafile=f"{folder}/trusted.pem")
conn = http.client.HTTPSConnection("localhost", port, context=context, timeout=seconds)
conn.connect()
conn.auto_open = 0  # else it dials anew after a close
for i in (1, 2, 3):
    time.sleep(0.025)
    try:
        conn.request("GET", f"/{i}")
        print(conn.getresponse().read().decode().strip(), flush=True)
    except (OSError, http.client.HTTPException) as error:
        print(type(error).__name__)
        break
