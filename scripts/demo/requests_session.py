# SPDX-License-Identifier: MIT
"""[METHOD] URL: three requests over one Session of Python requests."""
import sys

import requests

*method, url = sys.argv[1:]
method = method[0] if method else "GET"
session = requests.Session()
session.trust_env = False
failed = False
for i in 1, 2, 3:
    try:
        answer = session.request(method, f"{url}/{i}", timeout=10)
        print(f"{method} /{i}  {answer.status_code}")
    except requests.ConnectionError as error:
        failed = True
        print(f"{method} /{i}  ERR {error.args[0].args[1].args[-1]}")
sys.exit(failed)
