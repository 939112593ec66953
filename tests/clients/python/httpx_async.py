# SPDX-License-Identifier: MIT
import asyncio

import httpx

from common import Job


async def main():
    transport = httpx.AsyncHTTPTransport(retries=0)
    async with httpx.AsyncClient(transport=transport, timeout=20) as client:
        for i, url, headers, body in job.requests():
            try:
                response = await client.request(job.method, url, headers=headers, content=body)
                job.answered(i, response.status_code, response.content)
            except httpx.HTTPError as e:
                job.error(i, e)
        job.end()


job = Job()
asyncio.run(main())
