# SPDX-License-Identifier: MIT
"""get.py URL FILE: a download by requests, which tries nothing again."""
import sys

import requests

answer = requests.get(sys.argv[1], stream=True, timeout=20)
with open(sys.argv[2], "wb") as file:
    for piece in answer.iter_content(65536):
        file.write(piece)
