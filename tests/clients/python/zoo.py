# SPDX-License-Identifier: MIT
"""The zoo's Python clients: zoo.py NAME, then what every client takes, then REST_MS."""
import asyncio
import io
import os
import sys
import time

name = sys.argv.pop(1)
# Behind what PYTHONPATH has, but before Debian's packages; niquests brings a urllib3 of its own.
folder, place = ("python-niquests", 1) if name == "niquests" else ("python-more", 2)
sys.path.insert(place, os.path.join(os.path.dirname(os.environ["PYTHONPATH"]), folder))
# Debian's python3-zope.interface says at the start where zope is, which would be all of it.
if "zope" in sys.modules:
    sys.modules["zope"].__path__.insert(0, os.path.join(sys.path[place], "zope"))
if name == "gevent":
    from gevent import monkey
    monkey.patch_all()
if name == "eventlet":
    import eventlet
    eventlet.monkey_patch()

from common import Job  # noqa: E402: after what has to be patched first

job = Job()
rest_s = int(sys.argv[5]) / 1000 if len(sys.argv) > 5 else 0


def one_by_one(send):
    """send(method, url, headers, body) returns the status and the body."""
    for i, url, headers, body in job.requests():
        try:
            job.answered(i, *send(job.method, url, headers, body))
        except Exception as e:
            job.error(i, e)
    time.sleep(rest_s)
    job.end()


async def in_turn(send, sleep):
    for i, url, headers, body in job.requests():
        try:
            job.answered(i, *await send(job.method, url, headers, body))
        except Exception as e:
            job.error(i, e)
    await sleep(rest_s)
    job.end()


def requests():
    import requests

    session = requests.Session()
    session.trust_env = False

    def send(method, url, headers, body):
        response = session.request(method, url, headers=headers, data=body, timeout=20)
        return response.status_code, response.content

    one_by_one(send)


def urllib3():
    import urllib3

    pool = urllib3.PoolManager(retries=False)

    def send(method, url, headers, body):
        response = pool.request(method, url, headers=headers, body=body)
        return response.status, response.data

    one_by_one(send)


def urllib3_retry():
    import urllib3

    pool = urllib3.PoolManager(timeout=20)

    def send(method, url, headers, body):
        response = pool.request(method, url, headers=headers, body=body)
        return response.status, response.data

    one_by_one(send)


def niquests():
    import niquests

    session = niquests.Session()
    session.trust_env = False

    def send(method, url, headers, body):
        response = session.request(method, url, headers=headers, data=body, timeout=20)
        return response.status_code, response.content

    one_by_one(send)


def httpx():
    import httpx

    client = httpx.Client(trust_env=False)

    def send(method, url, headers, body):
        response = client.request(method, url, headers=headers, content=body)
        return response.status_code, response.content

    one_by_one(send)


async def httpx_async(sleep):
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        async def send(method, url, headers, body):
            response = await client.request(method, url, headers=headers, content=body)
            return response.status_code, response.content

        await in_turn(send, sleep)


def httpx_asyncio():
    asyncio.run(httpx_async(asyncio.sleep))


def trio():
    import trio

    trio.run(httpx_async, trio.sleep)


async def aiohttp_session():
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        async def send(method, url, headers, body):
            async with session.request(method, url, headers=headers, data=body) as response:
                return response.status, await response.read()

        await in_turn(send, asyncio.sleep)


def aiohttp():
    asyncio.run(aiohttp_session())


def aiohttp_uvloop():
    import uvloop

    uvloop.run(aiohttp_session())


def pycurl():
    import pycurl

    curl = pycurl.Curl()

    def send(method, url, headers, body):
        answer = io.BytesIO()
        curl.reset()
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.HTTPHEADER, [f"{k}: {v}" for k, v in headers.items()])
        curl.setopt(pycurl.WRITEDATA, answer)
        curl.setopt(pycurl.TIMEOUT, 20)
        if body is not None:
            curl.setopt(pycurl.POSTFIELDS, body)
        curl.perform()
        return curl.getinfo(pycurl.RESPONSE_CODE), answer.getvalue()

    one_by_one(send)


def tornado():
    from tornado.curl_httpclient import CurlAsyncHTTPClient

    async def main():
        client = CurlAsyncHTTPClient()

        async def send(method, url, headers, body):
            response = await client.fetch(url, method=method, headers=headers, body=body)
            return response.code, response.body

        await in_turn(send, asyncio.sleep)

    asyncio.run(main())


def twisted():
    import treq
    from twisted.internet import reactor, task
    from twisted.internet.defer import ensureDeferred
    from twisted.web.client import HTTPConnectionPool

    pool = HTTPConnectionPool(reactor)
    pool.retryAutomatically = False

    async def send(method, url, headers, body):
        response = await treq.request(method, url, headers=headers, data=body, pool=pool)
        return response.code, await response.content()

    def end(error):
        if not isinstance(error.value, SystemExit):
            error.printTraceback()

    def sleep(seconds):
        return task.deferLater(reactor, seconds, lambda: None)

    async def main():
        failed = 1
        try:
            await in_turn(send, sleep)
        except SystemExit as e:
            failed = e.code
        return failed

    status = []

    def stop(code):
        status.append(code)
        reactor.stop()

    reactor.callWhenRunning(lambda: ensureDeferred(main()).addErrback(end).addBoth(stop))
    reactor.run()
    sys.exit(status[0])


def botocore():
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session(timeout=20)

    def send(method, url, headers, body):
        request = AWSRequest(method=method, url=url, headers=headers, data=body)
        response = session.send(request.prepare())
        return response.status_code, response.content

    one_by_one(send)


def http_client():
    import http.client

    connection = http.client.HTTPConnection(job.url.hostname, job.url.port, timeout=20)

    def send(method, url, headers, body):
        try:
            connection.request(method, url[url.index("/r"):], body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except Exception:
            connection.close()
            raise

    one_by_one(send)


if name in ("gevent", "eventlet"):
    requests()
else:
    globals()[name]()
