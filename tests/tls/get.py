# SPDX-License-Identifier: MIT
"""GETs an https URL: get.py FILE_OF_THE_AUTHORITY URL [SECONDS]; without SECONDS it blocks."""
import http.client
import ssl
import sys
import urllib.parse

url = urllib.parse.urlsplit(sys.argv[2])
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None
context = ssl.create_default_context(cafile=sys.argv[1])
conn = http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=seconds)
conn.request("GET", "/")
sys.stdout.write(conn.getresponse().read().decode())
