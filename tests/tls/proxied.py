# SPDX-License-Identifier: MIT
"""Three GETs on one connection through a proxy: proxied.py WAY FOLDER PORT PROXY [METHOD]

WAY: http.client, by set_tunnel; plain, the same on a socket of its own, by the bytes of $OPENING;
requests; aiohttp. METHOD is that of the second one. PROXY is a URL.
"""
import base64
import http.client
import os
import ssl
import socket
import sys
import time
import urllib.parse

way, folder, port, proxy = sys.argv[1:5]
method = sys.argv[5] if len(sys.argv) > 5 else "GET"
methods = ["GET", method, "GET"]
address = urllib.parse.urlsplit(proxy)
url = f"https://localhost:{port}"


def context():
    return ssl.create_default_context(cafile=f"{folder}/trusted.pem")


def three(exchange, errors):
    for i, one in enumerate(methods):
        time.sleep(0.025)
        try:
            print(exchange(one, f"/{i + 1}").strip(), flush=True)
        except errors as error:
            print(type(error).__name__)
            break


def by_http_client(conn):
    conn.auto_open = 0  # else it dials anew after a close

    def exchange(one, path):
        conn.request(one, path, body=b"x" if one == "POST" else None)
        return conn.getresponse().read().decode()

    three(exchange, (OSError, http.client.HTTPException))


def http_client():
    conn = http.client.HTTPSConnection(address.hostname, address.port, context=context())
    credentials = base64.b64encode(f"{address.username}:{address.password}".encode()).decode()
    headers = {"Proxy-Authorization": f"Basic {credentials}"} if address.username else {}
    conn.set_tunnel("localhost", int(port), headers)
    conn.connect()
    by_http_client(conn)


def read_head(sock):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        got = sock.recv(1)
        if not got:
            raise EOFError
        head += got


def plain():
    """$OPENING is what is said to the proxy, \\n for CRLF; | parts writes, || what awaits an answer
    of three bytes behind its head."""
    sock = socket.create_connection((address.hostname, address.port))
    questions = os.environ["OPENING"].split("||")
    for question in questions:
        for piece in question.split("|"):
            sock.sendall(piece.replace("\\n", "\r\n").replace("PORT", port).encode())
        read_head(sock)
        if question is not questions[-1]:
            sock.recv(3, socket.MSG_WAITALL)
    conn = http.client.HTTPSConnection("localhost", int(port))
    conn.sock = context().wrap_socket(sock, server_hostname="localhost")
    by_http_client(conn)


def requests_session():
    import requests

    session = requests.Session()
    session.trust_env = False
    session.verify = f"{folder}/trusted.pem"
    session.proxies = {"https": proxy}

    def exchange(one, path):
        return session.request(one, url + path, data=b"x" if one == "POST" else None).text

    three(exchange, (OSError,))


def aio():
    import asyncio
    import aiohttp

    secured = context()

    async def run():
        async with aiohttp.ClientSession() as session:
            for i, one in enumerate(methods):
                await asyncio.sleep(0.025)
                try:
                    data = b"x" if one == "POST" else None
                    async with session.request(
                        one, f"{url}/{i + 1}", proxy=proxy, data=data, ssl=secured
                    ) as response:
                        print((await response.text()).strip(), flush=True)
                except (OSError, aiohttp.ClientError) as error:
                    print(type(error).__name__)
                    break

    asyncio.run(run())


{"http.client": http_client, "plain": plain, "requests": requests_session, "aiohttp": aio}[way]()
