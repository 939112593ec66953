# SPDX-License-Identifier: MIT
import requests
from requests.adapters import HTTPAdapter

from common import Job

job = Job()
session = requests.Session()
session.trust_env = False
session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
for i, url, headers, body in job.requests():
    try:
        response = session.request(job.method, url, headers=headers, data=body, timeout=20)
        job.answered(i, response.status_code, response.content)
    except requests.RequestException as e:
        job.error(i, e)
job.end()
