# SPDX-License-Identifier: MIT
"""
The same by asyncio, which has the bytes of TLS in memory; it sleeps in between, without a look at
the connection: three_async.py WAY FOLDER PORT METHOD. WAY: asyncio, its streams; aiohttp; httpx, which
is anyio's TLS.
"""
import asyncio
import ssl
import sys
import time


async def ask_streams(streams, method, number):
    reader, writer = streams
    body = b"Content-Length: 1\r\n\r\nx" if method == "POST" else b"\r\n"
    writer.write(b"%s /%d HTTP/1.1\r\nHost: localhost\r\n%s" % (method.encode(), number, body))
    await reader.readuntil(b"hello\n")
    return "hello\n"


async def ask_aiohttp(session, method, url):
    async with session.request(method, url, data=b"x" if method == "POST" else None) as response:
        return await response.text()


async def ask_httpx(client, method, url):
    return (await client.request(method, url, content=b"x" if method == "POST" else None)).text


async def ask_three(method, ask):
    for i in (1, 2, 3):
        time.sleep(0.06)
        try:
            print((await ask(method if i == 2 else "GET", i)).strip(), flush=True)
        except Exception as error:
            print(type(error).__name__, flush=True)
            return


async def main(way, folder, port, method):
    context = ssl.create_default_context(cafile=f"{folder}/trusted.pem")
    url = f"https://localhost:{port}/"
    if way == "aiohttp":
        import aiohttp

        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:
            await ask_three(method, lambda how, i: ask_aiohttp(session, how, url + str(i)))
    elif way == "httpx":
        import httpx

        async with httpx.AsyncClient(verify=context) as client:
            await ask_three(method, lambda how, i: ask_httpx(client, how, url + str(i)))
    else:
        streams = await asyncio.open_connection("localhost", port, ssl=context)
        await ask_three(method, lambda how, i: ask_streams(streams, how, i))


asyncio.run(main(*sys.argv[1:]))
