# SPDX-License-Identifier: MIT
"""terminal.py URL COMMAND...: runs it at a terminal of its own, presses Ctrl-C once the server at URL
has had twenty requests, and prints its exit status and how many tables and judgements it has shown."""
import os
import pty
import sys
import time
import urllib.request

pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
for _ in range(400):
    if b"POST /20 " in urllib.request.urlopen(sys.argv[1] + "/counts").read():
        break
    time.sleep(0.05)
os.write(terminal, b"\x03")
shown = b""
try:
    while part := os.read(terminal, 65536):
        shown += part
except OSError:  # the end, as Linux has it of a terminal
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(status, shown.count(b"fault    method"), shown.count(b"The program met none"))
