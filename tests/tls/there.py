# SPDX-License-Identifier: MIT
"""there.py ADDRESS PORT PID: waits until that process takes a connection there, over which nothing
is asked; fails if it has gone, or takes none in ten seconds."""
import os
import socket
import sys
import time

address, pid = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
for _ in range(500):
    try:
        socket.create_connection(address, 1).close()
        sys.exit()
    except OSError:
        os.kill(pid, 0)
        time.sleep(0.02)
sys.exit(1)
