# SPDX-License-Identifier: MIT
import http.client

from common import Job

job = Job()
conn = http.client.HTTPConnection(job.url.hostname, job.url.port)
for i, url, headers, body in job.requests():
    try:
        conn.request(job.method, f"{job.url.path}-{i}", body, headers)
        response = conn.getresponse()
        job.answered(i, response.status, response.read())
    except (OSError, http.client.HTTPException) as e:
        conn.close()
        job.error(i, e)
job.end()
