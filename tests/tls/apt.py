# SPDX-License-Identifier: MIT
"""apt.py FOLDER PORT: three files by apt's https method, which is told of them one after the other; prints each one."""
import os
import subprocess
import sys
import time

folder, port = sys.argv[1:3]
method = subprocess.Popen(
    ["/usr/lib/apt/methods/https"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)


def tell(*lines):
    method.stdin.write("\n".join(lines) + "\n\n")
    method.stdin.flush()


def hear():
    """The next message: its first line, and its fields."""
    lines = list(iter(lambda: method.stdout.readline().rstrip("\n"), ""))
    return lines[0] if lines else "", dict(line.split(": ", 1) for line in lines[1:])


tell(
    "601 Configuration",
    f"Config-Item: Acquire::https::CaInfo={folder}/trusted.pem",
    "Config-Item: Acquire::http::Pipeline-Depth=0",
    "Config-Item: Acquire::Retries=0",
)
for number in 1, 2, 3:
    time.sleep(0.025)
    into = f"{folder}/apt"
    tell("600 URI Acquire", f"URI: https://localhost:{port}/{number}", f"Filename: {into}")
    title, fields = "1", {}
    while title and title[:3] not in ("201", "400"):
        title, fields = hear()
    if title[:3] != "201":
        print(fields.get("Message", "gone").splitlines()[0], flush=True)
        break
    with open(into) as file:
        print(file.read(), end="", flush=True)
    os.unlink(into)
method.stdin.close()
method.wait()
