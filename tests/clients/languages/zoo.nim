# SPDX-License-Identifier: MIT
# Nim's httpclient; called as every client is.
import httpclient, os, strutils, uri

proc openFds(): int =
  for _ in walkDir("/proc/self/fd"): inc result
  dec result

let base = paramStr(1)
let count = parseInt(paramStr(2))
let post = paramStr(3) == "POST"
let pause = parseInt(paramStr(4))
var client = newHttpClient(timeout = 20000)
var failed, start = 0

for i in 1 .. count:
  try:
    client.headers = newHttpHeaders({"X-Request-Id": $i})
    let url = base & "-" & $i
    let answer = client.request(url, if post: HttpPost else: HttpGet,
                                if post: "payload-" & $i else: "")
    if not answer.body.contains("\"path\":\"" & parseUri(url).path & "\""):
      raise newException(IOError, "wrong answer")
    echo "ok ", i, " ", answer.code.int
  except CatchableError as e:
    inc failed
    echo "error ", i, " ", e.msg.splitLines()[0]
    client.close()
  if i == 2: start = openFds()
  if i < count: sleep(pause)
echo "fds ", start, " ", openFds()
quit(if failed == 0: 0 else: 1)
