# SPDX-License-Identifier: MIT
"""The same by asyncio, which has the bytes of TLS in memory: three_async.py FOLDER PORT."""
import asyncio
import ssl
import sys


async def get(folder, port):
    context = ssl.create_default_context(cafile=f"{folder}/trusted.pem")
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    for i in (1, 2, 3):
        await asyncio.sleep(0.025)
        try:
            writer.write(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % i)
            await reader.readuntil(b"hello\n")
            print("hello", flush=True)
        except (OSError, EOFError) as error:
            print(type(error).__name__)
            return


asyncio.run(get(sys.argv[1], sys.argv[2]))
