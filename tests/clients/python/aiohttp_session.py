# SPDX-License-Identifier: MIT
import asyncio

import aiohttp

from common import Job


async def main():
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        for i, url, headers, body in job.requests():
            try:
                async with session.request(job.method, url, headers=headers, data=body) as response:
                    job.answered(i, response.status, await response.read())
            except (OSError, aiohttp.ClientError) as e:
                job.error(i, e)
        job.end()


job = Job()
asyncio.run(main())
