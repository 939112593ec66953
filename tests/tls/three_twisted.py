# SPDX-License-Identifier: MIT
"""The same by Twisted, which has pyOpenSSL: three_twisted.py FOLDER PORT METHOD."""
import io
import sys
import time

from twisted.internet import defer, ssl, task
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, FileBodyProducer
from twisted.web.client import HTTPConnectionPool, readBody


@defer.inlineCallbacks
def main(reactor, folder, port, method):
    with open(f"{folder}/trusted.pem", "rb") as file:
        trusted = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(file.read())])
    pool = HTTPConnectionPool(reactor)
    pool.maxPersistentPerHost = 1
    pool.retryAutomatically = False
    agent = Agent(reactor, BrowserLikePolicyForHTTPS(trusted), pool=pool)
    for i in (1, 2, 3):
        time.sleep(0.06)
        how = method if i == 2 else "GET"
        body = FileBodyProducer(io.BytesIO(b"x")) if how == "POST" else None
        url = f"https://localhost:{port}/{i}"
        try:
            response = yield agent.request(how.encode(), url.encode(), bodyProducer=body)
            text = yield readBody(response)
            print(text.decode().strip(), flush=True)
        except Exception as error:
            print(type(error).__name__, flush=True)
            return


task.react(main, sys.argv[1:])
