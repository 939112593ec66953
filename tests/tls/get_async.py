# SPDX-License-Identifier: MIT
"""GETs an https URL by asyncio, which has the bytes of TLS in memory: get_async.py FILE URL."""
import asyncio
import ssl
import sys
import urllib.parse


async def get(authority, url):
    context = ssl.create_default_context(cafile=authority)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    sys.stdout.write((await reader.read()).decode())
    writer.close()


asyncio.run(get(sys.argv[1], urllib.parse.urlsplit(sys.argv[2])))
