# SPDX-License-Identifier: MIT
"""once.py URL [aiohttp]: asks once, by blocking calls unless it is by aiohttp, and prints the status or
the errno's name."""
import asyncio
import errno
import sys
import urllib.error
import urllib.request


def blocking(url):
    try:
        with urllib.request.urlopen(url) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError as error:
        return errno.errorcode[error.reason.errno]
    except OSError as error:
        return errno.errorcode[error.errno]


async def by_aiohttp(url):
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


print(blocking(sys.argv[1]) if len(sys.argv) < 3 else asyncio.run(by_aiohttp(sys.argv[1])))
