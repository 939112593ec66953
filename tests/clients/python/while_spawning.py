# SPDX-License-Identifier: MIT
"""http.client while another thread never stops starting processes, by vfork and by fork."""
import http.client
import itertools
import subprocess
import threading

from common import Job

stop = threading.Event()
spawned = threading.Event()


def spawn():
    for i in itertools.count():
        if i % 2:
            subprocess.run(["/bin/true"], preexec_fn=lambda: None, check=True)
        else:
            subprocess.run(["/bin/true"], check=True)
        spawned.set()
        if stop.is_set():
            return


job = Job()
spawner = threading.Thread(target=spawn)
spawner.start()
conn = http.client.HTTPConnection(job.url.hostname, job.url.port)
for i, url, headers, body in job.requests():
    spawned.clear()
    spawned.wait()
    try:
        conn.request(job.method, f"{job.url.path}-{i}", body, headers)
        response = conn.getresponse()
        job.answered(i, response.status, response.read())
    except (OSError, http.client.HTTPException) as e:
        conn.close()
        job.error(i, e)
stop.set()
spawner.join()
job.end()
