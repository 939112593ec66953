# SPDX-License-Identifier: MIT
"""Three requests on one connection, the second by METHOD: kinds.py KIND FOLDER PORT METHOD."""
import sys
import time

kind, folder, port, method = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
sys.path[:0] = sys.argv[5:]  # folders of packages
url, ca = f"https://localhost:{port}", f"{folder}/trusted.pem"
PAUSE = 0.025


def requests_session(seconds=None):
    import requests

    session = requests.Session()
    session.mount("https://", requests.adapters.HTTPAdapter(max_retries=0))
    session.verify, session.trust_env = ca, False
    return lambda how, i, body: session.request(
        how, f"{url}/{i}", data=body, timeout=seconds
    ).text


def use_requests_timeout():
    return requests_session(15)


use_requests = requests_session


def use_http():
    import http.client
    import ssl

    context = ssl.create_default_context(cafile=ca)
    conn = http.client.HTTPSConnection("localhost", port, context=context, timeout=15)
    conn.connect()
    conn.auto_open = 0  # else it dials anew after a close

    def ask(how, i, body):
        conn.request(how, f"/{i}", body)
        return conn.getresponse().read().decode()

    return ask


def use_urllib3():
    import urllib3

    pool = urllib3.PoolManager(ca_certs=ca, retries=False, maxsize=1)
    return lambda how, i, body: pool.request(how, f"{url}/{i}", body=body).data.decode()


def use_httpx():
    import ssl

    import httpx

    client = httpx.Client(verify=ssl.create_default_context(cafile=ca), timeout=15)
    return lambda how, i, body: client.request(how, f"{url}/{i}", content=body).text


def use_pycurl():
    import io

    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.CAINFO, ca)

    def ask(how, i, body):
        out = io.BytesIO()
        curl.setopt(pycurl.URL, f"{url}/{i}")
        curl.setopt(pycurl.WRITEDATA, out)
        if body:
            curl.setopt(pycurl.POSTFIELDS, body)
        else:
            curl.setopt(pycurl.HTTPGET, 1)
        curl.perform()
        return out.getvalue().decode()

    return ask


def use_pyopenssl():
    import socket

    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(ca)
    context.set_verify(SSL.VERIFY_PEER, lambda conn, cert, err, depth, ok: bool(ok))
    conn = SSL.Connection(context, socket.create_connection(("localhost", port)))
    conn.set_tlsext_host_name(b"localhost")
    conn.set_connect_state()
    conn.do_handshake()

    def ask(how, i, body):
        extra = "Content-Length: 1\r\n" if body else ""
        conn.sendall(f"{how} /{i} HTTP/1.1\r\nHost: localhost\r\n{extra}\r\n{body or ''}".encode())
        answer = b""
        while not answer.endswith(b"hello\n"):
            answer += conn.recv(4096)
        return "hello"

    return ask


def use_gevent():
    from gevent import monkey

    monkey.patch_all()
    return requests_session(15)


def use_eventlet():
    import eventlet

    eventlet.monkey_patch()
    return requests_session(15)


def use_trio():
    import ssl

    import trio

    async def go():
        context = ssl.create_default_context(cafile=ca)
        stream = await trio.open_ssl_over_tcp_stream("localhost", port, ssl_context=context)
        for i in (1, 2, 3):
            await trio.sleep(PAUSE)
            await stream.send_all(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % i)
            answer = b""
            while not answer.endswith(b"hello\n"):
                more = await stream.receive_some()
                if not more:
                    raise EOFError
                answer += more
            print("hello", flush=True)

    trio.run(go)


def use_botocore():
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session(verify=ca)
    return lambda how, i, body: session.send(
        AWSRequest(method=how, url=f"{url}/{i}", data=body).prepare()
    ).text


def use_tornado():
    import tornado.httpclient
    import tornado.ioloop
    import tornado.iostream
    import tornado.tcpclient
    import ssl

    async def go():
        context = ssl.create_default_context(cafile=ca)
        stream = await tornado.tcpclient.TCPClient().connect("localhost", port, ssl_options=context)
        for i in (1, 2, 3):
            await tornado.gen.sleep(PAUSE)
            await stream.write(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % i)
            await stream.read_until(b"hello\n")
            print("hello", flush=True)

    import tornado.gen

    tornado.ioloop.IOLoop.current().run_sync(go)


def use_twisted():
    from twisted.internet import ssl as tls
    from twisted.internet import protocol, reactor, endpoints

    class Client(protocol.Protocol):
        def connectionMade(self):
            self.count, self.got = 0, b""
            self.ask()

        def ask(self):
            self.count += 1
            self.got = b""
            self.transport.write(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % self.count)

        def dataReceived(self, data):
            self.got += data
            if self.got.endswith(b"hello\n"):
                print("hello", flush=True)
                if self.count == 3:
                    reactor.stop()
                else:
                    reactor.callLater(PAUSE, self.ask)

        def connectionLost(self, reason):
            if self.count < 3 or not self.got:
                print("end", flush=True)
                reactor.stop()

    root = tls.Certificate.loadPEM(open(ca).read())
    options = tls.optionsForClientTLS("localhost", root)
    end = endpoints.SSL4ClientEndpoint(reactor, "localhost", port, options)
    endpoints.connectProtocol(end, Client())
    reactor.run()


def main():
    try:
        ask = globals()[f"use_{kind}"]()
    except Exception as error:  # whatever it is, it is what became of it
        print(type(error).__name__, flush=True)
        return
    for i in (1, 2, 3) if ask else ():
        time.sleep(PAUSE)
        try:
            body = "x" if i == 2 and method == "POST" else None
            print(ask("POST" if body else "GET", i, body).strip(), flush=True)
        except Exception as error:
            print(error, file=sys.stderr)
            print(type(error).__name__, flush=True)


main()
