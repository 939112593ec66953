# SPDX-License-Identifier: MIT
"""client.py PORT python|python-timeout|requests TIMEOUT_MS SEED: the scenario's requests, each made
once by http.client or requests; says what client.c says."""
import errno
import gc
import http.client
import os
import sys
import time

from scenario import Scenario


def note(request, got, began, data=b""):
    out = sys.stdout.buffer
    took = int((time.monotonic() - began) * 1000)
    line = f"answer {request.id} connect=0 sent=0 got={got} ms={took} len={len(data)}\n"
    out.write(line.encode() + data)


def as_bytes(status, headers, body):
    """The answer again, as the program has understood it."""
    lines = [f"HTTP/1.1 {status} -"] + [f"{n}: {v}" for n, v in headers
                                        if n.lower() != "transfer-encoding"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def code_of(error):
    """An errno; -1 for the end of the stream, or for an answer that is broken off."""
    while error:
        if isinstance(error, TimeoutError):
            return errno.ETIMEDOUT
        if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead,
                              http.client.BadStatusLine)):
            return -1
        if isinstance(error, OSError) and error.errno:
            return error.errno
        reasons = [a for a in error.args if isinstance(a, BaseException)]
        reason = getattr(error, "reason", None)
        error = reasons[0] if reasons else reason if isinstance(reason, BaseException) else \
            error.__context__
    return -1


def chunks(body):
    half = len(body) // 2 or 1
    return iter([body[:half], body[half:]]) if len(body) > half else iter([body])


def with_http_client(scenario, port, timeout):
    connection = None
    for request in scenario.requests:
        time.sleep(request.idle_ms / 1000)
        began = time.monotonic()
        connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        body = request.body
        if request.chunked:
            body = chunks(body)
        try:
            connection.request(request.method, request.path, body, dict(request.headers()),
                               encode_chunked=request.chunked)
            answer = connection.getresponse()
            data = answer.read()
            note(request, 0, began, as_bytes(answer.status, answer.getheaders(), data))
        except (OSError, http.client.HTTPException) as error:
            note(request, code_of(error), began)
            connection.close()
            connection = None
    if connection:
        connection.close()


def with_requests(scenario, port, timeout):
    import requests
    session = requests.Session()
    session.trust_env = False
    for request in scenario.requests:
        time.sleep(request.idle_ms / 1000)
        began = time.monotonic()
        headers = {n: v for n, v in request.headers() if n != "Transfer-Encoding"}
        if request.chunked:
            headers.pop("Content-Length", None)
        body = chunks(request.body) if request.chunked else request.body
        try:
            answer = session.request(request.method, f"http://127.0.0.1:{port}{request.path}",
                                     headers=headers, data=body, timeout=timeout)
            note(request, 0, began, as_bytes(answer.status_code, answer.headers.items(),
                                             answer.content))
        except requests.RequestException as error:
            note(request, code_of(error), began)
    session.close()


def main():
    port, kind, timeout = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]) / 1000
    scenario = Scenario(int(sys.argv[4]))
    if kind == "requests":
        import requests  # noqa: F401 before descriptors are counted
    before = len(os.listdir("/proc/self/fd"))
    if kind == "requests":
        with_requests(scenario, port, timeout)
    else:
        with_http_client(scenario, port, timeout if kind == "python-timeout" else None)
    gc.collect()  # errors hold on to connections
    print(f"done descriptors={len(os.listdir('/proc/self/fd')) - before}")


if __name__ == "__main__":
    main()
