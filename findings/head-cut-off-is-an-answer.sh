#!/bin/sh
# SPDX-License-Identifier: MIT
# A server, or what is between, ends the connection (FIN) in the middle of the response's head: after
# `HTTP/1.1 200 OK` and its line end and a few bytes of the next field, before any Content-Length.
# curl 7.88.1 and wget 1.21.3 of Debian 12, PycURL 7.49.0 with the libcurl of its wheel, requests
# 2.34.2 (urllib3 2.7.0) on Python 3.11, LWP 6.68, PHP 8.2 (file_get_contents), Ruby 3.1 (Net::HTTP),
# JDK 17 (HttpURLConnection); aiohttp 3.14.5, httpx 0.28.1 and Node 20.
# Guess: an error for all of them, as for a body that is shorter than its length: a head without its
#   empty line is not a response (RFC 9112, section 8).
# Instead: the first eight tell of status 200 and an empty body, with no error. The last three fail.
# Matters: a connection that breaks a few bytes later than most does not look broken to who counts
#   errors; an empty 200 without a length may be half a head.
# Seen 2026-11-28, status and bytes: see the expectations.
. "$(dirname "$0")/support/find.sh"

get_deb curl=7.88.1-10+deb12u15 wget=1.21.3-1+deb12u1 libwww-perl=6.68-1
get_pip pycurl==7.49.0 requests==2.34.2 urllib3==2.7.0 aiohttp==3.14.5 httpx==0.28.1
get_maven
echo "Node $(node -v), $(php -v | head -1), $(ruby -v)"

serve <<'PY'
import time


def handle(conn):
    if conn.request():
        conn.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: te")
        time.sleep(0.1)
PY
url=http://127.0.0.1:$port/

cat >"$tmp/clients.py" <<'PY'
import asyncio
import io
import sys

url = sys.argv[2]


def by_pycurl():
    import pycurl
    body, curl = io.BytesIO(), pycurl.Curl()
    curl.setopt(curl.URL, url)
    curl.setopt(curl.WRITEDATA, body)
    curl.perform()
    return curl.getinfo(curl.RESPONSE_CODE), len(body.getvalue())


def by_requests():
    import requests
    response = requests.get(url)
    return response.status_code, len(response.content)


def by_httpx():
    import httpx
    response = httpx.get(url)
    return response.status_code, len(response.content)


def by_aiohttp():
    import aiohttp

    async def get():
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, len(await response.read())
    return asyncio.run(get())


try:
    print(*globals()["by_" + sys.argv[1]]())
except Exception as error:
    print(type(error).__name__)
PY
cat >"$tmp/Get.java" <<'JAVA'
import java.net.HttpURLConnection;
import java.net.URL;

public class Get {
    public static void main(String[] args) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) new URL(args[0]).openConnection();
        System.out.println(connection.getResponseCode() + " "
            + connection.getInputStream().readAllBytes().length);
    }
}
JAVA
cat >"$tmp/get.js" <<'JS'
require('http').get(process.argv[2], (response) => console.log(response.statusCode))
  .on('error', (error) => console.log(error.code));
JS

expect curl "200 0" "$(LD_LIBRARY_PATH=$libs run "$tmp/deb/usr/bin/curl" -sS -o body -w '%{http_code} %{size_download}' "$url")"
expect "wget, exit status and bytes" "0 0" \
	"$(run "$tmp/deb/usr/bin/wget" -q --tries=1 -O body "$url"; echo "$? $(wc -c <"$tmp/body")")"
expect PycURL "200 0" "$(run "$python" clients.py pycurl "$url")"
expect requests "200 0" "$(run "$python" clients.py requests "$url")"
expect LWP "200 0" "$(PERL5LIB=$tmp/deb/usr/share/perl5 run perl -MLWP::UserAgent \
	-e '$r = LWP::UserAgent->new->get($ARGV[0]); print $r->code, " ", length $r->content' "$url")"
# shellcheck disable=SC2016 # PHP's
expect PHP "HTTP/1.1 200 OK 0" "$(run php -r '$body = file_get_contents($argv[1]);
	echo $http_response_header[0], " ", $body === false ? "false" : strlen($body);' "$url")"
expect Ruby "200 0" "$(run ruby -rnet/http \
	-e 'r = Net::HTTP.get_response(URI(ARGV[0])); print r.code, " ", r.body.size' "$url")"
expect HttpURLConnection "200 0" "$(run_java Get.java "$url")"
expect aiohttp ServerDisconnectedError "$(run "$python" clients.py aiohttp "$url")"
expect httpx RemoteProtocolError "$(run "$python" clients.py httpx "$url")"
expect Node ECONNRESET "$(run node get.js "$url")"
find_end
