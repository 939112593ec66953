# SPDX-License-Identifier: MIT
import httpx

from common import Job

job = Job()
with httpx.Client(transport=httpx.HTTPTransport(retries=0), timeout=20) as client:
    for i, url, headers, body in job.requests():
        try:
            response = client.request(job.method, url, headers=headers, content=body)
            job.answered(i, response.status_code, response.content)
        except httpx.HTTPError as e:
            job.error(i, e)
    job.end()
